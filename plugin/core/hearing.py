"""Hearing: what a host's facts make of a call. They come late, twice and out of order, and lead to the same end."""

from dataclasses import replace

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
    RecordingStarted,
    RecordingStopped,
    WaitingEntered,
    WaitingLeft,
    earliest,
)


def heard(session: Session, fact: HostFact) -> Session:
    """The call after a fact of its host."""
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
        case MeetingEnded(partly=True) if any(person.present for person in session.people.values()):
            return replace(session, keys=keys)
        case MeetingEnded():
            closed = {key: people.ended(person, session.now) for key, person in session.people.items()}
            ended_at = earliest(session.ended_at, fact.at)
            return replace(
                session,
                keys=keys,
                people=closed,
                begun=session.begun or fact.begun,
                ended_at=ended_at,
                over_at=session.over_at or session.now,
            )
        case PeoplePresent():
            return _listed(session, fact)
        case WaitingEntered() | WaitingLeft():
            return replace(session, keys=keys)
        case PersonFact():
            known = session.people.get(fact.person) or Person(fact.person)
            person = people.told(known, fact, session.now)
            started = earliest(session.started_at, fact.at if isinstance(fact, PersonJoined) else None)
            person = people.ended(person, session.now) if session.over else person
            return replace(
                session, keys=keys, people={**session.people, person.id: person}, started_at=started
            )
        case _:
            return _recorded(replace(session, keys=keys), fact)


def _recorded(session: Session, fact: RecordingStarted | RecordingStopped) -> Session:
    """Of two words about the recording the later holds; of two at once the one that asks for more care."""
    last, on = session.recording_since, isinstance(fact, RecordingStarted)
    if last and (fact.at < last or (fact.at == last and not on)):
        return session
    return replace(session, recording=on, recording_since=fact.at)


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
        known = {k: p if k in wholly else people.missed(p, named, now) for k, p in known.items()}
    moved = any(session.people.get(key) is not person for key, person in known.items())
    return replace(session, people=known) if moved else session
