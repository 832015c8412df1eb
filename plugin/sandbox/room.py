"""Who is in a meeting right now, and what their pages are told.

Rules:
- A *peer* is one page in the call; it keeps its id when its signalling socket is lost and comes back, so
  media between two browsers does not depend on the socket. The *connection* told to the plugin is the
  socket.
- A lost socket is told at once as "gone"; whether the person has left is for others to decide.
- A room that has been empty for a while ends the meeting; so does the therapist, for everybody.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from plugin.sandbox import occurrences
from plugin.sandbox.database import Database
from plugin.sandbox.links import Visitor
from plugin.sandbox.occurrences import Reason

SEATS = 12

Frame = Mapping[str, object]
Send = Callable[[Frame], Awaitable[None]]
Done = TypeVar("Done")


class NoSeat(Exception):
    """The room is full, or the peer id belongs to somebody else."""


@dataclass(slots=True, eq=False)
class Seat:
    """One page in the call and the socket it is reached by."""

    peer: str
    visitor: Visitor
    connection: str
    send: Send
    media: dict[str, bool] = field(default_factory=lambda: {"camera": False, "microphone": False})

    def card(self) -> dict[str, object]:
        """What the other pages may know about this one."""
        return {"peer": self.peer, "person": self.visitor.person, "role": self.visitor.role, **self.media}


class Room:
    """The life of one meeting; all changes happen one after the other."""

    def __init__(
        self,
        meeting: str,
        database: Database,
        *,
        now: Callable[[], datetime],
        empty_after: timedelta,
        owed: Callable[[], None],
    ) -> None:
        self._meeting = meeting
        self._database = database
        self._now = now
        self._empty_after = empty_after
        self._owed = owed
        self._seats: dict[str, Seat] = {}
        self._one_by_one = asyncio.Lock()
        self._changed = asyncio.Event()

    async def open(self) -> None:
        """Take up where the last run stopped: its sockets are gone; the meeting ends if nobody returns."""
        await self._database.run(partial(occurrences.all_gone, meeting=self._meeting, now=self._now()))
        self._changed.set()
        self._owed()

    async def watch(self) -> None:
        """End the meeting whenever the room has been empty long enough; runs for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._seats:
                continue
            try:
                async with asyncio.timeout(self._empty_after.total_seconds()):
                    await self._changed.wait()
            except TimeoutError:
                await self._close_if_empty()

    async def enter(self, visitor: Visitor, peer: str, send: Send) -> Seat:
        """Give a page its seat and tell everybody; raises ``NoSeat``."""
        async with self._one_by_one:
            before = self._seats.get(peer)
            if before.visitor != visitor if before else len(self._seats) >= SEATS:
                raise NoSeat
            connection = await self._work(partial(occurrences.arrive, visitor=visitor, now=self._now()))
            seat = Seat(peer, visitor, connection, send)
            if before:  # the page is back before its old socket was missed
                seat.media = before.media
                await self._work(_departure(before, "gone", self._now()))
            others = [other.card() for other in self._seats.values() if other.peer != peer]
            self._seats[peer] = seat
            await _tell(seat, {"type": "welcome", "fermata": await self.fermata(), "peers": others})
            await self._tell_others(seat, {"type": "joined", **seat.card()})
        return seat

    async def leave(self, seat: Seat, reason: Reason) -> None:
        """Take a page out, unless its seat is taken by a newer socket or the meeting is over."""
        async with self._one_by_one:
            if self._seats.get(seat.peer) is not seat:
                return
            del self._seats[seat.peer]
            await self._work(_departure(seat, reason, self._now()))
            await self._tell_others(seat, {"type": reason, "peer": seat.peer})

    async def end(self) -> None:
        """End the meeting for everybody."""
        async with self._one_by_one:
            await self._work(partial(occurrences.close, meeting=self._meeting, now=self._now()))
            seats, self._seats = self._seats, {}
            for seat in seats.values():
                await _tell(seat, {"type": "ended"})

    async def switch(self, *, on: bool) -> None:
        """Turn Fermata on or off for the session that runs, or for the next one."""
        async with self._one_by_one:
            switched = partial(occurrences.switch, meeting=self._meeting, now=self._now(), on=on)
            renamed = await self._work(switched)
            for seat in self._seats.values():
                seat.connection = renamed.get(seat.connection, seat.connection)
                await _tell(seat, {"type": "fermata", "on": on})

    async def fermata(self) -> bool:
        """What the therapist's switch says."""
        return await self._database.run(partial(occurrences.fermata_on, meeting=self._meeting))

    async def pass_on(self, seat: Seat, peer: str, data: object) -> None:
        """Carry one signal of WebRTC from a page to another of the same room."""
        if other := self._seats.get(peer):
            await _tell(other, {"type": "signal", "from": seat.peer, "data": data})

    async def media(self, seat: Seat, *, camera: bool, microphone: bool) -> None:
        """Tell the others which devices a page sends from."""
        seat.media = {"camera": camera, "microphone": microphone}
        await self._tell_others(seat, {"type": "media", "peer": seat.peer, **seat.media})

    async def _close_if_empty(self) -> None:
        async with self._one_by_one:
            if not self._seats:
                await self._work(partial(occurrences.close, meeting=self._meeting, now=self._now()))

    async def _work(self, work: Callable[[sqlite3.Connection], Done]) -> Done:
        done = await self._database.run(work)
        self._changed.set()
        self._owed()
        return done

    async def _tell_others(self, seat: Seat, frame: Frame) -> None:
        for other in [other for other in self._seats.values() if other is not seat]:
            await _tell(other, frame)


def _departure(seat: Seat, reason: Reason, now: datetime) -> Callable[[sqlite3.Connection], None]:
    return partial(occurrences.depart, connection=seat.connection, reason=reason, now=now)


async def _tell(seat: Seat, frame: Frame) -> None:
    with suppress(ConnectionError):  # its own socket's end is noticed where it is read
        await seat.send(frame)
