"""Deliveries of the sandbox host, and of any sender of Standard Webhooks with the same body.

Signature: ``webhook-signature: v1,<base64>``, an HMAC-SHA256 with the base64-decoded secret over
``<webhook-id>.<webhook-timestamp>.<raw body>``; several, parted by spaces, while a secret is replaced.
Source: the Standard Webhooks specification 1.0.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from webhooks.delivery import (
    Delivery,
    Identifier,
    Malformed,
    Reason,
    Unsigned,
    Window,
    fresh,
    in_digits,
    read_as,
    same,
)
from webhooks.events import HostFact, MeetingEnded, MeetingStarted, PersonJoined, PersonLeft, role_named
from webhooks.listening import Door, Step
from webhooks.secret import unpacked
from webhooks.times import Moment, at

name = "sandbox"
door = Door()
tells = (MeetingStarted, MeetingEnded, PersonJoined, PersonLeft)
steps = (
    Step(
        "the headers webhook-id, webhook-timestamp and webhook-signature are there, each once",
        (Reason.MISSING_HEADER, Reason.DOUBLED_HEADER),
    ),
    Step("webhook-id is 1 to 128 of A-Z a-z 0-9 _ -", (Reason.BAD_ID,)),
    Step("webhook-timestamp is Unix seconds in digits", (Reason.BAD_TIMESTAMP,)),
    Step("webhook-signature holds at most 8 signatures", (Reason.TOO_MANY_SIGNATURES,)),
    Step("one v1 signature was made with a given secret over id.timestamp.body", (Reason.WRONG_SIGNATURE,)),
    Step("the timestamp is at most 300 s old and 60 s ahead", (Reason.TOO_OLD, Reason.TOO_EARLY)),
    Step("the body is JSON with type, timestamp and data", (Reason.BAD_BODY,)),
)

_MOST_SIGNATURES = 8
_SECRET_BYTES = range(24, 65)
# A dot would let "id.timestamp.body" be cut at another place and still carry the same signature.
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def weakness(secret: str) -> str | None:
    """Standard Webhooks wants ``whsec_`` and the base64 of 24 to 64 random bytes."""
    key = _key(secret)
    if key is None or not secret.startswith("whsec_"):
        return "is not whsec_ followed by base64"
    return None if len(key) in _SECRET_BYTES else f"has {len(key)} bytes, not 24 to 64"


def verify(
    delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = door.window
) -> str:
    """Check id, stamp and signatures as ``Host.verify`` promises."""
    message, stamp, signatures = (
        delivery.header(f"webhook-{part}") for part in ("id", "timestamp", "signature")
    )
    if not _ID.fullmatch(message):
        raise Malformed(Reason.BAD_ID)
    in_digits(stamp)
    given = signatures.split(" ", _MOST_SIGNATURES)
    if len(given) > _MOST_SIGNATURES:
        raise Malformed(Reason.TOO_MANY_SIGNATURES)
    keys = {key_id: key for key_id, secret in secrets.items() if (key := _key(secret))}
    wanted = {key_id: _signature(key, message, stamp, delivery.body) for key_id, key in keys.items()}
    signer = same(given, wanted)
    if signer is None:
        raise Unsigned(Reason.WRONG_SIGNATURE)
    fresh(at(int(stamp)), now, window)
    return signer


def _key(secret: str) -> bytes | None:
    return unpacked(secret.removeprefix("whsec_"))


def _signature(key: bytes, message: str, stamp: str, body: bytes) -> str:
    signed = f"{message}.{stamp}.".encode() + body
    return "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()


def sign(body: bytes, key_id: str, secret: str, now: datetime, *, key: str, url: str = "") -> Delivery:
    """Give one attempt of a message; *key* is the message id, the same over retries.

    Raises:
        ValueError: *secret* is not base64.
    """
    secret_key = _key(secret)
    if secret_key is None:
        raise ValueError(f"the secret {key_id} {weakness(secret)}")
    stamp = str(int(now.timestamp()))
    headers = (
        ("Content-Type", door.content_types[0]),
        ("webhook-id", key),
        ("webhook-timestamp", stamp),
        ("webhook-signature", _signature(secret_key, key, stamp, body)),
    )
    return Delivery(headers, body, url)


def key(delivery: Delivery) -> str:
    """Give the message id, which stays the same over retries while the timestamp moves."""
    return delivery.header("webhook-id")


class _Kind(BaseModel):
    type: Identifier


class _Data(BaseModel):
    meeting: Identifier
    occurrence: Identifier


class _PersonData(_Data):
    participant: Identifier
    connection: Identifier | None = None
    role: str | None = None
    reason: str | None = None


class _Message(BaseModel):
    timestamp: Moment


class _MeetingMessage(_Message):
    type: Literal["meeting.started", "meeting.ended"]
    data: _Data


class _PersonMessage(_Message):
    type: Literal["participant.joined", "participant.left"]
    data: _PersonData


def read(delivery: Delivery) -> list[HostFact]:
    """Give the one fact of a message, or none for a type that is not ours."""
    match read_as(_Kind, delivery.body).type:
        case "meeting.started" | "meeting.ended":
            return [_meeting(read_as(_MeetingMessage, delivery.body), key(delivery))]
        case "participant.joined" | "participant.left":
            return [_person(read_as(_PersonMessage, delivery.body), key(delivery))]
        case _:
            return []


def _meeting(message: _MeetingMessage, key: str) -> HostFact:
    fact = MeetingStarted if message.type == "meeting.started" else MeetingEnded
    data = message.data
    return fact(
        host=name,
        meeting=data.meeting,
        occurrence=data.occurrence,
        at=message.timestamp,
        key=key,
    )


def _person(message: _PersonMessage, key: str) -> HostFact:
    data = message.data
    known = {
        "host": name,
        "meeting": data.meeting,
        "occurrence": data.occurrence,
        "person": data.participant,
        "connection": data.connection,
        "at": message.timestamp,
        "key": key,
    }
    if message.type == "participant.joined":
        return PersonJoined(**known, role=role_named(data.role))
    return PersonLeft(**known, deliberate=data.reason == "left")
