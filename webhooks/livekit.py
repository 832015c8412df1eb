"""LiveKit webhooks, self-hosted and Cloud.

Signature: ``Authorization: <jwt>`` without a scheme, HS256 with the API secret; ``iss`` is the API key and
``sha256`` the base64 SHA-256 of the raw body. Retries repeat the token: its ``exp`` is the only age there is.
Quirks: 64-bit numbers are strings, and zero values are left out. ``room`` carries ``turnPassword`` and
``participant`` a name: neither is read here. ``createdAt`` is in whole seconds. A reload of the page says
``CLIENT_INITIATED`` too, so no leave is called deliberate. Source: livekit/protocol; recordings of v1.13.5.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

import jwt
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from webhooks.delivery import (
    Delivery,
    Identifier,
    Malformed,
    Reason,
    Shape,
    Stale,
    Unsigned,
    Window,
    read_as,
    same,
)
from webhooks.events import (
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PersonJoined,
    PersonLeft,
    Role,
    role_named,
)
from webhooks.listening import Door, Step
from webhooks.secret import octets
from webhooks.times import Milliseconds, Seconds, at, at_ms
from webhooks.tokens import bearer, proved, unproved

name = "livekit"
door = Door(content_types=("application/webhook+json",))
tells = (MeetingStarted, MeetingEnded, PersonJoined, PersonLeft)
steps = (
    Step("there is one Authorization header", (Reason.MISSING_HEADER, Reason.DOUBLED_HEADER)),
    Step("it holds a JWT of at most 4096 characters", (Reason.BAD_TOKEN,)),
    Step("the token's issuer is one of the given key ids", (Reason.UNKNOWN_KEY,)),
    Step("the token is signed with HS256 and nothing else", (Reason.WRONG_ALGORITHM,)),
    Step("its signature was made with that key's secret", (Reason.WRONG_SIGNATURE,)),
    Step("it says which body it is for and when it expires, at most 6 h ahead", (Reason.BAD_CLAIM,)),
    Step("its sha256 is that of the body, byte for byte", (Reason.OTHER_BODY,)),
    Step("it is valid at the time of arrival, give or take 60 s", (Reason.TOO_OLD, Reason.TOO_EARLY)),
    Step("the body is JSON with event, id, room and participant", (Reason.BAD_BODY,)),
)

_LONGEST_LIFE = 6 * 3600  # what LiveKit's own libraries give by default; the server gives a webhook 5 minutes
_SECRET_BYTES = 32


def weakness(secret: str) -> str | None:
    """LiveKit asks for 32 characters and more; a ``--dev`` server uses a secret that everybody knows."""
    size = len(octets(secret))
    return None if size >= _SECRET_BYTES else f"has {size} bytes, LiveKit asks for {_SECRET_BYTES}"


class _Issuer(BaseModel):
    iss: str = ""


class _Claims(BaseModel):
    """What a webhook's token must say; strict, because an ``exp`` that is text would never be compared."""

    model_config = ConfigDict(strict=True)

    exp: Seconds
    nbf: Seconds = 0
    iat: Seconds = 0
    sha256: str


def verify(
    delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = door.window
) -> str:
    """Check token, body and times as ``Host.verify`` promises; of *window* only ``ahead`` counts."""
    arrived, forgiven = now.timestamp(), window.ahead.total_seconds()
    token = bearer(delivery.header("authorization"))
    key_id = _claimed(_Issuer, unproved(token), Reason.BAD_TOKEN).iss
    if not secrets.get(key_id):
        raise Unsigned(Reason.UNKNOWN_KEY)
    claims = _claimed(_Claims, proved(token, secrets[key_id]), Reason.BAD_CLAIM)
    if claims.exp > arrived + _LONGEST_LIFE + forgiven:
        raise Unsigned(Reason.BAD_CLAIM)
    if same([claims.sha256], {key_id: _digest(delivery.body)}) is None:
        raise Unsigned(Reason.OTHER_BODY)
    if arrived > claims.exp + forgiven:
        raise Stale(Reason.TOO_OLD, arrived - claims.exp)
    if arrived < max(claims.nbf, claims.iat) - forgiven:
        raise Stale(Reason.TOO_EARLY, arrived - max(claims.nbf, claims.iat))
    return key_id


