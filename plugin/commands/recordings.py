"""Deliveries kept in a file: one JSON object a line, with headers as pairs, the body, and when it came."""

import sys
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError

from webhooks.delivery import Delivery

_Moment = Annotated[float, Field(ge=0, lt=32_503_680_000, allow_inf_nan=False)]


class Unusable(Exception):
    """It could not be done: bad usage or an unreadable file. The message is one line and holds no secret."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One delivery, the number of its line from 1, and the time it is checked for."""

    n: int
    delivery: Delivery
    at: datetime


class _Line(BaseModel):
    headers: list[tuple[str, str]]
    body: str | None = None
    body_base64: str | None = None
    received_at: _Moment | None = None
    url: str = ""
    callback_url: str = ""
    path_and_query: str = ""

    @property
    def address(self) -> str:
        """The address as the sender wrote it."""
        if self.url or not self.callback_url:
            return self.url
        registered = urlsplit(self.callback_url)
        return f"{registered.scheme}://{registered.netloc}{self.path_and_query}"


def recorded(source: str, at: datetime | None) -> list[Recorded]:
    """Read all deliveries of a file, or of standard input for ``-``.

    Args:
        source: the file's path or ``-``.
        at: the time to check them for; None takes each line's own ``received_at``.

    Raises:
        Unusable: the file or one of its lines cannot be read.
    """
    deliveries = list(_deliveries(_bytes(source), at))
    if not deliveries:
        raise Unusable("there is no delivery in it")
    return deliveries


def _bytes(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else "not a path"
        raise Unusable(f"cannot read {source!r}: {reason}") from failure


def _deliveries(content: bytes, at: datetime | None) -> Iterator[Recorded]:
    for n, text in enumerate(content.split(b"\n"), start=1):
        if not text.strip():
            continue
        try:
            line = _Line.model_validate_json(text)
            delivery = Delivery(tuple(line.headers), _body(line), line.address)
        except ValidationError:
            raise Unusable(f"line {n} is not a JSON object with headers as pairs and a body") from None
        except ValueError:
            raise Unusable(f"line {n} needs a body as text or as valid body_base64, not both") from None
        if at is None and line.received_at is None:
            raise Unusable(f"line {n} has no received_at: say the time with --at")
        yield Recorded(n, delivery, at or datetime.fromtimestamp(line.received_at or 0, UTC))


def _body(line: _Line) -> bytes:
    if (line.body is None) == (line.body_base64 is None):
        raise ValueError("one of the two")
    if line.body is not None:
        return line.body.encode()
    return b64decode(line.body_base64 or "", validate=True)
