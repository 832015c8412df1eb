"""What a host answered: the documented answer, or nothing that may be concluded from it; and who is inside by it.

A log-in page with status 200 is no answer. Hosts repeat tokens and names in what they answer, so no part of it
reaches an error.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from plugin.hosts.host import Call, NotTold, Reply
from webhooks.events import PeoplePresent, Present

Shape = TypeVar("Shape", bound=BaseModel)


def told(reply: Reply, shape: type[Shape], about: str = "") -> Shape:
    """The answer of a host that did what it was asked; raises ``NotTold``, with a word on what was asked about."""
    if reply.status != 200:
        raise NotTold(f"{about or 'status'}_{reply.status}")
    try:
        return shape.model_validate_json(reply.body)
    except ValidationError:
        raise NotTold(f"{about}_unreadable" if about else "not_understood") from None


def present(
    host: str, call: Call, now: datetime, people: Iterable[Present], *, whole: bool = True
) -> PeoplePresent:
    """The fact that these are inside, by the host's answer at *now*."""
    return PeoplePresent(
        host=host,
        meeting=call.meeting,
        occurrence=call.occurrence,
        at=now,
        key=f"asked:{now.isoformat()}",
        people=tuple(people),
        whole=whole,
    )
