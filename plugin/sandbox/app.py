"""Puts the sandbox together: one port for pages, signalling, the two stores and the token endpoint."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from plugin.sandbox import links, outbox, pages, results
from plugin.sandbox.api import Api
from plugin.sandbox.errors import as_problem
from plugin.sandbox.living import Living, alive
from plugin.sandbox.record import mount
from plugin.sandbox.settings import SandboxSettings
from plugin.sandbox.signalling import Signalling

LINKS = web.AppKey("LINKS", dict[str, str])
"""The links to hand out, by the page they open."""
LARGEST_BODY = 2 * 1024 * 1024


def _clock() -> datetime:
    return datetime.now(UTC)


async def create_app(settings: SandboxSettings, *, now: Callable[[], datetime] = _clock) -> web.Application:
    """The whole sandbox.

    Raises:
        Misconfigured: the registered clients cannot be used.
        OSError, sqlite3.Error, apsw.Error: the data folder cannot be used.
    """
    living = await alive(settings, now)
    signalling = Signalling(living.rooms, living.key, now)
    app = web.Application(middlewares=[as_problem], client_max_size=LARGEST_BODY)
    app[LINKS] = links.urls(settings.public_url, living.key, living.demo)
    app.on_response_prepare.append(pages.guard(pages.policy(settings.public_url, settings.plugin_url)))
    app.on_shutdown.append(signalling.close)
    app.cleanup_ctx.append(living.tended)
    mount(app, living.store, living.clients, base_url=settings.public_url, now=now)
    results.mount(app)
    app.add_routes([*pages.routes(), *Api(settings, living, now).routes()])
    app.add_routes([web.get("/api/call", signalling.serve), web.get("/healthz", _health(living))])
    return app


def _health(living: Living) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def health(_request: web.Request) -> web.Response:
        waiting = await living.database.run(outbox.counts)
        installed = living.installation.manifest is not None
        return web.json_response({"status": "ok", "installed": installed, **waiting})

    return health
