"""Serves pages to the browser tests as strictly as a careful host would."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

SNIPPETS = Path(__file__).parents[2] / "ui-snippets"
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def strict(request: web.Request, handler: Answer) -> web.StreamResponse:
    """A strict content policy with Trusted Types on every answer."""
    response = await handler(request)
    response.headers["Content-Security-Policy"] = STRICT
    return response


async def serve(app: web.Application) -> tuple[web.AppRunner, str]:
    """Serve on a free port of the loopback; the caller cleans the runner up."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"
