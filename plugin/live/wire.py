"""The WebSocket: a browser says who it is, then asks; the hub's frames go out to it.

Each connection is one task that reads. One task sends for all, and what a connection cannot take stays in its queue,
so a browser that does not read holds up nobody.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from aiohttp import WSMessage, WSMsgType, web
from pydantic import ValidationError

from plugin.admission import Admission, Pass
from plugin.live import messages
from plugin.live.conversation import NO_TOKEN, Conversation
from plugin.live.hub import TOO_SLOW, Hub
from plugin.live.link import Link
from plugin.live.wheel import Wheel
from plugin.origins import check_origin
from plugin.signed import Unacceptable

TOO_MANY = 4429
RESTART = 1012

HELLO_WITHIN = 3.0
CLOSE_WITHIN = 2.0
CONGESTED = 64 * 1024
"""Bytes that a connection may hold unsent before its queue waits."""

_ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR)
_TOGETHER = 64
"""Links served before others get a turn."""


@dataclass(slots=True, eq=False)
class _Line:
    socket: web.WebSocketResponse
    transport: asyncio.Transport


class Wire:
    """All WebSockets of this process."""

    def __init__(
        self,
        hub: Hub,
        conversation: Conversation,
        admission: Admission,
        origins: frozenset[str],
        now: Callable[[], datetime],
    ) -> None:
        self._hub = hub
        self._conversation = conversation
        self._admission = admission
        self.origins = origins
        self._now = now
        self._lines: dict[Link, _Line] = {}
        self._wheel = Wheel(self._ping, self._silent)
        self._to_send, self._to_settle, self._empty = asyncio.Event(), asyncio.Event(), asyncio.Event()
        hub.wake = self._to_send.set

    def begun(self, session: str) -> None:
        """A session began: whoever waited for it is looked at again."""
        self._conversation.begun(session)
        self._to_settle.set()

    async def run(self) -> None:
        """Send, settle and keep time until cancelled."""
        self._wheel.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._settle())
                await self._send(tasks)
        finally:
            self._wheel.stop()

    async def greeted(self, socket: web.WebSocketResponse) -> tuple[Pass, bool] | None:
        """Who says hello in time with a genuine token, and whether their page is in front."""
        with suppress(TimeoutError, ValidationError, Unacceptable):
            async with asyncio.timeout(HELLO_WITHIN):
                first = await socket.receive()
            if first.type is WSMsgType.TEXT:
                hello = messages.up_from(first.data)
                if isinstance(hello, messages.Hello):
                    return self._admission.enter(hello.token).silent(), hello.visible
        return None

    async def serve(self, link: Link, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        """Listen to a browser until it is gone."""
        self._lines[link] = _Line(socket, transport)
        self._wheel.add(link)
        try:
            await self._conversation.settle(link)
            while (message := await socket.receive()).type not in _ENDS:
                await self._take(link, socket, message)
        finally:
            self._wheel.remove(link)
            silence = asyncio.get_running_loop().time() - link.heard
            await self._conversation.lost(link, self._now() - timedelta(seconds=silence))
            self._lines.pop(link, None)
            if not self._lines:
                self._empty.set()

    async def _take(self, link: Link, socket: web.WebSocketResponse, message: WSMessage) -> None:
        if link.hear(asyncio.get_running_loop().time()):
            self._hub.shut(link, TOO_MANY)
        if link.closing is not None:
            return
        match message.type:
            case WSMsgType.TEXT:
                await self._conversation.heard(link, message.data)
            case WSMsgType.PING:
                with suppress(ConnectionError):
                    await socket.pong(message.data)
            case WSMsgType.BINARY:
                self._conversation.malformed(link, None)

    def _ping(self, link: Link) -> None:
        self._hub.say(link, messages.PING)
        self._conversation.renew(link)
        if not link.opened:
            self._conversation.again(link)
            self._to_settle.set()

    def _silent(self, link: Link) -> None:
        line = self._lines.get(link)
        if line:
            # There is nobody to shake hands with; the reading task ends with the connection.
            line.transport.abort()

    async def _settle(self) -> None:
        while True:
            await self._to_settle.wait()
            self._to_settle.clear()
            await self._conversation.resettle()

    async def _send(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            for count, link in enumerate(tuple(self._hub.ready), start=1):
                self._hub.ready.pop(link, None)
                line = self._lines.get(link)
                if line:
                    await self._flush(link, line)
                    if link.closing is not None and (link.closing == TOO_SLOW or not link.out):
                        tasks.create_task(_close(line, link.closing))
                if count % _TOGETHER == 0:
                    await asyncio.sleep(0)

    async def _flush(self, link: Link, line: _Line) -> None:
        try:
            while link.out and line.transport.get_write_buffer_size() < CONGESTED:
                await line.socket.send_frame(link.out.pop(0), WSMsgType.TEXT)
        except ConnectionError:
            link.out.clear()

    async def drain(self) -> None:
        """Tell every browser to come back after the restart, and wait until they have hung up."""
        for link in tuple(self._lines):
            self._hub.shut(link, RESTART)
        self._empty.clear()
        if self._lines:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN):
                    await self._empty.wait()


WIRE = web.AppKey("wire", Wire)


async def live(request: web.Request) -> web.WebSocketResponse:
    """``GET /v1/live``. No method of ``Wire``: each frame around an open socket is kept for its life."""
    wire = request.app[WIRE]
    check_origin(request, wire.origins)
    socket = web.WebSocketResponse(
        compress=False,
        max_msg_size=messages.LARGEST + 1,
        autoping=False,
        decode_text=False,
        timeout=CLOSE_WITHIN,
    )
    await socket.prepare(request)
    # Sent already; a thousand sockets need not remember what they said once.
    socket.headers.clear()
    greeted = await wire.greeted(socket)
    if greeted is None:
        await socket.close(code=NO_TOKEN)
    else:
        link = Link(*greeted, asyncio.get_running_loop().time())
        await wire.serve(link, socket, cast("asyncio.Transport", request.transport))
    return socket


async def _close(line: _Line, code: int) -> None:
    try:
        async with asyncio.timeout(CLOSE_WITHIN):
            await line.socket.close(code=code)
    except Exception:  # a broken connection can fail to close in many ways; this ends it in all of them
        line.transport.abort()
