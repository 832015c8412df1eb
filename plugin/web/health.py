"""``/healthz``: the process answers. ``/readyz``: it can keep what it is told."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from plugin.errors import answer


async def healthz(_request: web.Request) -> web.Response:
    """Alive."""
    return web.json_response({"status": "ok"})


class Readiness:
    """Asks whether everything that the service stands on is there."""

    def __init__(self, probe: Callable[[], Awaitable[bool]]) -> None:
        self._probe = probe

    async def readyz(self, _request: web.Request) -> web.Response:
        """Ready, or 503."""
        if await self._probe():
            return web.json_response({"status": "ok"})
        return answer(503, "Not ready.", {"Retry-After": "2"})
