"""Who is in the call: presence by the host, links by browsers, and roles that never rise.

Rules:
- A person is not a connection is not a link. The host's connections open and close once each, in any order.
- What a host told stands; what it only left out of a list, when it was asked who is inside, may be found again.
- A role comes from a join or from a signed token. Where two disagree, the one with less power holds.
- A person whose last link and last connection are gone is off the call at once, but has *left* only after 20 s
  without a return; pressing the host's own leave button counts at once and needs a new join to be undone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from webhooks.events import (
    PeoplePresent,
    PersonFact,
    PersonJoined,
    PersonLeft,
    PersonRole,
    Present,
    Role,
    earliest,
)

GRACE = timedelta(seconds=20)
SILENCE = timedelta(seconds=10)

LATELY = timedelta(seconds=30)
"""Whose browser was heard from within this time is there, whatever a host's list says."""

THERAPISTS = frozenset({Role.THERAPIST, Role.FACILITATOR})
_POWER = (
    Role.PRACTICE, Role.SUPERVISOR, Role.GUARDIAN, Role.FAMILY, Role.MEMBER,
    Role.PARTNER, Role.CLIENT, Role.FACILITATOR, Role.THERAPIST,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a session.

    ``connections`` says which of the host's are open, ``missing`` which of them its last list left out, ``joined``
    when they came by the host's clock, and ``links`` which of our own have a visible page.
    """

    id: str
    role: Role | None = None
    connections: Mapping[str, bool] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    joined: Mapping[str, datetime] = field(default_factory=dict)
    links: Mapping[str, bool] = field(default_factory=dict)
    arrived_at: datetime | None = None
    unlinked_since: datetime | None = None
    gone_since: datetime | None = None
    left: Literal["deliberate", "gone"] | None = None
    left_at: datetime | None = None

    @property
    def present(self) -> bool:
        """Whether the host counts this person as in the meeting."""
        return any(map(self.inside, self.connections))

    def inside(self, connection: str) -> bool:
        """Whether the host counts this connection as in the meeting."""
        return self.connections[connection] and connection not in self.missing

    @property
    def linked(self) -> bool:
        """Whether a browser of this person is connected to the service."""
        return bool(self.links)

    @property
    def in_front(self) -> bool:
        """Whether a linked page of this person is visible."""
        return any(self.links.values())

    @property
    def on_call(self) -> bool:
        """Whether this person is in the call as far as anybody can tell."""
        return self.left is None and (self.present or self.linked)

    @property
    def is_therapist(self) -> bool:
        """Whether this person holds the therapist's side."""
        return self.role in THERAPISTS


def agreed(one: Role | None, other: Role | None) -> Role | None:
    """The role that two claims leave a person; no claim is no vote."""
    if one is None or other is None:
        return one or other
    return min(one, other, key=_POWER.index)


def told(person: Person, fact: PersonFact, now: datetime) -> Person:
    """What a host's fact makes of a person."""
    match fact:
        case PersonJoined():
            return _joined(person, fact, now)
        case PersonLeft():
            return _left(person, fact, now)
        case PersonRole():
            return replace(person, role=agreed(person.role, fact.role))
        case _:
            return person


def _joined(person: Person, fact: PersonJoined, now: datetime) -> Person:
    connection = fact.connection or fact.key
    person = replace(
        person,
        role=agreed(person.role, fact.role),
        arrived_at=earliest(person.arrived_at, fact.at),
        connections={connection: True, **person.connections},
        joined={connection: fact.at, **person.joined},
        unlinked_since=person.unlinked_since if person.links else person.unlinked_since or now,
    )
    person = _alone(person) if fact.sole else person
    return _back(person) if person.inside(connection) else _settled(person, now)


def _alone(person: Person) -> Person:
    """Where a person has one connection at a time, the one that came last is the only one that can be open."""
    last = max(person.joined, key=lambda connection: (person.joined[connection], connection))
    return replace(person, connections={c: open_ and c == last for c, open_ in person.connections.items()})


def _left(person: Person, fact: PersonLeft, now: datetime) -> Person:
    before = (name for name in person.connections if person.joined.get(name, fact.at) <= fact.at)
    closed = (fact.connection,) if fact.connection else tuple(before)
    person = replace(person, connections={**person.connections, **dict.fromkeys(closed, False)})
    if fact.deliberate and not person.present and person.left != "deliberate":
        return replace(person, left="deliberate", left_at=now, gone_since=None)
    return _settled(person, now)


LISTED = "listed"
"""The connection of somebody whom a host's list names without one."""


def found(person: Person, present: Present, fact: PeoplePresent, now: datetime) -> Person:
    """The host was asked and counts this person as inside. A connection that it told to be closed stays closed."""
    name = present.connection or LISTED
    if not present.connection and (person.present or _went_since(person, fact.at)):
        return person
    if name in person.connections:
        if not person.connections[name] or name not in person.missing:
            return person
        return _back(replace(person, missing=person.missing - {name}))
    known = {
        "host": fact.host,
        "meeting": fact.meeting,
        "key": fact.key,
        "person": person.id,
        "connection": name,
    }
    return _joined(person, PersonJoined(**known, at=present.joined_at or fact.at, role=present.role), now)


def missed(person: Person, named: frozenset[str], fact: PeoplePresent, now: datetime) -> Person:
    """The host was asked and its list leaves out all connections of this person but the *named* ones.

    Who came after the moment of the list cannot be in it.
    """
    heard = person.links or (person.unlinked_since and now < person.unlinked_since + LATELY)
    gone = {c for c in person.connections if c not in named and person.joined.get(c, fact.at) <= fact.at}
    if heard or not person.present or gone <= person.missing:
        return person
    return _settled(replace(person, missing=person.missing | gone), now)


def _went_since(person: Person, moment: datetime) -> bool:
    went = person.left_at or person.gone_since
    return went is not None and went >= moment


def merged(person: Person, other: Person) -> Person:
    """The person with the connections of somebody who turned out to be them."""
    return replace(person, connections={**other.connections, **person.connections})


def linked(person: Person, link: str, role: Role | None, *, visible: bool, now: datetime) -> Person:
    """A browser of the person is connected. After a deliberate leave only a join brings them back."""
    person = replace(
        person,
        role=agreed(person.role, role),
        arrived_at=person.arrived_at or now,
        links={**person.links, link: visible},
        unlinked_since=None,
    )
    return person if person.left == "deliberate" else _back(person)


def unlinked(person: Person, links: Iterable[str], now: datetime, heard_at: datetime | None) -> Person:
    """Some browsers of the person are no longer connected."""
    gone = set(links)
    rest = {link: visible for link, visible in person.links.items() if link not in gone}
    since = person.unlinked_since if rest or not person.links else (heard_at or now)
    return _settled(replace(person, links=rest, unlinked_since=since), now)


def ended(person: Person, now: datetime) -> Person:
    """The host closed the meeting: every connection is closed."""
    return _settled(replace(person, connections=dict.fromkeys(person.connections, False)), now)


def aged(person: Person, now: datetime) -> Person:
    """Whoever has been gone for the grace time has left."""
    if person.left is None and person.gone_since and now >= person.gone_since + GRACE:
        return replace(person, left="gone", left_at=person.gone_since + GRACE, gone_since=None)
    return person


def _back(person: Person) -> Person:
    gone = person.left is not None or person.gone_since is not None
    return replace(person, left=None, left_at=None, gone_since=None) if gone else person


def _settled(person: Person, now: datetime) -> Person:
    if person.left is not None or person.present or person.linked:
        return replace(person, gone_since=None) if person.gone_since else person
    return person if person.gone_since else replace(person, gone_since=now)


def line_down(person: Person, now: datetime) -> bool:
    """Whether a person on the call has not been heard from over any link for ten seconds."""
    return not person.linked and (person.unlinked_since is None or now >= person.unlinked_since + SILENCE)


def wake_at(person: Person, now: datetime) -> list[datetime]:
    """When something about a person changes by time alone."""
    moments = [person.gone_since + GRACE] if person.gone_since and person.left is None else []
    if person.unlinked_since and now < person.unlinked_since + SILENCE:
        moments.append(person.unlinked_since + SILENCE)
    return moments
