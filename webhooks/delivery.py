"""What every host file shares: a delivery, the reasons to refuse it, the checks that are easily got wrong.

Rules of the checks: a header that carries proof stands exactly once; proofs are compared in a time that tells
nothing; a time stamp counts only after the proof over it held; nothing here reads a clock, ``now`` is given.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel, StringConstraints, ValidationError

from webhooks.events import HostFact

Headers = tuple[tuple[str, str], ...]

# Ours to index and to print: no control characters, none so long that it fills a log.
Identifier = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
]


class Reason(StrEnum):
    """Why a delivery is not accepted: short codes for logs and for ``fermata webhook verify``."""

    MISSING_HEADER = "missing_header"
    DOUBLED_HEADER = "doubled_header"
    BAD_ID = "bad_id"
    BAD_TIMESTAMP = "bad_timestamp"
    TOO_MANY_SIGNATURES = "too_many_signatures"
    BAD_TOKEN = "bad_token"  # noqa: S105 - a code, no secret
    WRONG_ALGORITHM = "wrong_algorithm"
    UNKNOWN_KEY = "unknown_key"
    WRONG_SIGNATURE = "wrong_signature"
    BAD_CLAIM = "bad_claim"
    OTHER_BODY = "other_body"
    TOO_OLD = "too_old"
    TOO_EARLY = "too_early"
    BAD_BODY = "bad_body"


class NotAccepted(Exception):
    """A delivery that changes nothing; ``reason`` says why, and no part of the delivery is in the message."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Unsigned(NotAccepted):
    """Nobody who knows a secret of ours vouched for this delivery."""


class Stale(NotAccepted):
    """The proof holds for another time, ``seconds`` before now; negative for a time to come."""

    def __init__(self, reason: Reason, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Malformed(NotAccepted):
    """The delivery cannot be read, whoever sent it; sending it again will not help."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One HTTP request of a host, as it came: ``body`` is the bytes off the wire, never written anew."""

    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    url: str = field(default="", repr=False)

    def header(self, name: str) -> str:
        """The one value of a header that carries proof.

        Raises:
            Unsigned: there is none, or it is empty.
            Malformed: there are two, and two readers could each believe another one.
        """
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        if len(found) > 1:
            raise Malformed(Reason.DOUBLED_HEADER)
        if not found or not found[0].strip():
            raise Unsigned(Reason.MISSING_HEADER)
        return found[0]


@dataclass(frozen=True, slots=True)
class Window:
    """How old a stamp may be, and how far ahead of our clock the sender's may run."""

    past: timedelta = timedelta(seconds=300)
    ahead: timedelta = timedelta(seconds=60)


WINDOW = Window()


def same(given: Iterable[str], wanted: Mapping[str, str]) -> str | None:
    """Find the id in *wanted* whose text is among *given*; looks at all pairs, so the time tells nothing."""
    matched: str | None = None
    for text in given:
        for name, expected in wanted.items():
            equal = hmac.compare_digest(_octets(text), _octets(expected))
            matched = name if equal and matched is None else matched
    return matched


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def fresh(stamp: datetime, now: datetime, window: Window = WINDOW) -> None:
    """Raise ``Stale`` unless *stamp* lies within *window* around *now*, both ends included."""
    late = now - stamp
    if late > window.past:
        raise Stale(Reason.TOO_OLD, late.total_seconds())
    if -late > window.ahead:
        raise Stale(Reason.TOO_EARLY, late.total_seconds())


Shape = TypeVar("Shape", bound=BaseModel)


def read_as(shape: type[Shape], body: bytes) -> Shape:
    """Read *body* as JSON of the given shape, or raise ``Malformed`` that quotes nothing of it."""
    try:
        return shape.model_validate_json(body)
    except ValidationError:
        raise Malformed(Reason.BAD_BODY) from None


class Step(NamedTuple):
    """One check of a host file in words, and the reasons it can refuse with."""

    says: str
    reasons: tuple[Reason, ...]


class Host(Protocol):
    """What a host file is: a module with these names."""

    @property
    def name(self) -> str:
        """The host's own name in lower case, as in ``/webhooks/{tenant}/{name}``."""

    @property
    def content_types(self) -> tuple[str, ...]:
        """The media types its deliveries come in, without parameters."""

    @property
    def refusal_status(self) -> int:
        """The HTTP status that makes this host's sender take a refusal for one: 401, for some 403."""

    @property
    def steps(self) -> Sequence[Step]:
        """The checks of ``verify`` and ``read`` in their order, for people who look for a mistake."""

    def weakness(self, secret: str) -> str | None:
        """Say what makes *secret* unfit, as the end of a sentence, or None; asked once at start-up."""

    def verify(
        self, delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = WINDOW
    ) -> str:
        """Give the id of the secret that vouches for *delivery*.

        Args:
            delivery: the request as it came.
            secrets: the secrets active now, by id; two while one replaces the other.
            now: when the delivery arrived, aware.
            window: the times to forgive.

        Raises:
            NotAccepted: ``Unsigned``, ``Stale`` or ``Malformed``, whatever the bytes are.
        """

    def key(self, delivery: Delivery) -> str:
        """Give the name a verified delivery keeps over retries. May raise ``Malformed``."""

    def read(self, delivery: Delivery) -> list[HostFact]:
        """Give the facts of a verified delivery; kinds we do not use give none. May raise ``Malformed``."""

    def sign(self, body: bytes, key_id: str, secret: str, now: datetime, *, key: str) -> Headers:
        """Give the headers this host would send with *body*; *key* is used where it travels in a header."""
