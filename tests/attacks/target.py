"""A host as two practices have it, and what an attack on it is."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from functools import cache

import jwt

from tests.attacks.codes import turned
from tests.webhooks.known import Known, known, sample
from tests.webhooks.samples import NOW
from webhooks.delivery import Delivery
from webhooks.listening import Host

NORTH, SOUTH = "north", "south"


class Answer(Enum):
    """What may come back; which status it is may depend on the host."""

    REFUSED = auto()
    MALFORMED = auto()
    UNREADABLE = auto()
    UNSUPPORTED = auto()
    TOO_LARGE = auto()
    NO_HTTP = auto()


REFUSED = frozenset({Answer.REFUSED})
MALFORMED = frozenset({Answer.MALFORMED})
NOT_ACCEPTED = REFUSED | MALFORMED
UNREADABLE = frozenset({Answer.UNREADABLE, Answer.MALFORMED})
UNSUPPORTED = frozenset({Answer.UNSUPPORTED})
TOO_LARGE = frozenset({Answer.TOO_LARGE})
NO_HTTP = frozenset({Answer.NO_HTTP})


@dataclass(frozen=True, slots=True)
class Attack:
    """A delivery that must change nothing; with ``keys`` of its own it is tried on the host file alone."""

    name: str
    delivery: Delivery
    answers: frozenset[Answer] = NOT_ACCEPTED
    keys: Mapping[str, str] | None = None
    at: datetime = NOW
    on_the_wire: bool = True

    @property
    def over_http(self) -> bool:
        """Whether the running service can be sent it."""
        sendable = self.delivery.url.isascii() and " " not in self.delivery.url
        return self.on_the_wire and sendable and self.keys is None and self.at == NOW

    @property
    def reaches_the_host_file(self) -> bool:
        """Whether the door alone does not turn it away."""
        return not self.answers & (UNSUPPORTED | TOO_LARGE | NO_HTTP)


def of_another(secret: str) -> str:
    """A secret in the same form for another practice: as like as can be."""
    return secret[:6] + secret[6:].swapcase()


def of_nobody(secret: str) -> str:
    """A secret in the same form that no practice has."""
    return secret[:6] + "".join(turned(letter) if letter.isalnum() else letter for letter in secret[6:])


@dataclass(frozen=True, slots=True)
class Target:
    """One host with the secrets of two practices, under the same ids."""

    known: Known

    @property
    def name(self) -> str:
        return self.known.name

    @property
    def host(self) -> Host:
        return self.known.host

    @property
    def keys(self) -> dict[str, str]:
        """The secrets of the practice in the north: at least two."""
        keys = self.known.keys
        return keys if len(keys) > 1 else {**keys, "spare": of_nobody(of_another(next(iter(keys.values()))))}

    def keys_of(self, tenant: str) -> dict[str, str]:
        """The secrets of a practice."""
        return {id_: secret if tenant == NORTH else of_another(secret) for id_, secret in self.keys.items()}

    def url_of(self, tenant: str) -> str:
        """Where this host sends to."""
        return self.known.url.replace(NORTH, tenant)

    @property
    def form(self) -> bool:
        """Whether bodies are forms."""
        return "json" not in self.host.door.content_types[0]

    def sent(
        self, body: bytes | None = None, at: datetime = NOW, *, id_: str | None = None, **changed: str
    ) -> Delivery:
        """What the host would send; ``secret``, ``url`` and ``key`` take the place of the right ones.

        Raises ``ValueError`` for what no such sender can send.
        """
        id_ = next(iter(self.keys)) if id_ is None else id_
        secret = changed.get("secret", self.keys.get(id_, ""))
        body = sample(self.name) if body is None else body
        url = changed.get("url", self.known.url)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
            try:
                return self.host.sign(body, id_, secret, at, key=changed.get("key", "msg_1"), url=url)
            except jwt.PyJWTError:
                raise ValueError("no such token") from None

    def proofs(self, delivery: Delivery) -> dict[str, str]:
        """All that proves the delivery, by its header; ``address`` for what was put behind the address."""
        behind = delivery.url.partition("?")[2]
        headers = {name: value for name, value in delivery.headers if name != "Content-Type"}
        return {**headers, **({"address": behind} if behind else {})}

    def put(self, delivery: Delivery, proof: str, *values: str) -> Delivery:
        """The delivery with other values of one proof, or with none."""
        if proof == "address":
            return replace(delivery, url="?".join([self.known.url, *filter(None, ["&".join(values)])]))
        kept = [header for header in delivery.headers if header[0] != proof]
        return replace(delivery, headers=(*kept, *((proof, value) for value in values)))

    def moved(self, url: str, secret: str = "") -> Delivery:
        """A delivery made for another address, sent to ours."""
        delivery = self.sent(url=url, secret=secret or next(iter(self.keys.values())))
        behind = delivery.url.removeprefix(url)
        return replace(delivery, url=self.known.url + (f"?{behind[1:]}" if behind else ""))

    @property
    def covers_bodies(self) -> bool:
        """Whether other bodies have other proofs: asked of the one who signs, not of the one who checks."""
        return self.proofs(self.sent(key="a")) != self.proofs(self.sent(another_body(self.name), key="a"))

    @property
    def covers_addresses(self) -> bool:
        """Whether other addresses have other proofs."""
        return self.proofs(self.sent(url="https://a.example/")) != self.proofs(
            self.sent(url="https://b.example/")
        )

    @property
    def has_stamps(self) -> bool:
        """Whether later deliveries are other ones."""
        return self.sent() != self.sent(at=NOW.replace(hour=NOW.hour + 1))


@cache
def target(name: str) -> Target:
    """The host of this name."""
    return Target(known(name))


@cache
def another_body(name: str) -> bytes:
    """A body that was sent, and is not the sample."""
    bodies = (line.delivery.body for line in known(name).everything())
    return next(body for body in bodies if _can_be_sent(name, body) and body != sample(name))


def _can_be_sent(name: str, body: bytes) -> bool:
    try:
        return bool(target(name).sent(body))
    except ValueError:
        return False
