"""The frames of the wire, version 1: JSON objects, one a text frame.

What comes up is read strictly and never repeated in an error. What goes down is made here and nowhere else.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from plugin.core.refusal import Reason
from plugin.rituals import AnyAsk

LARGEST = 64 * 1024
"""Bytes of one frame, and of one ask by POST."""

_ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    v: Literal[1]


class Hello(_Frame):
    """The first frame: the overlay token, and whether the page is in front."""

    type: Literal["hello"]
    token: Annotated[str, Field(max_length=4096)]
    visible: bool = True


class Painted(_Frame):
    """A visible page has painted the screen of this revision."""

    type: Literal["painted"]
    revision: Annotated[int, Field(ge=0, lt=2**53)]


class Pong(_Frame):
    """The answer to a ping; also sent unasked when the page turns visible or hidden."""

    type: Literal["pong"]
    visible: bool


class Answer(_Frame):
    """Accepted (``ok``) or refused with a reason; ``id`` is null when the ask could not be read at all."""

    type: Literal["answer"] = "answer"
    id: str | None
    ok: Literal[True] | None = None
    refused: Reason | None = None


class Token(_Frame):
    """A renewed overlay token; the newest replaces the one before."""

    type: Literal["token"] = "token"
    token: str


class Ping(_Frame):
    """Every four seconds; to be answered with a pong."""

    type: Literal["ping"] = "ping"


Up = Annotated[Hello | Painted | Pong | AnyAsk, Field(discriminator="type")]
_up: TypeAdapter[Hello | Painted | Pong | AnyAsk] = TypeAdapter(Up)


class _Marked(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, Field(pattern=_ID)]


PING = Ping(v=1).model_dump_json().encode()


def up_from(frame: bytes) -> Hello | Painted | Pong | AnyAsk:
    """Read a frame from a browser; raises ``pydantic.ValidationError``."""
    return _up.validate_json(frame)


def id_in(frame: bytes) -> str | None:
    """The ask's id in a frame that could not be read otherwise, to say which one was refused."""
    try:
        return _Marked.model_validate_json(frame).id
    except ValidationError:
        return None


def accepted(ask: str) -> bytes:
    """The journal has this ask."""
    # An ask's id is a UUID in letters and digits, so nothing needs to be escaped.
    return b'{"v":1,"type":"answer","id":"%b","ok":true}' % ask.encode()


def refused(ask: str | None, reason: Reason) -> bytes:
    """This ask changed nothing."""
    return Answer(v=1, id=ask, refused=reason).model_dump_json(exclude={"ok"}).encode()


def token(text: str) -> bytes:
    """A renewed token."""
    return Token(v=1, token=text).model_dump_json().encode()


def screen(revision: int, now: datetime, cards: bytes) -> bytes:
    """A person's whole screen. The cards come as JSON already, so the frame is put together around them."""
    stamp = now.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
    head = b'{"v":1,"type":"screen","revision":%d,"now":"%b","cards":' % (revision, stamp)
    return head + cards + b"}"
