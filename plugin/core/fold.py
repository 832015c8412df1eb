"""The fold: how events move a session.

Every transition lives here, in ``hearing``, ``people`` and ``pause_moves``, or in a ritual. A fact that makes no
sense now changes nothing, because hosts deliver late, twice and out of order. A wish that may not be raises
``Refused`` and changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta

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
from plugin.core.hearing import heard, is_empty
from plugin.core.orders import Order
from plugin.core.pause import Pause, PausePainted
from plugin.core.pause_moves import painted, wished
from plugin.core.people import Person
from plugin.core.ritual import Ritual
from plugin.core.session import AFTERWARDS, Session

EMPTY = timedelta(minutes=15)
"""A call that everybody has left, and of which the host says nothing, is over after this long."""

SILENT = timedelta(hours=4)
"""A call without any sign of its host or of a browser is over after this long: the news of its end got lost."""

_SIGN = timedelta(minutes=10)
"""How exactly signs that change nothing else are remembered: each would be a record otherwise."""

_MOVING = tuple(field.name for field in fields(Session) if field.name not in {"id", "now"})


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
    now = max(session.now, event.at)
    session = _aged(_moved(replace(session, now=now, heard_at=_heard_at(session, event, now)), event))
    orders: list[Order] = []
    for ritual in rituals:
        part, owed = ritual.step(session, event)
        if part is not session.slices[ritual.NAME]:
            session = replace(session, slices={**session.slices, ritual.NAME: part})
        orders.extend(owed)
    if not orders and not isinstance(event, Ticked) and _unmoved(before, session):
        return before, []
    return session, orders


def _heard_at(session: Session, event: Event, now: datetime) -> datetime | None:
    last = session.heard_at
    silent = isinstance(event, Ticked) or (isinstance(event, Heard) and is_empty(event.fact))
    return last if last and (silent or now < last + _SIGN) else now


def _unmoved(before: Session, after: Session) -> bool:
    """Whether nothing but the time is different; what was not touched is the same object and costs nothing."""
    return all(getattr(before, name) == getattr(after, name) for name in _MOVING)


def _moved(session: Session, event: Event) -> Session:
    match event:
        case Heard():
            return heard(session, event.fact)
        case LinkOpened():
            known = session.people.get(event.person) or Person(event.person)
            opened = people.linked(known, event.link, event.role, visible=event.visible, now=session.now)
            # A room that is used again brings who is early for its next call here: they were not in this one.
            return _with(session, replace(opened, arrived_at=known.arrived_at) if session.over else opened)
        case LinkTurned():
            return _turned(session, event.link, visible=event.visible)
        case LinkLost():
            return _each(session, lambda p: _unlinked(p, [event.link], session.now, event.heard_at))
        case LinksLost():
            # Who came back meanwhile is told of, or found, only now.
            session = replace(session, empty_since=session.empty_since and session.now)
            return _each(session, lambda p: _unlinked(p, list(p.links), session.now, None))
        case PausePainted():
            return replace(session, pauses=painted(session, event))
        case Wished():
            session = replace(session, pauses=wished(session, event))
            return session if event.person in session.people else _with(session, _asker(session, event))
        case _:
            return session


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
    now = session.now
    known = {key: people.aged(person, now) for key, person in session.people.items()}
    if any(known[key] is not person for key, person in session.people.items()):
        session = replace(session, people=known)
    arrived = [p for p in known.values() if p.arrived_at]
    empty = bool(arrived) and all(p.left for p in arrived) and not session.over
    since = (session.empty_since or now) if empty else None
    silent = _silent_at(session)
    if (since and now >= since + EMPTY) or (silent and now >= silent):
        session = replace(session, over_at=now, empty_since=None)
    elif since != session.empty_since:
        session = replace(session, empty_since=since)
    asked = {key: _pause_aged(pause, session) for key, pause in session.pauses.items()}
    if any(asked[key] is not pause for key, pause in session.pauses.items()):
        session = replace(session, pauses=asked)
    return session


def _silent_at(session: Session) -> datetime | None:
    """When the call is over for want of any sign; never while an overlay is linked."""
    if session.over or session.heard_at is None or any(p.links for p in session.people.values()):
        return None
    return session.heard_at + SILENT


def _pause_aged(pause: Pause, session: Session) -> Pause:
    if not pause.open:
        return pause
    pause = pauses.aged(pause, session.now)
    return replace(pause, expired_at=session.over_at) if session.over else pause


def wake_at(session: Session, rituals: Sequence[Ritual]) -> datetime | None:
    """The earliest deadline of the session; a moment not after ``session.now`` is overdue."""
    moments = [moment for p in session.people.values() for moment in people.wake_at(p, session.now)]
    moments += [session.empty_since + EMPTY] if session.empty_since else []
    moments += [silent] if (silent := _silent_at(session)) else []
    moments += [session.over_at + AFTERWARDS] if session.over_at and not session.closed else []
    if not session.over:
        moments += [m for p in session.pauses.values() if (m := pauses.wake_at(p, session.now))]
    moments += [m for ritual in rituals if (m := ritual.wake_at(session))]
    return min(moments, default=None)
