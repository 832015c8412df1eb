"""What every host file shares: a delivery, the reasons to refuse it, the checks that are easily got wrong.

Rules of the checks: a header that carries proof stands exactly once; proofs are compared in a time that tells
nothing; a time stamp counts only after the proof over it held; nothing here reads a clock, ``now`` is given.
"""

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, StringConstraints, ValidationError

Headers = tuple[tuple[str, str], ...]

_STAMP = re.compile(r"[0-9]{1,10}")

# Ours to index and to print: no control characters, none so long that it fills a log.
Identifier = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
]


Perhaps = Identifier | Literal[""] | None
"""What identifies where a host knows it; else it is left out or empty."""


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
    WRONG_CREDENTIAL = "wrong_credential"
    BAD_CLAIM = "bad_claim"
    OTHER_BODY = "other_body"
    BODY_NOT_COVERED = "body_not_covered"
    TOO_OLD = "too_old"
    TOO_EARLY = "too_early"
    HANDSHAKE = "handshake"
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


class Handshake(Exception):
    """The host tries the address: to be answered with ``answer``, not kept, and nothing is told by it.

    ``signed_by`` is the id of the secret that vouched for it; null where this host cannot sign it, and then the
    answer gives nothing away.
    """

    def __init__(self, answer: bytes, signed_by: str | None) -> None:
        super().__init__("handshake")
        self.answer = answer
        self.signed_by = signed_by


@dataclass(frozen=True, slots=True)
class Delivery:
    """One HTTP request of a host, as it came: ``body`` is the bytes off the wire, never written anew.

    ``url`` is the address as the sender knows it, with its query: the public one, not what a proxy made of it.
    """

    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    url: str = field(default="", repr=False)

    def header(self, name: str) -> str:
        """The one value of a header that carries proof.

        Raises:
            Unsigned: there is none, or it is empty.
            Malformed: there are two, and two readers could each believe another one.
        """
        wanted = name.lower()
        found = [value for key, value in self.headers if key.lower() == wanted]
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


def bearing(delivery: Delivery, secrets: Mapping[str, str]) -> str:
    """Give the id of the secret that stands as it is in ``Authorization: Bearer``; raises ``NotAccepted``."""
    live = {key_id: f"Bearer {secret}" for key_id, secret in secrets.items() if secret}
    signer = same([delivery.header("authorization")], live)
    if signer is None:
        raise Unsigned(Reason.WRONG_CREDENTIAL)
    return signer


def in_digits(stamp: str) -> str:
    """Give *stamp* if it is Unix seconds in digits; it counts once a proof over it held. Raises ``Unsigned``."""
    if not _STAMP.fullmatch(stamp):
        raise Unsigned(Reason.BAD_TIMESTAMP)
    return stamp


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


def take_as(shape: type[Shape], part: object) -> Shape:
    """Take a part of what was read already for one of the given shape; raises ``Malformed`` like ``read_as``."""
    try:
        return shape.model_validate(part)
    except ValidationError:
        raise Malformed(Reason.BAD_BODY) from None


# Where only what a form says is signed, each way to write it would be another delivery; and what is no form at all,
# but was signed for another reason, could be read as one. So only what senders write: capitals, and no needless %.
_WRITTEN = re.compile(
    rb"(?:[A-Za-z0-9._~!'()*&=+-]|%(?!3[0-9]|[46][1-9A-F]|[57][0-9A]|2D|2E|5F)[0-9A-F]{2})+"
)


def read_form(body: bytes) -> list[tuple[str, str]]:
    """Read *body* as a form (``application/x-www-form-urlencoded``), in its order; raises ``Malformed``."""
    if not _WRITTEN.fullmatch(body):
        raise Malformed(Reason.BAD_BODY)
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=200,
        )
    except ValueError:
        raise Malformed(Reason.BAD_BODY) from None
