"""One connection to Zoom's event socket, from its welcome to its end.

Zoom wants a heartbeat of its own every 30 s, and no ping. It keeps one connection for a subscription: a new one
closes the one before. The address holds a token, so nothing of it is ever logged, by nobody.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from secrets import SystemRandom

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from plugin.hosts.zoom_frames import HEARTBEAT, event_in, welcomes

_log = structlog.get_logger("fermata.zoom")

LARGEST = 256 * 1024
"""Bytes of a frame: an event is about one thousand, and as a text within a text every quote costs one more."""

# The library would log the request line, and with it the token, for anybody who turns debugging on.
_silent = logging.Logger("fermata.zoom.silent", level=logging.CRITICAL + 1)  # noqa: LOG001 - on purpose of nobody's


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait for what, in seconds, and the only clock, chance and waiting that there is."""

    heartbeat: float = 30
    silence: float = 45
    welcome: float = 10
    parting: float = 5
    again: float = 1
    first: float = 0.25
    longest: float = 30
    steady: float = 10
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = SystemRandom().random


class Over(Exception):
    """The connection is no use any more; the reason is a short code."""


async def opened(url: str, pace: Pace) -> ClientConnection:
    """Connect and be welcomed; raises ``Over``, ``OSError`` or the library's ``WebSocketException``."""
    socket = await connect(
        url,
        ping_interval=None,
        max_size=LARGEST,
        open_timeout=pace.welcome,
        close_timeout=1,
        compression=None,
        proxy=None,
        logger=_silent,
    )
    try:
        async with asyncio.timeout(pace.welcome):
            if not welcomes(await socket.recv()):
                raise Over("refused")
    except BaseException:
        await socket.close()
        raise
    return socket


class Line:
    """Says that we are alive, notices when the other side is not, and hands on the events that come."""

    def __init__(
        self, socket: ClientConnection, pace: Pace, take: Callable[[bytes], Awaitable[None]]
    ) -> None:
        self._socket = socket
        self._pace = pace
        self._take = take
        self._heard_at = pace.clock()
        self._taking = False

    async def run(self) -> None:
        """Live until the connection is over; how it ended is logged and not raised."""
        try:
            async with asyncio.TaskGroup() as group:
                for part in (self._beat, self._watch, self._read):
                    group.create_task(part())
        except* (Over, OSError, WebSocketException) as ends:
            _log.warning("feed_lost", host="zoom", error=type(ends.exceptions[0]).__name__)
        finally:
            await self._socket.close()

    async def _beat(self) -> None:
        while True:
            await self._pace.wait(self._pace.heartbeat)
            await self._socket.send(HEARTBEAT)

    async def _watch(self) -> None:
        while (left := self._heard_at + self._pace.silence - self._pace.clock()) > 0 or self._taking:
            await self._pace.wait(left if left > 0 else self._pace.silence)
        raise Over("silent")

    async def _read(self) -> None:
        async for frame in self._socket:
            if (event := event_in(frame)) is not None:
                self._taking = True  # while it waits for room we do not listen, so silence says nothing
                await self._take(event)
                self._taking = False
            self._heard_at = self._pace.clock()
        raise Over("closed")
