"""All attacks on one host, by name: those that apply to what it signs and sends, and those of its own."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from tests.attacks import bodies, door, forging, proofs, reading, senders
from tests.attacks.target import NOT_ACCEPTED, Attack, Target, target

KINDS: tuple[Callable[[Target], Iterator[Attack]], ...] = (
    proofs.attacks,
    senders.attacks,
    reading.attacks,
    door.attacks,
    bodies.attacks,
    forging.attacks,
)


@cache
def attacks_on(name: str) -> tuple[Attack, ...]:
    """Every attack on the host, each name once."""
    host = target(name)
    found = [attack for kind in KINDS for attack in kind(host)]
    found += [*_kept(host), *_own(host)]
    assert len({attack.name for attack in found}) == len(found), "two attacks of one name"
    return tuple(found)


def _kept(host: Target) -> Iterator[Attack]:
    """The deliveries that were kept because they must be refused, with the time they came at."""
    for file in host.known.about.refused:
        for line in host.known.lines(file):
            word = re.sub(r"\W|_", "_", file)
            yield Attack(f"kept_{word}_{line.n}", line.delivery, NOT_ACCEPTED, at=line.at)


def _own(host: Target) -> Iterator[Attack]:
    """What only this host knows, from the module of its name, where there is one."""
    module = f"tests.attacks.own.{host.name}"
    if find_spec(module):
        yield from import_module(module).attacks(host)
