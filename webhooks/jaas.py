"""JaaS webhooks (8x8's Jitsi as a Service).

Signature: ``X-Jaas-Signature: t=<Unix seconds>,v1=<base64>``, perhaps several, an HMAC-SHA256 with the endpoint's
secret as text (``whsec_`` included) over ``<t>.<raw body>``. Quirks: ``moderator`` is a truth or the word for it;
base64 ends in ``=``; events come in any order, ``timestamp`` (ms) is the truth. Room names are lower case, however
the page wrote them. Who goes to a breakout room leaves the main room and joins another on the same connection: no
facts. ``disconnectReason: left`` is not said to mean the leave button, so no leave is deliberate.
Source: 8x8's documentation of 2026-07-23, with one signed example; breakout rooms as recorded from Jitsi.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from webhooks.delivery import (
    Delivery,
    Handshake,
    Identifier,
    Malformed,
    Perhaps,
    Reason,
    Window,
    read_as,
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
from webhooks.secret import octets, too_short
from webhooks.stamped import Stamped
from webhooks.times import Milliseconds, at_ms

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

_scheme = Stamped("X-Jaas-Signature", lambda mac: b64encode(mac).decode())


def weakness(secret: str) -> str | None:
    """8x8 makes the secret itself: a short one was not copied whole."""
    return too_short(octets(secret), 16)


def verify(
    delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = door.window
) -> str:
    """Check signatures and stamp as ``Host.verify`` promises.

    Raises:
        Handshake: JaaS asks how to set up a meeting; answered with nothing, which leaves all to its own defaults.
    """
    signer = _scheme.vouching(delivery, secrets, now, window)
    if _asks_for_settings(delivery.body):
        raise Handshake(b"{}", signer)
    return signer


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
    return _scheme.signed(body, secret, now, url)


class _Part(BaseModel, alias_generator=to_camel):
    """A part of the body, in camelCase."""


class _Envelope(_Part):
    idempotency_key: Identifier
    event_type: Identifier


class _Room(_Part):
    is_breakout: object = None

    @property
    def breakout(self) -> bool:
        return is_true(self.is_breakout)


class _Participant(_Room):
    id: Perhaps = None
    participant_jid: Identifier
    moderator: object = None
    disconnect_reason: str | None = None

    @property
    def connection(self) -> str:
        """One stay: each page load has another. Some events write it with the resource, some without."""
        return self.participant_jid.partition("/")[0] or self.participant_jid


class _Event(_Envelope):
    session_id: Identifier
    timestamp: Milliseconds
    fqn: Identifier

    def known(self) -> dict[str, object]:
        """Give what all facts of this event have in common; raises ``Malformed``."""
        room = self.fqn.partition("/")[2].lower()
        if not room:
            raise Malformed(Reason.BAD_BODY)
        return {
            "host": name,
            "meeting": room,
            "occurrence": self.session_id,
            "at": at_ms(self.timestamp),
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


def is_true(value: object) -> bool:
    """Whether 8x8 means true: as a truth, or as the word for it, in webhooks and in tokens alike."""
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
    role = Role.THERAPIST if is_true(event.data.moderator) else Role.CLIENT
    return [] if event.data.breakout else [PersonJoined(**event.known(), role=role)]


def _left(event: _PersonEvent) -> list[HostFact]:
    if event.data.disconnect_reason == "switch_room":
        return []
    if event.data.breakout:  # off the call from a side room, which may have a session id of its own
        return [PersonLeft(**{**event.known(), "occurrence": None})]
    return [PersonLeft(**event.known())]
