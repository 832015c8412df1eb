"""The performer: brings what is owed to the host's record, until it is there or an operator has to look.

* The journal owes; this keeps no list of its own and can be thrown away at any moment.
* Orders of one session go in the journal's order, so nothing overtakes a consent; sessions go side by side.
* ``Postponed`` comes again after a growing, jittered delay, or when the host said so. ``Hopeless`` is parked.
* A save that was cut off is repeated; the host knows it by its identifier.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from secrets import SystemRandom

from plugin.attempt import Attempts, Observe, ResultsFor, session_of
from plugin.ports import Journal

LANES = 4
"""Sessions that are performed side by side."""

_BREATH = timedelta(seconds=5)
"""How long a session, or the journal itself, is left alone after trouble that is not the host's."""

_GLANCE = 1.0
_LONG_LOOK = 60.0


_dice = SystemRandom()


def _unobserved(_event: str, _code: str, _id: str) -> None:
    """Tell nobody."""


class Performer:
    """Performs owed orders: ``run`` does the work, everything else wakes or ends it."""

    def __init__(
        self,
        journal: Journal,
        results_for: ResultsFor,
        *,
        now: Callable[[], datetime],
        observe: Observe = _unobserved,
        jitter: Callable[[], float] = _dice.random,
    ) -> None:
        self._journal = journal
        self._now = now
        self._observe = observe
        self._attempts = Attempts(journal, results_for, now=now, observe=observe, jitter=jitter)
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._held: dict[str, datetime] = {}
        self._woken = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()
        self._draining = self._cut = False

    def nudge(self) -> None:
        """Look at once: an order was just journaled."""
        self._woken.set()

    async def retry(self, order: str | None = None) -> int:
        """Make parked orders (or one) due again; answers how many."""
        count = await self._journal.retry(self._now(), order)
        self.nudge()
        return count

    async def run(self) -> None:
        """Perform whatever falls due, until drained or cancelled."""
        self._ended.clear()
        try:
            async with asyncio.TaskGroup() as lanes:
                while not self._cut:
                    self._woken.clear()
                    wait = await self._begin(lanes)
                    if self._draining and not self._lanes:
                        break
                    await self._rest(wait)
        finally:
            self._ended.set()

    async def drain(self, seconds: float) -> bool:
        """Perform what is due now and end ``run``; false when the time was too short for all of it.

        What could not be finished stays owed, and a save that was cut off is repeated after the next start.
        """
        self._draining = True
        self.nudge()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
                return True
        self._cut = True
        self.nudge()
        for lane in self._lanes.values():
            lane.cancel()
        await self._ended.wait()
        return False

    async def _begin(self, lanes: asyncio.TaskGroup) -> float:
        """Open lanes for what is due; answers how many seconds there is nothing else to do."""
        try:
            now = self._now()
            due = dict.fromkeys(session_of(owed.order) for owed in await self._journal.owed(now))
            next_due = None if due else await self._journal.next_due()
        except Exception as trouble:  # a sick journal is for its own alarm; results wait until it is well
            self._observe("trouble", type(trouble).__name__, "")
            return _BREATH.total_seconds()
        ready = [session for session in due if self._may_begin(session, now)]
        for session in ready[: LANES - len(self._lanes)]:
            self._lanes[session] = lanes.create_task(self._lane(session))
        if due:
            return _GLANCE
        return _LONG_LOOK if next_due is None else min((next_due - now).total_seconds(), _LONG_LOOK)

    def _may_begin(self, session: str, now: datetime) -> bool:
        return not self._cut and session not in self._lanes and self._held.get(session, now) <= now

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0)):
                await self._woken.wait()

    async def _lane(self, session: str) -> None:
        try:
            await self._perform(session)
            self._held.pop(session, None)
        except Exception as trouble:  # must not end the other lanes; the orders stay owed
            self._held[session] = self._now() + _BREATH
            self._observe("trouble", type(trouble).__name__, session)
        finally:
            del self._lanes[session]
            self.nudge()

    async def _perform(self, session: str) -> None:
        """Go through the session's orders until one has to wait; those behind it wait as long."""
        until: datetime | None = None
        for owed in await self._journal.outstanding(session):
            if owed.parked:
                continue
            if until is None and owed.due_at > self._now():
                until = owed.due_at
            if until is None:
                until = await self._attempts.make(owed)
            elif owed.due_at < until:
                await self._journal.postpone(owed.order, due_at=until, reason="behind")
                self._observe("postponed", "behind", owed.order)
