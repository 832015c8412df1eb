"""Daily webhooks.

Signature: ``X-Webhook-Signature: <base64>``, an HMAC-SHA256 with the base64-decoded secret over
``<X-Webhook-Timestamp>.<raw body>``, a stamp in seconds or milliseconds: the unit is not told. Quirks: all but 200
is a failure, and after three in a row the default feed stops for good; a trial of the address, ``{"test":"test"}``,
comes before Daily and we need share a secret; people are told without the meeting they are in, so runs of a room are
told apart by when they began; recordings say ``room_name`` where the others say ``room``, and ``recording.started``
says neither. Who knocks may have no ``user_id``. Names and ``share_token`` are not read.
Source: docs.daily.co as stored in 2026; daily-co/daily-ruby 287e077; what production consumers published.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, StrictBool

from webhooks.delivery import (
    Delivery,
    Handshake,
    Identifier,
    Malformed,
    Perhaps,
    Reason,
    Unsigned,
    Window,
    fresh,
    read_as,
    same,
)
from webhooks.events import (
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PersonJoined,
    PersonLeft,
    RecordingStopped,
    Role,
    WaitingEntered,
    WaitingLeft,
)
from webhooks.listening import Door, Step
from webhooks.secret import too_short, unpacked
from webhooks.times import Fractional, at

name = "daily"
# Five tries, with up to a quarter of an hour between them. event_ts is said to be the time of sending: whether a try
# has one of its own, so that one id comes with two bodies, is not told.
door = Door(accepted=200, unreadable=200, contradicted=200, window=Window(past=timedelta(minutes=75)))
tells = (
    MeetingStarted,
    MeetingEnded,
    PersonJoined,
    PersonLeft,
    WaitingEntered,
    WaitingLeft,
    RecordingStopped,
)
steps = (
    Step("both X-Webhook- headers are there, each once", (Reason.MISSING_HEADER, Reason.DOUBLED_HEADER)),
    Step("X-Webhook-Timestamp is Unix seconds or milliseconds in digits", (Reason.BAD_TIMESTAMP,)),
    Step("X-Webhook-Signature was made with a given secret over timestamp.body", (Reason.WRONG_SIGNATURE,)),
    Step("the timestamp is at most 75 min old and 60 s ahead", (Reason.TOO_OLD, Reason.TOO_EARLY)),
    Step("the body is JSON with id, type, event_ts and payload", (Reason.BAD_BODY,)),
)

_STAMP = re.compile(r"[0-9]{1,10}|[0-9]{13}")


def weakness(secret: str) -> str | None:
    """Daily's ``hmac`` is the base64 of random bytes, 32 where Daily makes it."""
    key = unpacked(secret)
    if key is None:
        return "is not base64"
    return too_short(key, 24)


def verify(
    delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = door.window
) -> str:
    """Check signature and stamp as ``Host.verify`` promises."""
    # Nobody vouches for the bare trial, and it says nothing. With one word more it is a delivery like any other.
    if len(delivery.body) < 64 and _is(_BareTrial, delivery.body):
        raise Handshake(b"{}", None)
    given, stamp = (delivery.header(f"x-webhook-{part}") for part in ("signature", "timestamp"))
    if not _STAMP.fullmatch(stamp):
        raise Unsigned(Reason.BAD_TIMESTAMP)
    keys = {key_id: key for key_id, secret in secrets.items() if (key := unpacked(secret))}
    signer = same([given], {key_id: _signature(key, stamp, delivery.body) for key_id, key in keys.items()})
    if signer is None:
        raise Unsigned(Reason.WRONG_SIGNATURE)
    fresh(at(int(stamp) / (1000 if len(stamp) > 10 else 1)), now, window)
    if b'"test"' in delivery.body and _is(_Trial, delivery.body):
        raise Handshake(b"{}", signer)
    return signer


class _Trial(BaseModel):
    test: Literal["test"]


class _BareTrial(_Trial, extra="forbid"):
    pass


def _is(shape: type[BaseModel], body: bytes) -> bool:
    try:
        return bool(read_as(shape, body))
    except Malformed:
        return False


def _signature(key: bytes, stamp: str, body: bytes) -> str:
    return b64encode(hmac.digest(key, f"{stamp}.".encode() + body, "sha256")).decode()


