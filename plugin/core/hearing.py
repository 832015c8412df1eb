"""Hearing: what a host's facts make of a call. They come late, twice and out of order, and lead to the same end."""

from dataclasses import replace
from datetime import datetime

from plugin.core import people
from plugin.core.people import Person
from plugin.core.session import Session
from webhooks.events import (
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PeoplePresent,
    PersonFact,
    PersonJoined,
    PersonLeft,
    PersonRole,
    RecordingStarted,
    RecordingStopped,
    WaitingEntered,
    WaitingLeft,
    earliest,
)


def heard(session: Session, fact: HostFact) -> Session:
    """The call after a fact of its host."""
    return _concluded(_told(session, fact))


def _told(session: Session, fact: HostFact) -> Session:
    keys = session.keys | {fact.key}
    match fact:
        case MeetingStarted():
            return replace(
                session,
                keys=keys,
                started_at=earliest(session.started_at, fact.at),
                begun=session.begun or fact.begun,
                breakout=session.breakout or fact.breakout,
            )
        case MeetingEnded(partly=True):
            return replace(session, keys=keys, guessed_end=max(session.guessed_end or fact.at, fact.at))
        case MeetingEnded():
            begun = session.begun or fact.begun
            return _ended(replace(session, keys=keys, begun=begun), earliest(session.ended_at, fact.at))
        case PeoplePresent():
            return _listed(session, fact)
        case WaitingEntered() | WaitingLeft():
            return replace(session, keys=keys)
        case PersonRole() if _holder(session, fact) is None:
            return replace(session, keys=keys)
        case PersonFact():
            return _moved(replace(session, keys=keys), fact)
        case _:
            return _recorded(replace(session, keys=keys), fact)


def _moved(session: Session, fact: PersonFact) -> Session:
    others = dict(session.people)
    known = _holder(session, fact)
    if known and known.id != fact.person and isinstance(fact, PersonJoined) and not known.arrived_at:
        # Of this connection only its end was told so far, and under another name: it is this person's.
        del others[known.id]
        known = people.merged(others.get(fact.person) or Person(fact.person), known)
    person = people.told(known or Person(fact.person), fact, session.now)
    person = people.ended(person, session.now) if session.over else person
    joined = fact.at if isinstance(fact, PersonJoined) else None
    moved = fact.at if isinstance(fact, PersonJoined | PersonLeft) else None
    return replace(
        session,
        people={**others, person.id: person},
        started_at=earliest(session.started_at, joined),
        moved_at=max(filter(None, (session.moved_at, moved)), default=None),
    )


def _holder(session: Session, fact: PersonFact) -> Person | None:
    """Whom a fact is about: who holds its connection, whatever else it calls them; hosts tell less of a leave."""
    own = session.people.get(fact.person)
    if fact.connection is None or (own and fact.connection in own.connections):
        return own
    held = (person for person in session.people.values() if fact.connection in person.connections)
    return next(held, own)


def _ended(session: Session, at: datetime | None) -> Session:
    closed = {key: people.ended(person, session.now) for key, person in session.people.items()}
    return replace(session, people=closed, ended_at=at, over_at=session.over_at or session.now)


def _concluded(session: Session) -> Session:
    """A guessed end holds if nobody is inside and nobody came or went after it, whichever was told first."""
    guess = session.guessed_end
    if guess is None or session.over or (session.moved_at and session.moved_at > guess):
        return session
    return session if any(p.present for p in session.people.values()) else _ended(session, guess)


def _recorded(session: Session, fact: RecordingStarted | RecordingStopped) -> Session:
    """Of two words about the recording the later holds; of two at once the one that asks for more care."""
    last, on = session.recording_since, isinstance(fact, RecordingStarted)
    if last and (fact.at < last or (fact.at == last and not on)):
        return session
    return replace(session, recording=on, recording_since=fact.at)


def is_empty(fact: HostFact) -> bool:
    """Whether it says that nobody is inside: no sign of a call, as some hosts say so of one that is long over."""
    return isinstance(fact, PeoplePresent) and fact.whole and not fact.people


def _listed(session: Session, fact: PeoplePresent) -> Session:
    """What a host's list of who is inside makes of the call; its key is not kept, as it says the same every time."""
    if session.over:
        return session
    known, now = dict(session.people), session.now
    for present in fact.people:
        person = known.get(present.person) or Person(present.person)
        known[person.id] = people.found(person, present, fact, now)
    if fact.whole:
        named = frozenset(present.connection for present in fact.people if present.connection)
        wholly = {present.person for present in fact.people if not present.connection}
        known = {k: p if k in wholly else people.missed(p, named, fact, now) for k, p in known.items()}
    moved = any(session.people.get(key) is not person for key, person in known.items())
    return replace(session, people=known) if moved else session
