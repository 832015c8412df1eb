"""Connections: who sends nothing, or nothing that is HTTP, is hung up on without an echo."""

import asyncio
from http import HTTPStatus

import structlog
from aiohttp import web

from plugin.errors import answer
from plugin.web.dress import dress

PATIENCE = 10.0
"""Seconds for a whole head of a request, and for the next one on an open connection."""

_log = structlog.get_logger("fermata.connections")


class Connection(web.RequestHandler):
    """aiohttp repeats what it cannot parse in its answer and its log; this method is the only place to stop it."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a problem and hang up; nothing of the request or of the defect is repeated."""
        if status >= 500:
            _log.error("request_failed", status=status, exc_info=exc)
        else:
            _log.warning("unreadable_request", status=status, error=type(exc).__name__)
        response = answer(status if status in set(HTTPStatus) else 400)
        dress(response)
        response.force_close()
        return response


async def listen(runner: web.AppRunner, bind: str, port: int) -> asyncio.Server:
    """Take connections for an application that was set up; raises ``OSError`` when the port is taken."""
    loop = asyncio.get_running_loop()
    server = runner.server
    if server is None:
        raise RuntimeError("set the runner up first")

    def connected() -> Connection:
        return Connection(
            server, loop=loop, keepalive_timeout=PATIENCE, lingering_time=1.0, auto_decompress=False
        )  # fmt: skip

    return await loop.create_server(connected, bind, port, backlog=1024, reuse_address=True)
