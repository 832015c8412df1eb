"""A call told step by step, for tests: seconds from the start, people by one letter."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from plugin import rituals
from plugin.core.events import By, Event, Heard, LinkLost, LinkOpened, LinksLost, LinkTurned, Ticked
from plugin.core.orders import Result
from plugin.core.pause import PausePainted
from plugin.core.ritual import Card
from plugin.core.session import Session
from webhooks.events import (
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PersonJoined,
    PersonLeft,
    Role,
)

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
ROLES: dict[str, Role | None] = {"T": Role.THERAPIST, "C": Role.CLIENT, "G": Role.CLIENT, "U": None}


def at(seconds: float) -> datetime:
    """A moment of the story."""
    return START + timedelta(seconds=seconds)


def uid(number: int) -> str:
    """A readable ask id."""
    return str(UUID(int=number))


def ask_event(
    person: str, role: Role | None, kind: str, ask: str, *, now: float, age: float = 0, **more: Any
) -> Event:
    """The event of a wish made *age* seconds before *now*."""
    wish = rituals.ask_from(
        {"v": 1, "type": "ask", "id": ask, "age_ms": int(age * 1000), "kind": kind, **more}
    )
    return wish.event(By(person=person, role=role, at=at(now), made_at=at(now - age)))


@dataclass
class Story:
    """The session so far, its orders and its events."""

    session: Session = field(default_factory=lambda: rituals.begin("story", START))
    now: float = 0.0
    results: list[Result] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    count: int = 0

    def tell(self, event: Event) -> "Story":
        """Feed one event."""
        self.session, orders = rituals.step(self.session, event)
        self.events.append(event)
        self.results += [order.result for order in orders]
        return self

    def wait(self, seconds: float) -> "Story":
        """Let time go by, with every tick that falls due on the way."""
        end = self.now + seconds
        while (wake := rituals.wake_at(self.session)) and wake <= at(end):
            self.now = max(self.now, (wake - START).total_seconds())
            self.tell(Ticked(at=at(self.now)))
        self.now = end
        return self

    def fact(self, kind: type[HostFact], **more: object) -> "Story":
        """A host's fact, now."""
        self.count += 1
        made: HostFact = kind(
            host="sandbox", meeting="m", occurrence="o", at=at(self.now), key=f"k{self.count}", **more
        )
        return self.tell(Heard(at=at(self.now), fact=made))

    def start(self) -> "Story":
        """The meeting starts, and both are there with their overlays."""
        return self.fact(MeetingStarted).joins("T").links("T").joins("C").links("C")

    def joins(self, person: str, connection: str | None = None) -> "Story":
        """A person joins at the host."""
        return self.fact(
            PersonJoined, person=person, connection=connection or f"c{person}", role=ROLES[person]
        )

    def leaves(self, person: str, connection: str | None = None, *, deliberate: bool = True) -> "Story":
        """A person's connection is gone at the host."""
        connection = connection or f"c{person}"
        return self.fact(PersonLeft, person=person, connection=connection, deliberate=deliberate)

    def ends(self) -> "Story":
        """The host closes the meeting."""
        return self.fact(MeetingEnded)

    def links(self, person: str, link: str | None = None, *, visible: bool = True) -> "Story":
        """A browser of the person connects."""
        link = link or f"l{person}"
        opened = LinkOpened(at=at(self.now), link=link, person=person, role=ROLES[person], visible=visible)
        return self.tell(opened)

    def unlinks(self, person: str, link: str | None = None) -> "Story":
        """A browser of the person is gone."""
        return self.tell(LinkLost(at=at(self.now), link=link or f"l{person}"))

    def turns(self, person: str, *, visible: bool) -> "Story":
        """A page of the person goes to the front or the back."""
        return self.tell(LinkTurned(at=at(self.now), link=f"l{person}", visible=visible))

    def restarts(self) -> "Story":
        """The service begins anew."""
        return self.tell(LinksLost(at=at(self.now)))

    def asks(self, person: str, kind: str, ask: int | None = None, age: float = 0, **more: object) -> "Story":
        """A person wishes something."""
        self.count += 1
        number = ask if ask is not None else 1000 + self.count
        return self.tell(ask_event(person, ROLES[person], kind, uid(number), now=self.now, age=age, **more))

    def consents(self, therapist: bool = True, practice: bool = True) -> "Story":
        """The client saves a choice."""
        return self.asks("C", "consent.answer", choice="save", therapist=therapist, practice=practice)

    def paints(self, person: str, *pauses: int) -> "Story":
        """A person's visible page has these pauses on it."""
        shown = tuple(uid(pause) for pause in pauses)
        return self.tell(PausePainted(at=at(self.now), link=f"l{person}", person=person, pauses=shown))

    def cards(self, person: str) -> dict[str, Card]:
        """A person's screen, by card."""
        return {str(card["card"]): card for card in rituals.screen(self.session, person)}

    def says(self, person: str = "C") -> object:
        """The key of the sentence on the pause sheet."""
        return self.cards(person).get("pause-sheet", {}).get("says")
