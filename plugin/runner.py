"""The runner: one lane per session. Append, then step on, push changed screens, set one alarm.

An event exists once the journal has it. So the state moves, a person is shown something, or a wish is called
accepted only after the append returned; when it fails, nothing happened.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Literal

import structlog

from plugin import rituals
from plugin.alarms import Alarms
from plugin.commits import Commits
from plugin.core.events import By, Event, LinkLost, LinkOpened, LinksLost, LinkTurned, Ticked
from plugin.core.pause import PausePainted
from plugin.core.session import Session
from plugin.lanes import Lane, Lanes, Visitor, head_of, loaded, sweep, told
from plugin.memory import recalled
from plugin.placing import Placing
from plugin.ports import Broken, Erased, Head, Journal, Received, Unwritable, Voice
from plugin.rituals import AnyAsk
from webhooks.events import HostFact

__all__ = ["Runner", "Visitor"]

_log = structlog.get_logger("fermata.runner")

RETRY = timedelta(seconds=1)
"""How soon what the journal could not keep when the alarm rang is tried again."""


class Runner:
    """Everything that happens to sessions goes through here, one event at a time for each."""

    def __init__(
        self, journal: Journal, voice: Voice, *, now: Callable[[], datetime], owed: Callable[[], None]
    ) -> None:
        self._journal = journal
        self._now = now
        self._lanes = Lanes()
        self._placing = Placing(self._lanes, now)
        self._alarms = Alarms(now, self._ring)
        self._commits = Commits(journal, voice, self._lanes, self._alarms, owed)
        self._clock: asyncio.Task[None] | None = None

    def on_begin(self, call: Callable[[str], None]) -> None:
        """Have *call* called with each session that begins."""
        self._commits.on_begin = call

    async def start(self) -> None:
        """Fold what the journal holds open, note that every link is gone, and start the alarm."""
        for shelf in await self._journal.shelves(include_shelved=False):
            try:
                lane = await loaded(self._journal, shelf.head, self._now())
            except Broken:
                # One damaged session is not served; the others must be.
                _log.error("session_broken", session=shelf.head.session)
                continue
            await self._wake(lane)
        self._clock = asyncio.create_task(self._alarms.run(), name="alarms")

    async def _wake(self, lane: Lane) -> None:
        self._lanes.put(lane)
        if lane.state.empty_since or any(person.linked for person in lane.state.people.values()):
            await self._commits.commit(lane, [LinksLost(at=self._now())])
        await self._commits.schedule(lane)
        self._commits.ring(lane)

    async def close(self) -> None:
        """Stop the alarm; what was appended is safe already."""
        if self._clock:
            self._clock.cancel()
            await asyncio.gather(self._clock, return_exceptions=True)

    def state(self, session: str) -> Session | None:
        """The present state of a session in memory."""
        lane = self._lanes.get(session)
        return lane.state if lane else None

    def head(self, session: str) -> Head | None:
        """Which call a session in memory is."""
        lane = self._lanes.get(session)
        return lane.head if lane else None

    def sessions(self) -> list[tuple[Head, Session]]:
        """All sessions in memory."""
        return [(lane.head, lane.state) for lane in self._lanes]

    def find(self, visitor: Visitor) -> str | None:
        """The session a visitor belongs to: by its occurrence, else the latest of the meeting, an open one first."""
        return self._lanes.find(visitor)

    async def tell(self, tenant: str, facts: Sequence[HostFact], received: Received) -> None:
        """Take a host's delivery. Raises ``SeenBefore``, ``Contradiction``, ``Unwritable``."""
        async with self._placing.placed(tenant, facts) as placed:
            await self._tell(tenant, placed, received)

    async def _tell(self, tenant: str, facts: Sequence[HostFact], received: Received) -> None:
        heads = {fact.occurrence: head_of(tenant, fact) for fact in facts}
        open_heads = [head for head in heads.values() if await self._is_open(head.session)]
        async with AsyncExitStack() as stack:
            lanes = [
                self._lanes.opened(head, self._now()) for head in sorted(open_heads, key=lambda h: h.session)
            ]
            for lane in lanes:
                await stack.enter_async_context(lane.lock)
            plans = [told(lane, facts, self._now()) for lane in lanes]
            try:
                await self._commits.append(plans, received)
            except Erased:
                # A straggler of a call whose every trace was destroyed on request: kept as seen, and nothing else.
                await self._journal.append([], received=received)

    async def recount(self, session: str, facts: Sequence[HostFact], *, known: int) -> None:
        """Take a host's answer, unless the session knows more facts by now; raises ``Unwritable``."""
        lane = self._lanes.get(session)
        if lane is None:
            return
        async with lane.lock:
            if lane.begun and len(lane.state.keys) == known:
                await self._commits.commit(lane, told(lane, facts, self._now()).events)

    async def _is_open(self, session: str) -> bool:
        # What the journal holds and memory does not is shelved: its stragglers are kept as seen, and change nothing.
        # Memory is asked again afterwards: another delivery may have begun the session while the journal was read.
        known = self._lanes.get(session) or await self._journal.head(session) is None
        return bool(known or self._lanes.get(session))

    async def link_opened(self, visitor: Visitor, link: str, *, visible: bool) -> str | None:
        """A browser is there. Answers its session, or null while the meeting has not begun.

        Raises ``Unwritable``.
        """
        session = self.find(visitor)
        lane = self._lanes.get(session) if session else None
        if lane is None:
            return None
        known = await recalled(
            self._journal, lane.head, lane.state, person=visitor.person, role=visitor.role, now=self._now()
        )
        opened = LinkOpened(
            at=self._now(), link=link, person=visitor.person, role=visitor.role, visible=visible
        )
        async with lane.lock:
            await self._commits.commit(lane, [*known, opened])
        self._commits.show(lane, visitor.person, anew=True)
        return lane.id

    async def link_turned(self, session: str, link: str, *, visible: bool) -> None:
        """A linked page came to the front or went to the back."""
        await self._note(session, LinkTurned(at=self._now(), link=link, visible=visible))

    async def link_lost(self, session: str, link: str, *, heard_at: datetime | None = None) -> None:
        """A browser is gone."""
        await self._note(session, LinkLost(at=self._now(), link=link, heard_at=heard_at))

    async def painted(self, session: str, person: str, link: str, pauses: frozenset[str]) -> None:
        """A visible page has these pauses on its screen."""
        if pauses:
            event = PausePainted(at=self._now(), link=link, person=person, pauses=tuple(sorted(pauses)))
            await self._note(session, event)

    async def _note(self, session: str, event: Event) -> None:
        lane = self._lanes.get(session)
        if lane is None:
            return
        async with lane.lock:
            try:
                await self._commits.commit(lane, [event])
            except Unwritable:
                # Nobody waits for an answer to this, so it is kept with the next thing that can be kept.
                lane.pending.append(event)
                self._alarms.set(lane.id, self._now() + RETRY)

    async def ask(self, visitor: Visitor, ask: AnyAsk, *, path: Literal["ws", "post"]) -> None:
        """Take a wish; returning means accepted. Raises ``Refused`` or ``Unwritable``."""
        session = self.find(visitor)
        lane = self._lanes.get(session) if session else None
        if lane is None:
            raise rituals.Refused("alone")
        async with lane.lock:
            at = self._now()
            made_at = at - timedelta(milliseconds=ask.age_ms)
            by = By(person=visitor.person, role=visitor.role, at=at, made_at=made_at, path=path)
            await self._commits.commit(lane, [ask.event(by)])

    async def _ring(self, sessions: Iterable[str]) -> None:
        sessions = list(sessions)
        done = await asyncio.gather(*(self._tick(session) for session in sessions), return_exceptions=True)
        for session, failure in zip(sessions, done, strict=True):
            if isinstance(failure, Exception):
                _log.error("tick_failed", session=session, error=type(failure).__name__)

    async def _tick(self, session: str) -> None:
        lane = self._lanes.get(session)
        if lane is None:
            return
        async with lane.lock:
            wake, at = rituals.wake_at(lane.state), self._now()
            try:
                if lane.pending or (wake and wake <= at):
                    await self._commits.commit(lane, [Ticked(at=at)])
                if lane.state.closed and rituals.wake_at(lane.state) is None:
                    await self._shelve(lane)
                else:
                    self._commits.ring(lane)
            except Unwritable:
                self._alarms.set(lane.id, at + RETRY)

    async def _shelve(self, lane: Lane) -> None:
        await self._journal.shelve(lane.id)
        self._lanes.drop(lane)
        self._alarms.set(lane.id, None)

    async def sweep(self) -> int:
        """Forget whatever has been kept long enough; answers how many classes of sessions."""
        return await sweep(self._journal, self._lanes, self._now())
