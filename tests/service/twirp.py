"""A LiveKit server's API as recorded from a real one, for the questions that the service asks.

It checks tokens with LiveKit's own package and answers in the recorded shapes; what it lists is set by the test.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web
from livekit import api

KEY, SECRET = "fermatadev", "devsecret-devsecret-devsecret-0001"
ANY_TIME = timedelta(days=3650)
"""The package reads the clock of the wall, the service one that the test moves."""


@dataclass
class Twirp:
    """The server: its address, its rooms by name (sid and people), and how it misbehaves."""

    url: str = ""
    rooms: dict[str, tuple[str, list[dict[str, Any]]]] = field(default_factory=dict)
    trouble: str = ""
    asked: int = 0
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)

    def person(self, identity: str, sid: str, role: str) -> dict[str, Any]:
        """One participant as the API writes them: snake_case, with zero values."""
        return {
            "sid": sid, "identity": identity, "state": "ACTIVE", "tracks": [], "metadata": "",
            "joined_at": "1795442400", "joined_at_ms": "1795442400250", "name": "Ana Example", "version": 2,
            "permission": {"can_publish": True, "hidden": False, "can_update_metadata": False}, "region": "",
            "is_publisher": True, "kind": "STANDARD", "attributes": {"role": role}, "disconnect_reason": "UNKNOWN",
        }  # fmt: skip

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        self.asked += 1
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if self.trouble == "token":
            return web.Response(status=401, text=f"invalid token: {token}, error: token is expired")
        if self.trouble == "html":
            return web.Response(text="<html>log in</html>", content_type="text/html")
        if self.trouble == "hangs":
            self.waiting.set()
            await self.hold.wait()
        body = await request.json()
        claims = api.TokenVerifier(KEY, SECRET, leeway=ANY_TIME).verify(token)
        if request.path.endswith("ListParticipants"):
            assert claims.video
            assert claims.video.room_admin
            assert claims.video.room == body["room"]
            _, people = self.rooms.get(body["room"], ("", []))
            return web.json_response({"participants": people})
        rooms = [{"sid": self.rooms[n][0], "name": n} for n in body["names"] if n in self.rooms]
        return web.Response(text=json.dumps({"rooms": rooms}), content_type="application/json")


@asynccontextmanager
async def serving() -> AsyncIterator[Twirp]:
    """The server on a port of chance."""
    twirp = Twirp()
    app = web.Application()
    app.router.add_post("/twirp/livekit.RoomService/{method}", twirp.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    twirp.url = f"http://127.0.0.1:{port}"
    try:
        yield twirp
    finally:
        twirp.hold.set()
        await runner.cleanup()
