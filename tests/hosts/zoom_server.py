"""A Zoom to be connected to and asked: token endpoint, REST and event socket, as documented, on loopback.

One connection for a subscription, a new one closes the old. What happens while none stands is told to nobody later.
Tokens end by a clock that tests move. Every fault that the tests need can be switched on.
"""

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from aiohttp import web
from aiohttp.test_utils import TestServer
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

PAIR = base64.b64encode(b"client-id:client-secret").decode()
MARKER = "tok-marker"

# What this side writes of a request is not what is asked about when a test looks for tokens in the log.
_silent = logging.Logger("pretend", level=logging.CRITICAL)  # noqa: LOG001


@dataclass(eq=False)
class VirtualTime:
    """The only time that passes for the feed: by ``advance``."""

    now: float = 1000.0
    sleepers: list[tuple[float, asyncio.Future[None]]] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def wait(self, seconds: float) -> None:
        if seconds <= 0:
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sleepers.append((self.now + seconds, woken))
        await woken

    @property
    def waits(self) -> list[float]:
        """How long everybody who waits has to wait from now, the shortest first."""
        return sorted(round(due - self.now, 6) for due, woken in self.sleepers if not woken.done())

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for due, woken in self.sleepers:
            if due <= self.now and not woken.done():
                woken.set_result(None)
        self.sleepers = [(due, woken) for due, woken in self.sleepers if not woken.done()]


@dataclass(eq=False)
class PretendZoom:
    """What it did and what it should do; ``runs`` holds what REST tells of each run of a meeting."""

    time: VirtualTime
    life: int = 3600
    tokens: dict[str, float] = field(default_factory=dict)
    token_status: int = 200
    connections: int = 0
    lines: list[ServerConnection] = field(default_factory=list)
    heartbeats: int = 0
    answers_heartbeats: bool = True
    keeps_old: bool = False
    welcome: Callable[[], list[str]] = lambda: ['{"module":"build_connection","success":true,"content":"ok"}']
    closes_at_once: int = 0
    lost: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    meetings: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    rest: str = ""
    socket: str = ""

    # The socket

    async def serve_line(self, line: ServerConnection) -> None:
        assert line.request is not None
        query = parse_qs(urlsplit(line.request.path).query)
        self.connections += 1
        if self.tokens.get(query["access_token"][0], 0) <= self.time.now:
            await line.send('{"module":"build_connection","success":false,"content":"Invalid Token"}')
            return
        for frame in self.welcome():
            await line.send(frame)
        if self.closes_at_once:
            self.closes_at_once -= 1
            return
        old, self.lines = self.lines, [*(self.lines if self.keeps_old else []), line]
        for each in [] if self.keeps_old else old:
            await each.close()
        with suppress(ConnectionClosed):
            await self._listen(line)
        self.lines = [each for each in self.lines if each is not line]

    async def _listen(self, line: ServerConnection) -> None:
        async for frame in line:
            assert json.loads(frame) == {"module": "heartbeat"}
            self.heartbeats += 1
            if self.answers_heartbeats:
                await line.send('{"module":"heartbeat","success":true}')

    async def tell(self, envelope: dict[str, Any], *, bare: bool = False) -> None:
        """An event happens: it is told to whoever is connected, and to nobody later."""
        text = json.dumps(envelope)
        try:
            await self.lines[-1].send(text if bare else json.dumps({"module": "message", "content": text}))
        except (IndexError, ConnectionClosed):
            self.lost.append(envelope)

    async def answered(self) -> None:
        """What was sent before has reached the other side, and was looked at there."""
        await (await self.lines[-1].ping())
        for _ in range(5):
            await asyncio.sleep(0)

    def cut(self) -> None:
        """The connection breaks without a word."""
        broken, self.lines = self.lines, []
        for line in broken:
            line.transport.abort()

    # REST

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        wanted = {"grant_type": "account_credentials", "account_id": "account-1"}
        if request.headers.get("Authorization") != f"Basic {PAIR}" or dict(form) != wanted:
            return web.json_response({"reason": "Invalid client_id or client_secret"}, status=400)
        if self.token_status != 200:
            return web.json_response({"reason": MARKER}, status=self.token_status)
        token = f"{MARKER}-{len(self.tokens)}+/="
        self.tokens[token] = self.time.now + self.life
        return web.json_response(
            {"access_token": token, "token_type": "bearer", "expires_in": self.life, "scope": "meeting:read"}
        )

    async def get(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return web.json_response({"code": 124, "message": "Invalid access token."}, status=401)
        self.paths.append(request.raw_path)
        kind, name, *rest = urlsplit(request.raw_path).path.removeprefix("/v2/").split("/")
        # The framework in front takes one encoding away, Zoom the other where a slash would part the path.
        found = (self.meetings if kind == "meetings" else self.runs).get(unquote(unquote(name)))
        if found is None:
            return web.json_response(
                {"code": 3001, "message": f"Meeting does not exist: {MARKER}."}, status=404
            )
        if not rest:
            return web.json_response({key: value for key, value in found.items() if key != "rows"})
        return web.json_response(self._page(found["rows"], request.query.get("next_page_token", "")))

    def _page(self, rows: list[dict[str, Any]], token: str) -> dict[str, Any]:
        begin = int(token or 0)
        following = str(begin + 2) if begin + 2 < len(rows) else ""
        return {
            "page_size": 2,
            "total_records": len(rows),
            "next_page_token": following,
            "participants": rows[begin : begin + 2],
        }


@asynccontextmanager
async def pretend_zoom(time: VirtualTime) -> AsyncIterator[PretendZoom]:
    zoom = PretendZoom(time)
    app = web.Application()
    app.router.add_post("/oauth/token", zoom.token)
    app.router.add_get("/v2/{path:.*}", zoom.get)
    rest = TestServer(app)
    await rest.start_server()
    server: Server = await serve(
        zoom.serve_line, "127.0.0.1", 0, ping_interval=None, close_timeout=1, logger=_silent
    )
    port = next(iter(server.sockets)).getsockname()[1]
    zoom.rest, zoom.socket = f"http://127.0.0.1:{rest.port}", f"ws://127.0.0.1:{port}/ws?subscriptionId=sub-1"
    try:
        yield zoom
    finally:
        server.close()
        await server.wait_closed()
        await rest.close()


async def until(holds: Callable[..., object], *given: object) -> None:
    """Wait for what happens over real sockets; fails when it does not."""
    async with asyncio.timeout(5):
        while not holds(*given):  # noqa: ASYNC110 - it is the other side of a socket that is looked at
            await asyncio.sleep(0.002)
