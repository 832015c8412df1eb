"""JaaS webhooks (8x8's Jitsi as a Service).

Signature: ``X-Jaas-Signature: t=<Unix seconds>,v1=<base64>``, perhaps several, an HMAC-SHA256 with the endpoint's
secret as text (``whsec_`` included) over ``<t>.<raw body>``. Quirks: ``moderator`` is a truth or the word for it;
base64 ends in ``=``; events come in any order, ``timestamp`` (ms) is the truth. Room names are lower case, however
the page wrote them. Who goes to a breakout room leaves the main room and joins another on the same connection: no
facts. ``disconnectReason: left`` is not said to mean the leave button, so no leave is deliberate.
Source: 8x8's documentation of 2026-07-23, with one signed example; breakout rooms as recorded from Jitsi.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from pydantic.alias_generators import to_camel

from webhooks.delivery import (
    Delivery,
    Handshake,
    Identifier,
    Malformed,
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
    RecordingStarted,
    RecordingStopped,
    Role,
    WaitingEntered,
    WaitingLeft,
)
from webhooks.listening import Door, Step
from webhooks.stamped import moment, parted

name = "jaas"
# How often and how long it is tried again is not told; an hour is a guess that forgives an outage.
door = Door(accepted=200, window=Window(past=timedelta(hours=1)))
tells = (
    MeetingStarted,
    MeetingEnded,
    PersonJoined,
    PersonLeft,
    WaitingEntered,
    WaitingLeft,
    RecordingStarted,
    RecordingStopped,
)
steps = (
    Step("there is one X-Jaas-Signature header", (Reason.MISSING_HEADER, Reason.DOUBLED_HEADER)),
    Step("it holds at most 8 signatures", (Reason.TOO_MANY_SIGNATURES,)),
    Step("it holds one t= in Unix seconds", (Reason.BAD_TIMESTAMP,)),
    Step("one v1= was made with a given secret over t.body", (Reason.WRONG_SIGNATURE,)),
    Step("t is at most an hour old and 60 s ahead", (Reason.TOO_OLD, Reason.TOO_EARLY)),
    Step("the body is JSON with idempotencyKey, eventType, sessionId, timestamp and fqn", (Reason.BAD_BODY,)),
)

_FEWEST_BYTES = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Milliseconds = Annotated[int, Field(ge=0, lt=32_503_680_000_000)]


def weakness(secret: str) -> str | None:
    """8x8 makes the secret itself: a short one was not copied whole."""
    size = len(_octets(secret))
    return None if size >= _FEWEST_BYTES else f"has {size} bytes, fewer than {_FEWEST_BYTES}"


def verify(
    delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = door.window
) -> str:
    """Check signatures and stamp as ``Host.verify`` promises.

    Raises:
        Handshake: JaaS asks how to set up a meeting; answered with nothing, which leaves all to its own defaults.
    """
    stamp, given = parted(delivery.header("x-jaas-signature"))
    wanted = {
        key_id: _signature(secret, stamp, delivery.body) for key_id, secret in secrets.items() if secret
    }
    signer = same(given, wanted)
    if signer is None:
        raise Unsigned(Reason.WRONG_SIGNATURE)
    fresh(moment(stamp), now, window)
    if _asks_for_settings(delivery.body):
        raise Handshake(b"{}", signer)
    return signer


def _signature(secret: str, stamp: str, body: bytes) -> str:
    return b64encode(hmac.digest(_octets(secret), f"{stamp}.".encode() + body, "sha256")).decode()


def _octets(secret: str) -> bytes:
    return secret.encode("utf-8", "surrogateescape")


class _Question(BaseModel, extra="forbid"):
    fqn: Identifier
    eventType: Literal["SETTINGS_PROVISIONING"] = "SETTINGS_PROVISIONING"


def _asks_for_settings(body: bytes) -> bool:
    try:
        return b"idempotencyKey" not in body and bool(read_as(_Question, body))
    except Malformed:
        return False


def sign(body: bytes, key_id: str, secret: str, now: datetime, *, key: str, url: str = "") -> Delivery:
    """Give the delivery JaaS would make of *body*; *key* is only in the body, as its ``idempotencyKey``."""
    stamp = str(int(now.timestamp()))
    signature = f"t={stamp},v1={_signature(secret, stamp, body)}"
    return Delivery((("Content-Type", door.content_types[0]), ("X-Jaas-Signature", signature)), body, url)


class _Part(BaseModel, alias_generator=to_camel):
    """A part of the body, in camelCase."""


class _Envelope(_Part):
    idempotency_key: Identifier
    event_type: Identifier


class _Room(_Part):
    is_breakout: object = None

    @property
    def breakout(self) -> bool:
        return _true(self.is_breakout)


class _Participant(_Room):
    id: Identifier | Literal[""] | None = None
    participant_jid: Identifier
    moderator: object = None
    disconnect_reason: str | None = None

    @property
    def connection(self) -> str:
        """One stay: each page load has another. Some events write it with the resource, some without."""
        return self.participant_jid.partition("/")[0] or self.participant_jid


class _Event(_Envelope):
    session_id: Identifier
    timestamp: _Milliseconds
    fqn: Identifier

    def known(self) -> dict[str, object]:
        """Give what all facts of this event have in common; raises ``Malformed``."""
        room = self.fqn.partition("/")[2].lower()
        if not room:
            raise Malformed(Reason.BAD_BODY)
        at = _EPOCH + timedelta(milliseconds=self.timestamp)
        return {
            "host": name,
            "meeting": room,
            "occurrence": self.session_id,
            "at": at,
            "key": self.idempotency_key,
        }


class _RoomEvent(_Event):
    data: _Room


class _PersonEvent(_Event):
    data: _Participant

    def known(self) -> dict[str, object]:
        """Give what all facts of this event have in common; raises ``Malformed``."""
        who = self.data
        return {**super().known(), "person": who.id or who.connection, "connection": who.connection}


def _true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")


def key(delivery: Delivery) -> str:
    """Give the idempotency key, the same over retries."""
    return read_as(_Envelope, delivery.body).idempotency_key


def read(delivery: Delivery) -> list[HostFact]:
    """Give the one fact of an event; side rooms, telephones, uploads and statistics give none."""
    match read_as(_Envelope, delivery.body).event_type:
        case "ROOM_CREATED" | "ROOM_DESTROYED" as kind:
            return _room(read_as(_RoomEvent, delivery.body), kind)
        case "PARTICIPANT_JOINED":
            return _joined(read_as(_PersonEvent, delivery.body))
        case "PARTICIPANT_LEFT":
            return _left(read_as(_PersonEvent, delivery.body))
        case "PARTICIPANT_JOINED_LOBBY":
            return [WaitingEntered(**read_as(_PersonEvent, delivery.body).known())]
        case "PARTICIPANT_LEFT_LOBBY":
            return [WaitingLeft(**read_as(_PersonEvent, delivery.body).known())]
        case "RECORDING_STARTED":
            return [RecordingStarted(**read_as(_Event, delivery.body).known())]
        case "RECORDING_ENDED":
            return [RecordingStopped(**read_as(_Event, delivery.body).known())]
        case _:
            return []


def _room(event: _RoomEvent, kind: str) -> list[HostFact]:
    if event.data.breakout:  # the main room stays while everybody is in side rooms
        return []
    return [(MeetingStarted if kind == "ROOM_CREATED" else MeetingEnded)(**event.known())]


def _joined(event: _PersonEvent) -> list[HostFact]:
    role = Role.THERAPIST if _true(event.data.moderator) else Role.CLIENT
    return [] if event.data.breakout else [PersonJoined(**event.known(), role=role)]


def _left(event: _PersonEvent) -> list[HostFact]:
    if event.data.disconnect_reason == "switch_room":
        return []
    if event.data.breakout:  # off the call from a side room, which may have a session id of its own
        return [PersonLeft(**{**event.known(), "occurrence": None})]
    return [PersonLeft(**event.known())]
