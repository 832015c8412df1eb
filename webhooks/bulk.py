"""Several events in one delivery: it comes once, so what cannot be read of it must not cost the rest."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from webhooks.delivery import Malformed, Reason
from webhooks.events import HostFact

Event = TypeVar("Event")


def facts_of(
    events: Iterable[tuple[Event, str]], read: Callable[[Event, str], list[HostFact]]
) -> list[HostFact]:
    """Give the facts of those events, each with its key, that can be read.

    Raises:
        Malformed: there are events, and none can be read.
    """
    told, unreadable = [], 0
    for event, key in events:
        try:
            told.append(read(event, key))
        except Malformed:
            unreadable += 1
    if unreadable and not told:
        raise Malformed(Reason.BAD_BODY)
    return [fact for facts in told for fact in facts]
