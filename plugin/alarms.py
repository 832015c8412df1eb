"""One alarm for all sessions: it rings for whoever's deadline has come."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime

LOOK_AT_LEAST_EVERY = 1.0
"""Seconds. The clock of the wall may jump (a suspended machine, a correction), so the alarm looks at it often."""


class Alarms:
    """The next deadline of each session. ``ring`` is awaited for every session that is due."""

    def __init__(self, now: Callable[[], datetime], ring: Callable[[Iterable[str]], Awaitable[None]]) -> None:
        self._now = now
        self._ring = ring
        self._next: dict[str, datetime] = {}
        self._queue: list[tuple[datetime, str]] = []
        self._changed = asyncio.Event()

    def set(self, session: str, at: datetime | None) -> None:
        """Ring for a session at a moment, or not at all."""
        if at is None:
            self._next.pop(session, None)
            return
        if self._next.get(session) == at:
            return
        self._next[session] = at
        heapq.heappush(self._queue, (at, session))
        if self._queue[0] == (at, session):
            self._changed.set()

    def due(self) -> list[str]:
        """Take the sessions whose moment has come."""
        now, due = self._now(), []
        while self._queue and self._queue[0][0] <= now:
            at, session = heapq.heappop(self._queue)
            if self._next.get(session) == at:
                del self._next[session]
                due.append(session)
        return due

    async def run(self) -> None:
        """Ring until cancelled."""
        while True:
            if due := self.due():
                await self._ring(due)
            self._changed.clear()
            wait = LOOK_AT_LEAST_EVERY
            if self._queue:
                wait = min(wait, max(0.0, (self._queue[0][0] - self._now()).total_seconds()))
            # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with what it waits for.
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._changed.wait()
