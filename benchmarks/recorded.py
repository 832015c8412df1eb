"""Calls as a host sends them: made of its kept deliveries, each with names of its own and moved to the present.

Only here the load is made with the product's help: a host's file reads which delivery tells what, and signs.
"""

import json
import random
import re
import string
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from benchmarks.practice import path_of
from plugin.commands.recordings import Recorded, recorded
from plugin.hosts import listening
from webhooks.delivery import Delivery
from webhooks.events import HostFact, MeetingEnded, MeetingStarted, PersonFact, PersonJoined, PersonLeft

FIXTURES = Path(__file__).parent.parent / "tests" / "fixtures"
_TOLD = (MeetingStarted, PersonJoined, PersonLeft, MeetingEnded)
_PEOPLE = 2

_EPOCH = re.compile(r"(?<![0-9])1[0-9]{9}(?=(?:[0-9]{3}|[0-9]{6})?(?![0-9]))")
_MOMENT = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}(:|%3A)[0-9]{2}(:|%3A)[0-9]{2}")
_PART = re.compile(r"[A-Za-z0-9_-]{8,}")
_ALPHABETS = (string.digits, "abcdef", string.ascii_lowercase[6:], string.ascii_uppercase)
_LIKE = {letter: letters.lstrip("0") for letters in _ALPHABETS for letter in letters}
"""What may take the place of a letter. No zero, for an id may be a number."""


@dataclass(frozen=True, slots=True)
class Template:
    """A call of a host. ``names`` are the parts of ids by which one call is told from another."""

    host: str
    key_id: str
    secret: str = field(repr=False)
    bodies: Sequence[str]
    names: Sequence[str]

    def call(self, port: int) -> list[bytes]:
        """The requests of a new call."""
        return [
            _request(each, port) for each in self.deliveries(f"http://127.0.0.1:{port}{path_of(self.host)}")
        ]

    def deliveries(self, url: str) -> list[Delivery]:
        """The deliveries of a new call."""
        new = {name: _like(name) for name in self.names}
        return [self._signed(_renamed(body, new), url) for body in self.bodies]

    def _signed(self, body: str, url: str) -> Delivery:
        now, key = datetime.now(UTC), uuid4().hex
        return listening(self.host).sign(body.encode(), self.key_id, self.secret, now, key=key, url=url)


def template(host: str) -> Template:
    """A call that begins, is joined by two, left by two, and ends, as far as the host tells of each.

    Raises ``RuntimeError`` where what was kept cannot become a call of its own.
    """
    about = json.loads((FIXTURES / host / "about.json").read_text())
    key_id, secret = next(iter(about["keys"].items()))
    moved = _in_the_present(
        _chosen(host, recorded(str(FIXTURES / host / f"{about['sessions'][0]}.jsonl"), None))
    )
    facts = _told(host, moved)
    bodies = [each.body.decode() for each in moved]
    made = Template(host, key_id, secret, bodies, _names(facts, "".join(bodies)))
    _check(made, facts)
    return made


def _chosen(host: str, kept: Sequence[Recorded]) -> list[Recorded]:
    """The deliveries by which something that makes up a call is told for the first time."""
    chosen: list[Recorded] = []
    told: set[object] = set()
    people: list[str] = []
    for each in kept:
        facts = listening(host).read(each.delivery)
        people += [
            fact.person for fact in facts if isinstance(fact, PersonJoined) and fact.person not in people
        ]
        deeds = {_deed(fact) for fact in facts if isinstance(fact, _TOLD) and _of(fact, people[:_PEOPLE])}
        if deeds - told:
            told |= deeds
            chosen.append(each)
    return chosen


def _of(fact: HostFact, people: Sequence[str]) -> bool:
    return not isinstance(fact, PersonFact) or fact.person in people


def _deed(fact: HostFact) -> object:
    return type(fact), fact.person if isinstance(fact, PersonFact) else None


def _names(facts: Sequence[HostFact], text: str) -> list[str]:
    # A key that was put together of other things becomes another one with them.
    keys = {fact.key for fact in facts}
    parts = {part for fact in facts for part in _PART.findall(f"{fact.meeting} {fact.occurrence or ''}")}
    return sorted((name for name in keys | parts if name in text), key=lambda name: (-len(name), name))


def _like(name: str) -> str:
    """Another name that looks alike, so that whatever reads it finds it as well formed."""
    # The capital letters in front stay: hosts mark the kind of an id with them.
    rest = name.lstrip(string.ascii_uppercase)
    return name.removesuffix(rest) + "".join(random.choice(_LIKE.get(letter, letter)) for letter in rest)


def _renamed(body: str, new: Mapping[str, str]) -> str:
    return re.sub("|".join(map(re.escape, new)), lambda found: new[found[0]], body)


def _in_the_present(kept: Sequence[Recorded]) -> list[Delivery]:
    """The same deliveries as if the last of them came now."""
    late = timedelta(seconds=int(time.time() - kept[-1].at.timestamp()))
    return [
        replace(each.delivery, body=_later(each.delivery.body.decode(), each.at, late).encode())
        for each in kept
    ]


def _later(body: str, at: datetime, late: timedelta) -> str:
    """The body with every time near *at* so much later."""

    def epoch(found: re.Match[str]) -> str:
        near = abs(int(found[0]) - at.timestamp()) < timedelta(days=7).total_seconds()
        return str(int(found[0]) + int(late.total_seconds())) if near else found[0]

    def moment(found: re.Match[str]) -> str:
        moved = datetime.fromisoformat(found[0].replace("%3A", ":")) + late
        return moved.isoformat().replace(":", found[1])

    return _MOMENT.sub(moment, _EPOCH.sub(epoch, body))


def _told(host: str, deliveries: Sequence[Delivery]) -> list[HostFact]:
    return [fact for delivery in deliveries for fact in listening(host).read(delivery)]


def _check(made: Template, facts: Sequence[HostFact]) -> None:
    one, other = (_told(made.host, made.deliveries("http://127.0.0.1/")) for _ in range(2))
    if _calls(one) & _calls(other) or {fact.key for fact in one} & {fact.key for fact in other}:
        raise RuntimeError(f"two calls made of what {made.host} sent are the same call")
    if len(_calls(one)) != 1 or [_shape(fact) for fact in one] != [_shape(fact) for fact in facts]:
        raise RuntimeError(f"what {made.host} sent tells something else under other names")


def _calls(facts: Sequence[HostFact]) -> set[tuple[str, str | None]]:
    return {(fact.meeting, fact.occurrence) for fact in facts}


def _shape(fact: HostFact) -> object:
    return type(fact), getattr(fact, "role", None)


def _request(delivery: Delivery, port: int) -> bytes:
    address = urlsplit(delivery.url)
    lines = [f"{name}: {value}" for name, value in delivery.headers]
    target = address.path + (f"?{address.query}" if address.query else "")
    head = [
        f"POST {target} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        *lines,
        f"Content-Length: {len(delivery.body)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + delivery.body
