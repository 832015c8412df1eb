"""One connection of one browser, as the hub sees it: no socket, only what is known and what waits to be sent."""

from dataclasses import dataclass, field
from uuid import uuid4

from plugin.admission import Pass
from plugin.runner import Visitor

MOST_WAITING = 64
"""Frames. A browser that lets more pile up does not read, and is closed."""

BURST = 500
PER_SECOND = 250.0
MALFORMED = 3


@dataclass(slots=True, eq=False)
class Link:
    """A browser's connection. ``heard`` is on the loop's clock, in seconds; ``opened`` when the journal knows."""

    held: Pass
    visible: bool
    heard: float
    id: str = field(default_factory=lambda: uuid4().hex)
    session: str | None = None
    opened: bool = False
    gone: bool = False
    revision: int = 0
    watched: dict[int, frozenset[str]] | None = None
    painted: frozenset[str] = frozenset()
    out: list[bytes] = field(default_factory=list)
    closing: int | None = None
    malformed: int = 0
    spent: float = 0.0

    @property
    def visitor(self) -> Visitor:
        """Who is connected."""
        return self.held.visitor

    def hear(self, now: float) -> bool:
        """Note that something came; answers whether that was more than a browser may send."""
        self.spent = max(0.0, self.spent - (now - self.heard) * PER_SECOND) + 1
        self.heard = now
        return self.spent > BURST

    def watch(self, revision: int, pauses: frozenset[str]) -> None:
        """Remember which pauses are on which screen of this browser; old screens are forgotten."""
        self.revision = revision
        if pauses:
            recent = dict(list((self.watched or {}).items())[-7:])
            self.watched = {**recent, revision: pauses}

    def fresh(self, revision: int) -> frozenset[str]:
        """The pauses that this browser says for the first time it has painted."""
        new = (self.watched or {}).get(revision, frozenset()) - self.painted
        self.painted |= new
        return new
