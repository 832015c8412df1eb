"""The signalling socket of a call page.

Up: ``hello {session, peer}`` first, then ``signal {to, data}``, ``media {camera, microphone}``, ``beat``,
``leave``. Down: ``welcome``, ``joined``, ``left``, ``gone``, ``media``, ``signal {from, data}``, ``fermata {on}``,
``ended``. Close codes: 4401 no valid page session, 4403 a foreign page, 4408 no hello in time, 4429 no seat,
1012 restart.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Literal

from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from plugin.sandbox.links import Visitor
from plugin.sandbox.room import Frame, NoSeat, Room, Seat
from plugin.sandbox.tokens import LONGEST, visitor_of

HEARTBEAT_S = 4.0
HELLO_WITHIN_S = 5
LARGEST = 64 * 1024

Peer = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]


class _Wish(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class Hello(_Wish):
    """Who opens the socket, and as which page."""

    type: Literal["hello"]
    session: Annotated[str, Field(max_length=LONGEST)]
    peer: Peer


class Signal(_Wish):
    """A description or candidate of WebRTC for one other page; the sandbox does not look into it."""

    type: Literal["signal"]
    to: Peer
    data: JsonValue


class Media(_Wish):
    """Which devices the page sends from."""

    type: Literal["media"]
    camera: bool
    microphone: bool


class Beat(_Wish):
    """The page wants to hear that its line is alive; browsers do not show a page the protocol's own pings."""

    type: Literal["beat"]


class Leave(_Wish):
    """The person pressed Leave."""

    type: Literal["leave"]


_hello: TypeAdapter[Hello] = TypeAdapter(Hello)
_wish: TypeAdapter[Signal | Media | Beat | Leave] = TypeAdapter(
    Annotated[Signal | Media | Beat | Leave, Field(discriminator="type")]
)


class Refused(Exception):
    """The socket is closed with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Signalling:
    """Serves the sockets of all call pages."""

    def __init__(self, rooms: Mapping[str, Room], link_key: bytes, now: Callable[[], datetime]) -> None:
        self._rooms = rooms
        self._link_key = link_key
        self._now = now
        self._sockets: set[web.WebSocketResponse] = set()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Seat the page, carry its frames, and notice when it is gone."""
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=LARGEST, compress=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await self._call(request, socket)
        except Refused as refused:
            await socket.close(code=refused.code)
        finally:
            self._sockets.discard(socket)
        return socket

    async def close(self, _app: web.Application) -> None:
        """Tell every page that the sandbox restarts; the pages come back by themselves."""
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.SERVICE_RESTART)

    async def _call(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        if not _same_origin(request):
            raise Refused(4403)
        hello, visitor = await self._greeted(socket)
        room = self._rooms[visitor.meeting]

        async def send(frame: Frame) -> None:
            await socket.send_str(json.dumps(frame))

        try:
            seat = await room.enter(visitor, hello.peer, send)
        except NoSeat:
            raise Refused(4429) from None
        deliberate = False
        try:
            deliberate = await _carry(socket, room, seat)
        finally:
            await room.leave(seat, "left" if deliberate else "gone")

    async def _greeted(self, socket: web.WebSocketResponse) -> tuple[Hello, Visitor]:
        try:
            async with asyncio.timeout(HELLO_WITHIN_S):  # receive's own limit begins anew with every pong
                message = await socket.receive()
            hello = _hello.validate_json(message.data if message.type is WSMsgType.TEXT else "")
        except TimeoutError:
            raise Refused(4408) from None
        except ValidationError:
            raise Refused(4401) from None
        visitor = visitor_of(self._link_key, hello.session, self._now())
        if visitor is None or not visitor.person or visitor.meeting not in self._rooms:
            raise Refused(4401)
        return hello, visitor


async def _carry(socket: web.WebSocketResponse, room: Room, seat: Seat) -> bool:
    """Carry frames until the socket ends; answers whether the person pressed Leave."""
    async for message in socket:
        try:
            wish = _wish.validate_json(message.data if message.type is WSMsgType.TEXT else "")
        except ValidationError:
            return False
        match wish:
            case Signal():
                await room.pass_on(seat, wish.to, wish.data)
            case Media():
                await room.media(seat, camera=wish.camera, microphone=wish.microphone)
            case Beat():
                await seat.send({"type": "beat"})
            case Leave():
                return True
    return False


def _same_origin(request: web.Request) -> bool:
    """Browsers say where a page comes from; a page of another site has no business here."""
    origin = request.headers.get("Origin")
    return origin is None or origin.partition("://")[2] == request.host
