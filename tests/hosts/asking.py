"""Asking a host with replies made by hand: what is sent, and what becomes of the answers."""

from collections.abc import Sequence

from plugin.hosts.host import Asking, Reply, Request
from webhooks.events import PeoplePresent


def answered(asking: Asking, *replies: Reply) -> tuple[list[Request], PeoplePresent]:
    """All requests, and the one fact that the replies give; fails where more or fewer replies are wanted."""
    requests = [next(asking)]
    for n, reply in enumerate(replies, start=1):
        try:
            requests.append(asking.send(reply))
        except StopIteration as stop:
            assert n == len(replies), "not all were asked for"
            return requests, _only(stop.value)
    raise AssertionError("it asks on")


def _only(facts: Sequence[object]) -> PeoplePresent:
    (fact,) = facts
    assert isinstance(fact, PeoplePresent)
    return fact
