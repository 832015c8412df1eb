"""Lanes: one for each session in memory, with the state that its journal records fold to."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Literal
from uuid import UUID, uuid5

from pydantic_core import to_json

from plugin import rituals
from plugin.core.events import Event, Heard
from plugin.core.refusal import Refused
from plugin.core.runs import Run
from plugin.core.session import Session
from plugin.memory import remembered
from plugin.ports import Entry, Head, Journal, Note, Record
from webhooks.events import HostFact, Role

_SESSIONS = UUID("b4c5a7de-3f0e-5d5b-9a0b-6f1f0c6b7f1d")


@lru_cache(10_000)
def session_id(tenant: str, host: str, occurrence: str) -> str:
    """The id of one occurrence at one host of one practice: a UUIDv5 of the three."""
    return str(uuid5(_SESSIONS, json.dumps([tenant, host, occurrence])))


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who a browser is, by its token; ``occurrence`` is null where the host's tokens name only the meeting."""

    tenant: str
    host: str
    meeting: str
    occurrence: str | None
    person: str
    role: Role | None
    scope: Literal["call", "survey"] = "call"


@dataclass(slots=True, eq=False)
class Lane:
    """A session being lived: its state after ``position`` records, and what each person was last shown.

    ``pending`` could not be kept yet; ``due`` is when the journal was told to forget it.
    """

    head: Head
    state: Session
    position: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    shown: dict[str, bytes] = field(default_factory=dict)
    pending: list[Event] = field(default_factory=list)
    due: dict[str, datetime] = field(default_factory=dict)

    @property
    def begun(self) -> bool:
        """Whether the journal has anything of this session."""
        return self.position > 0

    @property
    def id(self) -> str:
        """The session's id."""
        return self.head.session

    @property
    def call(self) -> tuple[str, str, str]:
        """Tenant, host and meeting: what tokens and some hosts know."""
        return (self.head.tenant, self.head.host, self.head.meeting)


class Lanes:
    """All lanes in memory, and the index from a host's meeting to its session."""

    def __init__(self) -> None:
        self._by_id: dict[str, Lane] = {}
        self._by_call: dict[tuple[str, str, str], set[str]] = {}

    def __iter__(self) -> Iterator[Lane]:
        return iter(list(self._by_id.values()))

    def get(self, session: str) -> Lane | None:
        """The lane of a session."""
        return self._by_id.get(session)

    def put(self, lane: Lane) -> None:
        """Keep a lane."""
        self._by_id[lane.id] = lane
        self._by_call.setdefault(lane.call, set()).add(lane.id)

    def drop(self, lane: Lane) -> None:
        """Let a lane go."""
        self._by_id.pop(lane.id, None)
        rest = self._by_call.pop(lane.call, set()) - {lane.id}
        if rest:
            self._by_call[lane.call] = rest

    def drop_unbegun(self, call: tuple[str, str, str]) -> None:
        """Let go of the lanes of a meeting of which the journal has nothing."""
        for session in list(self._by_call.get(call, ())):
            if not self._by_id[session].begun:
                self.drop(self._by_id[session])

    def runs(self, call: tuple[str, str, str]) -> list[Run]:
        """What is known of the runs of a meeting (tenant, host, meeting)."""
        lanes = (self._by_id[session] for session in self._by_call.get(call, ()))
        return [Run(lane.head.occurrence, lane.state) for lane in lanes]

    def opened(self, head: Head, now: datetime) -> Lane:
        """The lane of a call, made if this is the first that is heard of it."""
        if head.session not in self._by_id:
            self.put(Lane(head, rituals.begin(head.session, now)))
        return self._by_id[head.session]

    def find(self, visitor: Visitor) -> str | None:
        """The session a visitor belongs to: by its occurrence, else the latest of the meeting, an open one first."""
        if visitor.occurrence is not None:
            found = self.get(session_id(visitor.tenant, visitor.host, visitor.occurrence))
            return found.id if found and found.begun and found.head.meeting == visitor.meeting else None
        call = (visitor.tenant, visitor.host, visitor.meeting)
        lanes = [self._by_id[session] for session in self._by_call.get(call, ())]
        lanes = [lane for lane in lanes if lane.begun and not lane.state.closed]
        latest = max(lanes, key=_rank, default=None)
        return latest.id if latest else None


def _rank(lane: Lane) -> tuple[bool, bool, datetime]:
    """Open ones first, of these the one that began last; a run of which no beginning is known comes behind them."""
    state = lane.state
    since = state.begun or state.started_at
    return not state.over, since is not None, since or state.now


class Plan:
    """What events would do to a lane: the records to append and the state to have once they are kept."""

    def __init__(self, lane: Lane, events: Sequence[Event]) -> None:
        self.lane = lane
        self.events = events
        self.state = lane.state
        self.entries: list[Entry] = []
        self.notes: list[Note] = []

    def walk(self) -> None:
        """Step through the events; raises ``Refused``."""
        for event in self.events:
            state, orders = rituals.step(self.state, event)
            if state is self.state:
                continue
            self.state = state
            body = rituals.record(event, orders)
            position = self.lane.position + len(self.entries) + 1
            kept = rituals.kept(event, orders)
            self.entries.append(Entry(self.lane.head, position, kept, body, len(orders)))
            self.notes.extend(remembered(self.lane.head, event))


def told(lane: Lane, facts: Sequence[HostFact], at: datetime) -> Plan:
    """What a host's facts would do to the lane of their call; those of other calls are left out."""
    return Plan(lane, [Heard(at=at, fact=fact) for fact in facts if fact.occurrence == lane.head.occurrence])


def head_of(tenant: str, fact: HostFact) -> Head:
    """Which call a host's fact is about; its run must be known."""
    if fact.occurrence is None:
        raise ValueError("a fact of a run that is not known")
    session = session_id(tenant, fact.host, fact.occurrence)
    return Head(session, tenant, fact.host, fact.meeting, fact.occurrence)


def folded(head: Head, records: list[Record], now: datetime) -> Session:
    """The state that records lead to. Forgotten ones, and what made sense only with them, leave no trace."""
    events = [rituals.event_of(record.body) for record in records if record.body is not None]
    state = rituals.begin(head.session, events[0].at if events else now)
    for event in events:
        try:
            state, _ = rituals.step(state, event)
        except Refused:
            continue
    return state


async def loaded(journal: Journal, head: Head, now: datetime) -> Lane:
    """A lane as the journal has it; raises ``Broken``."""
    records = await journal.read(head.session)
    position = records[-1].position if records else 0
    return Lane(head, folded(head, records, now), position)


def cards_of(session: Session, person: str) -> bytes:
    """A person's cards as the wire carries them."""
    return to_json(rituals.screen(session, person))


async def sweep(journal: Journal, lanes: Lanes, now: datetime) -> int:
    """Forget what has been kept long enough, in the journal and in memory; answers how many classes."""
    expired = await journal.expired(now)
    for session, kind in expired:
        # Facts of the call are kept longest; with them goes the rest.
        await journal.forget(session, None if kind == "call" else kind)
        lane = lanes.get(session)
        if lane:
            async with lane.lock:
                lane.state = (await loaded(journal, lane.head, now)).state
    return len(expired)
