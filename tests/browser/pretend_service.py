"""A service as small as the wire: it keeps what browsers send and says what a test has it say.

It folds nothing and stores nothing, so a test can put the overlay before any answer and any silence.
"""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from aiohttp import WSMsgType, web

from tests.browser.serving import SNIPPETS, serve, strict

Frame = dict[str, Any]
Posting = Literal["answer", "html", "redirect", "empty", "hang", "refuse"]

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A call</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="icon" href="data:,"><link rel="stylesheet" href="/host.css">
<script type="module" src="/embed/v1/fermata.js"></script></head>
<body><main><h1>Call</h1><div id="stage"><video id="video" aria-label="Other person"></video>
<fermata-overlay session-token="host-token">The pause button is not here right now.
You can say it out loud, wave, or leave.</fermata-overlay></div>
<div id="controls"><button id="leave">Leave</button><input id="chat" aria-label="Chat"></div></main></body></html>"""
CSS = """body { margin: 0; } h1 { position: absolute; }
#stage { position: relative; block-size: 90vh; background: #888; } #video { inline-size: 100%; block-size: 100%; }"""
READY: Frame = {"card": "pause-button", "state": "ready", "why": None, "chord": "Alt+Shift+P"}


@dataclass
class Service:
    """The other end of the wire, as a test wants it to be."""

    base: str = ""
    cards: list[Frame] = field(default_factory=lambda: [dict(READY)])
    role: str = "client"
    revision: int = 0
    down: bool = False
    deaf: bool = False
    """Sockets stay open, and nothing is read, said or answered: a line cut silently."""
    posting: Posting = "answer"
    reply: Frame = field(default_factory=lambda: {"ok": True})
    good: set[str] = field(default_factory=lambda: {"host-token", "token-1"})
    expired: set[str] = field(default_factory=set)
    """Tokens good for a new one and for nothing else."""
    tokens: list[str] = field(default_factory=list)
    heard: list[Frame] = field(default_factory=list)
    posted: list[Frame] = field(default_factory=list)
    sockets: set[web.WebSocketResponse] = field(default_factory=set)
    css: str = CSS
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def show(self, *cards: Frame) -> None:
        """Send a new screen to everybody."""
        self.cards = list(cards)
        self.revision += 1
        for socket in tuple(self.sockets):
            await self._screen(socket)

    async def cut(self) -> None:
        """Close every socket, as a restart does."""
        for socket in tuple(self.sockets):
            await socket.close(code=1012)

    def asks(self, kind: str) -> list[Frame]:
        """What came over the socket of this kind."""
        return [frame for frame in self.heard if frame.get("kind") == kind]

    async def until(self, wanted: Any) -> None:
        """Wait until something that came makes *wanted* true."""
        async with asyncio.timeout(15):
            while not wanted():
                self.moved.clear()
                await self.moved.wait()

    def _note(self, kept: list[Frame], frame: Frame) -> None:
        kept.append(frame)
        self.moved.set()

    async def _screen(self, socket: web.WebSocketResponse) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        await socket.send_json(
            {"v": 1, "type": "screen", "revision": self.revision, "now": now, "cards": self.cards}
        )

    async def live(self, request: web.Request) -> web.StreamResponse:
        if self.down:
            return web.Response(status=503)
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        hello = await socket.receive_json()
        self._note(self.heard, hello)
        if hello["token"] in self.expired or hello["token"] not in self.good:
            await socket.close(code=4401)
            return socket
        self.sockets.add(socket)
        self.revision += 1
        await self._screen(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT and not self.deaf:
                await self._take(socket, json.loads(message.data))
        self.sockets.discard(socket)
        return socket

    async def _take(self, socket: web.WebSocketResponse, frame: Frame) -> None:
        self._note(self.heard, frame)
        if frame["type"] == "ask" and self.reply:
            await socket.send_json({"v": 1, "type": "answer", "id": frame["id"], **self.reply})

    async def ask(self, request: web.Request) -> web.StreamResponse:
        frame: Frame = json.loads(await request.text())
        self._note(self.posted, {**frame, "content_type": request.content_type})
        if self.posting == "hang":
            await asyncio.sleep(30)
        if self.posting == "redirect":
            raise web.HTTPFound("/elsewhere")
        if self.posting == "html":
            return web.Response(text="<h1>Log in to the network</h1>", content_type="text/html")
        if self.posting == "empty":
            return web.Response()
        if frame["token"] not in self.good:
            return web.Response(status=401)
        status = 403 if self.posting == "refuse" else 200
        verdict = {"refused": "alone"} if self.posting == "refuse" else {"ok": True}
        return web.json_response({"v": 1, "type": "answer", "id": frame["id"], **verdict}, status=status)

    async def token(self, request: web.Request) -> web.StreamResponse:
        given = json.loads(await request.text())["token"]
        self._note(self.heard, {"type": "exchange", "token": given})
        if self.down:
            return web.Response(status=503)
        if given not in self.good:
            return web.json_response({"title": "no"}, status=401, content_type="application/problem+json")
        number = sum(frame["type"] == "exchange" for frame in self.heard)
        self.tokens.append(f"token-{number}")
        self.good.add(self.tokens[-1])
        return web.json_response(
            {"token": self.tokens[-1], "expires_in": 300, "scope": "call", "person": "p", "role": self.role}
        )

    async def embed(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(SNIPPETS / request.path.rsplit("/", 1)[1])

    async def page(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=PAGE, content_type="text/html")

    async def style(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=self.css, content_type="text/css")

    async def start(self) -> web.AppRunner:
        """Serve; the caller cleans up."""
        app = web.Application(middlewares=[strict])
        app.router.add_get("/", self.page)
        app.router.add_get("/host.css", self.style)
        app.router.add_get("/embed/v1/fermata.js", self.embed)
        app.router.add_get("/embed/v1/pages.json", self.embed)
        app.router.add_get("/v1/live", self.live)
        app.router.add_post("/v1/asks", self.ask)
        app.router.add_post("/v1/overlay-tokens", self.token)
        runner, self.base = await serve(app)
        return runner
