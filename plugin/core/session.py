"""The session: one call as a fold over its events.

Every transition lives here, in ``people`` and ``pause``, or in a ritual; nothing here knows a host, a database or
a browser, and screens are worked out, never stored. A fact that makes no sense now changes nothing, because hosts
deliver late, twice and out of order. A wish that may not be raises ``Refused`` and changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from plugin.core import pause as pauses
from plugin.core import people
from plugin.core.events import (
    Event,
    Heard,
    LinkLost,
    LinkOpened,
    LinksLost,
    LinkTurned,
    Ticked,
    Wished,
)
from plugin.core.orders import Order
from plugin.core.pause import Pause, PausePainted
from plugin.core.pause_moves import painted, wished
from plugin.core.people import Person
from plugin.core.refusal import Refused
from plugin.core.ritual import Ritual
from webhooks.events import (
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PersonFact,
    PersonJoined,
    Role,
    WaitingEntered,
    WaitingLeft,
    earliest,
)

__all__ = ["Refused", "Session", "begin", "part", "step", "wake_at"]

EMPTY = timedelta(minutes=15)
"""A call that everybody has left, and of which the host says nothing, is over after this long."""


AFTERWARDS = timedelta(hours=24)
"""How long after its end a session still takes answers about itself."""


@dataclass(frozen=True, slots=True)
class Session:
    """One occurrence of a meeting. ``now`` never goes backwards; ``over_at`` is when nothing can reopen any more.

    ``started_at`` and ``ended_at`` are the host's own times, for people to read; deadlines follow ``now``.
    """

    id: str
    now: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    over_at: datetime | None = None
    empty_since: datetime | None = None
    recording: bool = False
    keys: frozenset[str] = frozenset()
    people: Mapping[str, Person] = field(default_factory=dict)
    pauses: Mapping[str, Pause] = field(default_factory=dict)
    slices: Mapping[str, object] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether the call has ended for everybody."""
        return self.over_at is not None

    @property
    def closed(self) -> bool:
        """Whether the day after the call is over, so that nothing is asked any more."""
        return self.over_at is not None and self.now >= self.over_at + AFTERWARDS

    @property
    def met(self) -> bool:
        """Whether a client and a therapist were ever in this call together or one after the other."""
        return self.client() is not None and any(t.arrived_at for t in self.therapists())

    def over_for(self, person: Person) -> bool:
        """Whether the call has ended for this person."""
        return self.over or person.left is not None

    def role(self, event: Wished) -> Role | None:
        """The role in which somebody wishes: never more than the session knows them to have."""
        known = self.people.get(event.person)
        return people.agreed(known.role if known else None, event.role)

    def therapists(self) -> list[Person]:
        """Everybody on the therapist's side."""
        return [person for person in self.people.values() if person.is_therapist]

    def client(self) -> Person | None:
        """The client of a two-person call: the first to arrive with that role."""
        clients = [p for p in self.people.values() if p.role is Role.CLIENT and p.arrived_at]
        return min(clients, key=lambda p: (p.arrived_at, p.id), default=None)

    def guests(self) -> list[Person]:
        """People in a two-person call whom nobody expected: a further client, or somebody without a role."""
        client = self.client()
        unknown = [p for p in self.people.values() if p.role in (Role.CLIENT, None) and p.arrived_at]
        return [p for p in unknown if not client or p.id != client.id]

    def open_pause(self, person: str) -> Pause | None:
        """The pause that this person waits in."""
        return next((p for p in self.pauses.values() if p.person == person and p.open), None)


Slice = TypeVar("Slice")


def part(session: Session, name: str, kind: type[Slice]) -> Slice:
    """A ritual's slice of the session; a mix-up of rituals is a programmer's error."""
    found = session.slices[name]
    if not isinstance(found, kind):
        raise TypeError(f"the slice of {name} is a {type(found).__name__}")
    return found


def begin(session: str, now: datetime, rituals: Sequence[Ritual]) -> Session:
    """A session of which nothing is known yet."""
    return Session(id=session, now=now, slices={ritual.NAME: ritual.begin() for ritual in rituals})