def _claimed(shape: type[Shape], payload: bytes, otherwise: Reason) -> Shape:
    try:
        return read_as(shape, payload)
    except Malformed:
        raise Unsigned(otherwise) from None


def _digest(body: bytes) -> str:
    return b64encode(sha256(body).digest()).decode()


def sign(body: bytes, key_id: str, secret: str, now: datetime, *, key: str, url: str = "") -> Delivery:
    """Give the delivery a LiveKit server would make of *body*; *key* is only in the body, as its ``id``."""
    issued = int(now.timestamp())
    times = {"nbf": issued, "iat": issued, "exp": issued + 300}
    token = jwt.encode({"iss": key_id, **times, "sha256": _digest(body)}, secret, algorithm="HS256")
    headers = (("Content-Type", door.content_types[0]), ("Authorization", token))
    return Delivery(headers, body, url)


class _Part(BaseModel):
    """A part of the body: camelCase as webhooks write it, or snake_case as the server's API does."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class _Room(_Part):
    sid: Identifier
    name: Identifier
    creation_time_ms: Milliseconds = 0


class _Permission(_Part):
    hidden: bool = False
    can_update_metadata: bool = False


class _Attributes(_Part):
    role: str | None = None


class Participant(_Part):
    """One participant, in a webhook or in an answer of the server's API."""

    sid: Identifier
    identity: Identifier
    state: str | int = "JOINING"
    kind: str | int = "STANDARD"
    joined_at: Seconds = 0
    joined_at_ms: Milliseconds = 0
    permission: _Permission | None = None
    attributes: _Attributes | None = None

    @property
    def is_person(self) -> bool:
        """Whether it is somebody whom others can see: no agent, recorder or telephone, and not hidden."""
        return self.kind in ("STANDARD", 0) and not (self.permission and self.permission.hidden)

    @property
    def role(self) -> Role | None:
        """The role by the token; who may write their own attributes may call themselves therapist."""
        if self.attributes is None or (self.permission and self.permission.can_update_metadata):
            return None
        return role_named(self.attributes.role)

    @property
    def joined(self) -> datetime | None:
        """When the connection came into the room, where that is told."""
        milliseconds = self.joined_at_ms or 1000 * self.joined_at
        return at_ms(milliseconds) if milliseconds else None


class _Envelope(_Part):
    event: Identifier
    id: Identifier


class _RoomEvent(_Envelope):
    created_at: Seconds
    room: _Room


class _ParticipantEvent(_RoomEvent):
    participant: Participant


def key(delivery: Delivery) -> str:
    """Give the event's id, the same over retries and over several configured addresses."""
    return read_as(_Envelope, delivery.body).id


def read(delivery: Delivery) -> list[HostFact]:
    """Give the one fact of an event; tracks, recordings and what is not a person in the room give none."""
    match read_as(_Envelope, delivery.body).event:
        case "room_started" | "room_finished":
            return [_room(read_as(_RoomEvent, delivery.body))]
        case "participant_joined" | "participant_left" | "participant_connection_aborted":
            return _person(read_as(_ParticipantEvent, delivery.body))
        case _:
            return []


def _room(event: _RoomEvent) -> HostFact:
    room = event.room
    begun = at_ms(room.creation_time_ms) if room.creation_time_ms else at(event.created_at)
    known = {"host": name, "meeting": room.name, "occurrence": room.sid, "key": event.id}
    if event.event == "room_started":
        return MeetingStarted(**known, at=begun)
    return MeetingEnded(**known, at=max(begun, at(event.created_at)))


def _person(event: _ParticipantEvent) -> list[HostFact]:
    who, told = event.participant, at(event.created_at)
    if not who.is_person:
        return []
    joined = who.joined or told
    known = {"host": name, "meeting": event.room.name, "occurrence": event.room.sid, "key": event.id}
    known |= {"person": who.identity, "connection": who.sid}
    if event.event == "participant_joined":
        return [PersonJoined(**known, at=joined, role=who.role, sole=True)]
    # An aborted connection was mostly never told of, but after a failed migration between servers it was.
    # createdAt lost its fraction of a second: nobody leaves before they came.
    return [PersonLeft(**known, at=max(joined, told))]
