"""Zoom Meetings webhooks, and the same events over Zoom's event socket.

Signature: ``x-zm-signature: v0=<hex>``, an HMAC-SHA256 with the app's secret token over
``v0:<x-zm-request-timestamp>:<raw body>``. The address is tried when it is saved and every 72 h after, signed the
same way; the answer is made with the same secret, so it is given to a signed trial of a plain token alone.
Quirks: ids are texts in one event and numbers in the next, and empty where they are not known. ``user_id`` is new
for every stay, and a change between main and breakout room is a leave of one stay and a join of the next in the
same second, in either order; the breakout events beside them say nothing more. ``leave_reason`` is "left the
meeting" for a reload and for a change of rooms as well, so no leave is called deliberate.
Source: the types of @zoom/rivet 0.4.0; developers.zoom.us on webhooks.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Final

from pydantic import BaseModel, StringConstraints

from webhooks.delivery import (
    Delivery,
    Handshake,
    Malformed,
    Reason,
    Unsigned,
    Window,
    fresh,
    in_digits,
    read_as,
    same,
)
from webhooks.events import HostFact, PersonFact, PersonJoined, PersonLeft, PersonRole, Role
from webhooks.listening import Door, Step
from webhooks.secret import octets, too_short
from webhooks.times import at
from webhooks.zoom_event import TELLS, Event, Kind, Meeting

name = "zoom"
# Tries again 5, 25 and 85 minutes after the first time; nowhere is it promised that each try has a stamp of its own.
door = Door(accepted=200, window=Window(past=timedelta(hours=2)))
tells = tuple(dict.fromkeys(fact for fact, _ in TELLS.values()))
steps = (
    Step(
        "the headers x-zm-request-timestamp and x-zm-signature are there, each once",
        (Reason.MISSING_HEADER, Reason.DOUBLED_HEADER),
    ),
    Step("x-zm-request-timestamp is Unix seconds in digits", (Reason.BAD_TIMESTAMP,)),
    Step("the signature was made with a given secret over v0:timestamp:body", (Reason.WRONG_SIGNATURE,)),
    Step("the timestamp is at most 2 h old and 60 s ahead", (Reason.TOO_OLD, Reason.TOO_EARLY)),
    Step("the body is JSON with event, event_ts and the ids we need", (Reason.BAD_BODY,)),
)

_TRIAL: Final = "endpoint.url_validation"


def weakness(secret: str) -> str | None:
    """Zoom makes the secret token itself, of 22 characters."""
    return too_short(octets(secret), 16)


def verify(
    delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = door.window
) -> str:
    """Check stamp and signature as ``Host.verify`` promises; a signed trial raises ``Handshake``."""
    stamp, given = delivery.header("x-zm-request-timestamp"), delivery.header("x-zm-signature")
    in_digits(stamp)
    keys = {key_id: secret for key_id, secret in secrets.items() if secret}
    wanted = {key_id: _signature(secret, stamp, delivery.body) for key_id, secret in keys.items()}
    signer = same([given], wanted)
    if signer is None:
        raise Unsigned(Reason.WRONG_SIGNATURE)
    fresh(at(int(stamp)), now, window)
    if _TRIAL.encode() in delivery.body and read_as(Kind, delivery.body).event == _TRIAL:
        raise Handshake(_proof(delivery.body, keys[signer]), signer)
    return signer


def _signature(secret: str, stamp: str, body: bytes) -> str:
    return "v0=" + _mac(secret, f"v0:{stamp}:".encode() + body)


def _mac(secret: str, content: bytes) -> str:
    return hmac.digest(octets(secret), content, "sha256").hex()


def _proof(body: bytes, secret: str) -> bytes:
    token = read_as(_Trial, body).payload.plainToken
    return json.dumps({"plainToken": token, "encryptedToken": _mac(secret, token.encode())}).encode()


def sign(body: bytes, key_id: str, secret: str, now: datetime, *, key: str, url: str = "") -> Delivery:
    """Give the delivery Zoom would make of *body*; *key* follows from the body, so it is not used.

    Raises:
        ValueError: *secret* is empty.
    """
    if not secret:
        raise ValueError(f"the secret {key_id} is empty")
    stamp = str(int(now.timestamp()))
    headers = (
        ("Content-Type", "application/json; charset=utf-8"),
        ("x-zm-request-timestamp", stamp),
        ("x-zm-signature", _signature(secret, stamp, body)),
    )
    return Delivery(headers, body, url)


class _Plain(BaseModel):
    # A colon would make it a text that the secret also signs as a delivery.
    plainToken: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_-]{8,64}$")]


class _Trial(BaseModel):
    payload: _Plain


def key(delivery: Delivery) -> str:
    """Give a name made of what identifies the event; for kinds we do not use, of the whole body."""
    if read_as(Kind, delivery.body).event not in TELLS:
        return sha256(delivery.body).hexdigest()
    return read_as(Event, delivery.body).key


def read(delivery: Delivery) -> list[HostFact]:
    """Give the one fact of an event; breakout rooms, sharing, chat and the like give none."""
    if read_as(Kind, delivery.body).event not in TELLS:
        return []
    event = read_as(Event, delivery.body)
    fact, meeting = TELLS[event.event][0], event.payload.object
    known = {
        "host": name,
        "meeting": meeting.id,
        "occurrence": meeting.uuid,
        "at": event.at,
        "key": event.key,
    }
    if issubclass(fact, PersonFact):
        return _about(meeting, fact, known)
    return [fact(**known)]


def _about(meeting: Meeting, fact: type[HostFact], known: Mapping[str, object]) -> list[HostFact]:
    who = meeting.participant
    if who.user_id is None and fact in (PersonJoined, PersonLeft):
        raise Malformed(Reason.BAD_BODY)
    if who.person is None:
        return []  # somebody waits of whom nothing is known
    told: dict[str, object] = {**known, "person": who.person, "connection": who.user_id}
    if fact is PersonJoined:
        told["role"] = _role(meeting)
    if fact is PersonRole:
        told["role"] = Role.THERAPIST if who.new_role in ("host", "co-host") else None
    return [fact(**told)]


def _role(meeting: Meeting) -> Role:
    """The meeting's host is the therapist; names, addresses and keys that a page chose make nobody one."""
    who = meeting.participant
    hosting = meeting.host_id is not None and meeting.host_id in (who.participant_user_id, who.id)
    return Role.THERAPIST if hosting else Role.CLIENT