def step(session: Session, event: Event, rituals: Sequence[Ritual]) -> tuple[Session, list[Order]]:
    """The session after an event, and what must be done outside because of it.

    Answers the same session where the event changes nothing. Raises ``Refused`` for a wish that may not be.
    """
    if isinstance(event, Heard) and event.fact.key in session.keys:
        return session, []
    before = session
    session = _aged(_moved(replace(session, now=max(session.now, event.at)), event))
    orders: list[Order] = []
    for ritual in rituals:
        part, owed = ritual.step(session, event)
        if part is not session.slices[ritual.NAME]:
            session = replace(session, slices={**session.slices, ritual.NAME: part})
        orders.extend(owed)
    if not orders and not isinstance(event, Ticked) and replace(session, now=before.now) == before:
        return before, []
    return session, orders


def _moved(session: Session, event: Event) -> Session:
    match event:
        case Heard():
            return _heard(session, event.fact)
        case LinkOpened():
            known = session.people.get(event.person) or Person(event.person)
            opened = people.linked(known, event.link, event.role, visible=event.visible, now=session.now)
            return _with(session, opened)
        case LinkTurned():
            return _turned(session, event.link, visible=event.visible)
        case LinkLost():
            return _each(session, lambda p: _unlinked(p, [event.link], session.now, event.heard_at))
        case LinksLost():
            return _each(session, lambda p: _unlinked(p, list(p.links), session.now, None))
        case PausePainted():
            return replace(session, pauses=painted(session, event))
        case Wished():
            session = replace(session, pauses=wished(session, event))
            return session if event.person in session.people else _with(session, _asker(session, event))
        case _:
            return session


def _heard(session: Session, fact: HostFact) -> Session:
    session = replace(session, keys=session.keys | {fact.key})
    match fact:
        case MeetingStarted():
            return replace(session, started_at=earliest(session.started_at, fact.at))
        case MeetingEnded():
            closed = _each(session, lambda p: people.ended(p, session.now))
            over_at = session.over_at or session.now
            return replace(closed, ended_at=earliest(session.ended_at, fact.at), over_at=over_at)
        case WaitingEntered() | WaitingLeft():
            return session
        case PersonFact():
            known = session.people.get(fact.person) or Person(fact.person)
            person = people.told(known, fact, session.now)
            started = earliest(session.started_at, fact.at if isinstance(fact, PersonJoined) else None)
            person = people.ended(person, session.now) if session.over else person
            return replace(_with(session, person), started_at=started)
        case _:
            return replace(session, recording=fact.type == "recording_started")


def _asker(session: Session, event: Wished) -> Person:
    # Somebody whose browser can hold no socket, and of whom the host has not told yet, is in the call all the same.
    return Person(event.person, role=event.role, arrived_at=session.now, gone_since=session.now)


def _with(session: Session, person: Person) -> Session:
    return replace(session, people={**session.people, person.id: person})


def _each(session: Session, change: Callable[[Person], Person]) -> Session:
    return replace(session, people={key: change(person) for key, person in session.people.items()})


def _unlinked(person: Person, links: list[str], now: datetime, heard_at: datetime | None) -> Person:
    if not set(links) & set(person.links):
        return person
    return people.unlinked(person, links, now, heard_at)


def _turned(session: Session, link: str, *, visible: bool) -> Session:
    def turn(person: Person) -> Person:
        return replace(person, links={**person.links, link: visible}) if link in person.links else person

    return _each(session, turn)


def _aged(session: Session) -> Session:
    session = _each(session, lambda p: people.aged(p, session.now))
    arrived = [p for p in session.people.values() if p.arrived_at]
    empty = bool(arrived) and all(p.left for p in arrived) and not session.over
    since = (session.empty_since or session.now) if empty else None
    session = replace(session, empty_since=since)
    if since and session.now >= since + EMPTY:
        session = replace(session, over_at=session.now, empty_since=None)
    return replace(session, pauses={key: _pause_aged(p, session) for key, p in session.pauses.items()})


def _pause_aged(pause: Pause, session: Session) -> Pause:
    pause = pauses.aged(pause, session.now)
    return replace(pause, expired_at=session.over_at) if pause.open and session.over else pause


def wake_at(session: Session, rituals: Sequence[Ritual]) -> datetime | None:
    """The earliest deadline of the session; a moment not after ``session.now`` is overdue."""
    moments = [moment for p in session.people.values() for moment in people.wake_at(p, session.now)]
    moments += [session.empty_since + EMPTY] if session.empty_since else []
    moments += [session.over_at + AFTERWARDS] if session.over_at and not session.closed else []
    if not session.over:
        moments += [m for p in session.pauses.values() if (m := pauses.wake_at(p, session.now))]
    return earliest(*moments, *(ritual.wake_at(session) for ritual in rituals))
