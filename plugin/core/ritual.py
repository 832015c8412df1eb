"""What a ritual is to the session: a slice of state, its moves, its cards and its next deadline."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from plugin.core.events import Event
from plugin.core.orders import Order

if TYPE_CHECKING:
    from plugin.core.session import Session

Card = Mapping[str, object]
"""One element of a screen: ``card`` names the tag, the other fields become its attributes."""


class Ritual(Protocol):
    """One thing that therapist and client do together; a module of ``plugin.rituals``."""

    NAME: str

    def begin(self) -> object:
        """The slice of a session in which nothing of this ritual happened yet."""
        ...

    def step(self, session: "Session", event: Event) -> tuple[object, Sequence[Order]]:
        """The slice after an event, which the people and pauses of *session* reflect already.

        Raises ``Refused`` for a wish that may not be.
        """
        ...

    def cards(self, session: "Session", person: str) -> Sequence[Card]:
        """What this person sees of the ritual now."""
        ...

    def wake_at(self, session: "Session") -> datetime | None:
        """When the ritual changes by time alone; a moment not after ``session.now`` means at once."""
        ...