def sign(body: bytes, key_id: str, secret: str, now: datetime, *, key: str, url: str = "") -> Delivery:
    """Give the delivery Daily would make of *body*; *key* is only in the body, as its ``id``.

    Raises:
        ValueError: *secret* is not base64.
    """
    secret_key = unpacked(secret)
    if secret_key is None:
        raise ValueError(f"the secret {key_id} {weakness(secret)}")
    stamp = str(int(now.timestamp()))
    headers = (
        ("Content-Type", door.content_types[0]),
        ("X-Webhook-Timestamp", stamp),
        ("X-Webhook-Signature", _signature(secret_key, stamp, body)),
    )
    return Delivery(headers, body, url)


class _Envelope(BaseModel):
    id: Identifier
    type: Identifier


class _Permissions(BaseModel):
    hasPresence: bool | None = None


class _Payload(BaseModel):
    """What the kinds of events say of a meeting, a person or a recording; hardly a field is promised."""

    room: Identifier | None = None
    room_name: Identifier | None = None
    session_id: Identifier | None = None
    user_id: Perhaps = None
    owner: StrictBool | None = None
    permissions: _Permissions | None = None
    joined_at: Fractional | None = None
    start_ts: Fractional | None = None
    end_ts: Fractional | None = None
    duration: Fractional | None = None


class _Event(_Envelope):
    event_ts: Fractional
    payload: _Payload

    def known(self) -> dict[str, object]:
        """Give what all facts of this event have in common; raises ``Malformed``."""
        room = self.payload.room or self.payload.room_name
        if room is None:
            raise Malformed(Reason.BAD_BODY)
        return {"host": name, "meeting": room, "key": self.id}

    def somebody(self) -> dict[str, object]:
        """Give what all facts about its person have in common; raises ``Malformed``."""
        connection = self.payload.session_id
        if connection is None:
            raise Malformed(Reason.BAD_BODY)
        return {**self.known(), "person": self.payload.user_id or connection, "connection": connection}

    def at(self, told: float | None = None) -> datetime:
        """Give the time that is told, or when the event was sent."""
        return at(self.event_ts if told is None else told)


def key(delivery: Delivery) -> str:
    """Give the event's id, the same over retries."""
    return read_as(_Envelope, delivery.body).id


def read(delivery: Delivery) -> list[HostFact]:
    """Give the one fact of an event; transcripts, streams, telephones and hidden people give none."""
    reads = _KINDS.get(read_as(_Envelope, delivery.body).type)
    return reads(read_as(_Event, delivery.body)) if reads else []


def _meeting(event: _Event) -> list[HostFact]:
    told = event.payload
    known = {**event.known(), "begun": None if told.start_ts is None else event.at(told.start_ts)}
    if event.type == "meeting.started":
        return [MeetingStarted(**known, at=event.at(told.start_ts))]
    return [MeetingEnded(**known, at=event.at(told.end_ts))]


def _person(event: _Event) -> list[HostFact]:
    told = event.payload
    if told.permissions is not None and told.permissions.hasPresence is False:
        return []
    if event.type == "participant.left":  # the leave button and a reload say the same
        spent = None if told.joined_at is None or told.duration is None else told.joined_at + told.duration
        return [PersonLeft(**event.somebody(), at=event.at(spent))]
    role = Role.THERAPIST if told.owner else Role.CLIENT
    return [PersonJoined(**event.somebody(), at=event.at(told.joined_at), role=role)]


def _waiting(event: _Event) -> list[HostFact]:
    if event.type == "waiting-participant.left":
        return [WaitingLeft(**event.somebody(), at=event.at())]
    return [WaitingEntered(**event.somebody(), at=event.at(event.payload.joined_at))]


def _recording(event: _Event) -> list[HostFact]:
    return [RecordingStopped(**event.known(), at=event.at())]


_KINDS: Mapping[str, Callable[[_Event], list[HostFact]]] = {
    "meeting.started": _meeting,
    "meeting.ended": _meeting,
    "participant.joined": _person,
    "participant.left": _person,
    "waiting-participant.joined": _waiting,
    "waiting-participant.left": _waiting,
    "recording.ready-to-download": _recording,
    "recording.error": _recording,
}
