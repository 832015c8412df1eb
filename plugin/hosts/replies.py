"""Reading what a host answered: the documented answer, or nothing that may be concluded from.

A log-in page with status 200 is no answer. Hosts repeat tokens and names in what they answer, so no part of it
reaches an error.
"""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from plugin.hosts.host import NotTold, Reply

Shape = TypeVar("Shape", bound=BaseModel)


def told(reply: Reply, shape: type[Shape]) -> Shape:
    """The answer of a host that did what it was asked; raises ``NotTold``."""
    if reply.status != 200:
        raise NotTold(f"status_{reply.status}")
    try:
        return shape.model_validate_json(reply.body)
    except ValidationError:
        raise NotTold("not_understood") from None
