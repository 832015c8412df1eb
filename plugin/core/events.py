"""Events: what happened, in the past tense, as the journal keeps it.

Every event carries ``at``, the service's own time of hearing about it, in UTC. What a host or a browser says about
its own time stands in a field of its own and is never compared with deadlines.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from webhooks.events import HostFact, Role

Kept = Literal["call", "checkin", "pause", "text", "score"]
"""Retention classes: how long a record is kept here is decided by its class (CLINICAL §5)."""


class Event(BaseModel):
    """One fact of a session; ``kept`` is its retention class."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kept: ClassVar[Kept] = "call"

    at: AwareDatetime


class Heard(Event):
    """A host told something."""

    type: Literal["heard"] = "heard"
    fact: HostFact


class Ticked(Event):
    """A deadline of the session has come."""

    type: Literal["ticked"] = "ticked"


class LinkOpened(Event):
    """A browser of a person holds a live connection; ``visible`` when its page is in front."""

    type: Literal["link_opened"] = "link_opened"
    link: str
    person: str
    role: Role | None
    visible: bool = True


class LinkTurned(Event):
    """A linked page came to the front or went to the back."""

    type: Literal["link_turned"] = "link_turned"
    link: str
    visible: bool


class LinkLost(Event):
    """A live connection is gone; ``heard_at`` is when it was last heard from."""

    type: Literal["link_lost"] = "link_lost"
    link: str
    heard_at: AwareDatetime | None = None


class LinksLost(Event):
    """The service began anew: no link of before can be there, and nothing was heard meanwhile."""

    type: Literal["links_lost"] = "links_lost"


class Wished(Event):
    """A person asked for something, and it was allowed. ``ask`` is the id the browser made."""

    ask: str
    person: str
    role: Role | None


@dataclass(frozen=True, slots=True)
class By:
    """Who asks, when it was heard and when it was made (hearing less age), and over which road."""

    person: str
    role: Role | None
    at: datetime
    made_at: datetime
    path: Literal["ws", "post"] = "ws"


class Ask(BaseModel, ABC):
    """A wish as it comes over the wire; ``age_ms`` says how long ago the person made it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    v: Literal[1] = 1
    type: Literal["ask"] = "ask"
    id: str = Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
    age_ms: int = Field(ge=0, le=24 * 3600 * 1000)

    @abstractmethod
    def event(self, by: By) -> Event:
        """The event that this wish becomes if the session allows it."""
