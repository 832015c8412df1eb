"""The session: one call as a fold over its events.

Nothing here knows a host, a database or a browser, and screens are worked out, never stored. How events move a
session is in ``fold``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar

from plugin.core import people
from plugin.core.events import Wished
from plugin.core.pause import Pause
from plugin.core.people import Person
from plugin.core.refusal import Refused
from webhooks.events import Role

__all__ = ["AFTERWARDS", "Refused", "Session", "part"]

AFTERWARDS = timedelta(hours=24)
"""How long after its end a session still takes answers about itself."""


@dataclass(frozen=True)
class Session:
    """One occurrence of a meeting. ``now`` never goes backwards; ``over_at`` is when nothing can reopen any more.

    ``started_at`` and ``ended_at`` are the host's own times, for people to read; deadlines follow ``now``. ``begun``
    is when the run began where that is the only name its host has for it, ``guessed_end`` when the host believes that
    it ended, ``moved_at`` when somebody last came or went, all by the host's clock. ``heard_at`` is when anything
    but the clock was last heard of, within ten minutes.
    """

    id: str
    now: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    over_at: datetime | None = None
    begun: datetime | None = None
    guessed_end: datetime | None = None
    moved_at: datetime | None = None
    heard_at: datetime | None = None
    empty_since: datetime | None = None
    breakout: bool = False
    recording: bool = False
    recording_since: datetime | None = None
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
        """Whether a client and a therapist were ever in this call together or one after the other.

        A side room is not a call of its own: those who are in it belong to another one.
        """
        return (
            not self.breakout and self.client() is not None and any(t.arrived_at for t in self.therapists())
        )

    def over_for(self, person: Person) -> bool:
        """Whether the call has ended for this person."""
        return self.over or person.left is not None

    def role(self, event: Wished) -> Role | None:
        """The role in which somebody wishes: never more than the session knows them to have."""
        known = self.people.get(event.person)
        return people.agreed(known.role if known else None, event.role)

    @cached_property
    def _sides(self) -> tuple[list[Person], Person | None]:
        # Every card and every ritual asks for these; they follow from the people alone.
        clients = [p for p in self.people.values() if p.role is Role.CLIENT and p.arrived_at]
        client = min(clients, key=lambda p: (p.arrived_at, p.id), default=None)
        return [person for person in self.people.values() if person.is_therapist], client

    def therapists(self) -> list[Person]:
        """Everybody on the therapist's side."""
        return self._sides[0]

    def client(self) -> Person | None:
        """The client of a two-person call: the first to arrive with that role."""
        return self._sides[1]

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
