"""Vonage Video callbacks: session monitoring and archive status, with "secure callbacks" switched on.

Signature: ``Authorization: Bearer <jwt>``, HS256 with the callback's signature secret; ``payload_hash`` is the hex
SHA-256 of the raw body. The token names no key, so every given secret is tried.
Quirks: Vonage calls the hash optional; a token without it vouches for no body and is refused. There is no event id,
and a callback is tried again for 24 h, so the key is made of the fields that say which event it is. An archive's
callback has no ``event`` and may carry a ``password``. A session id is used again by a later call. A reload says
``clientDisconnected`` like a person who leaves. Source: Vonage's guides on session monitoring and secure callbacks.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

import jwt
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from webhooks.delivery import (
    Delivery,
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
    role_named,
)
from webhooks.listening import Door, Step
from webhooks.secret import octets, too_short
from webhooks.times import Milliseconds, Seconds, at, at_ms
from webhooks.tokens import bearer, proved, unproved

name = "vonage"
door = Door(
    accepted=200,  # what the guide calls a success
    refused=503,  # Vonage says that a callback may come unsigned, and comes again, signed, after a 5xx
    window=Window(past=timedelta(hours=25)),  # 24 h of tries, if the token is not made anew for each
)
tells = (MeetingStarted, MeetingEnded, PersonJoined, PersonLeft, RecordingStarted, RecordingStopped)
steps = (
    Step("there is one Authorization header", (Reason.MISSING_HEADER, Reason.DOUBLED_HEADER)),
    Step("it holds a JWT of at most 4096 characters", (Reason.BAD_TOKEN,)),
    Step("the token is signed with HS256 and nothing else", (Reason.WRONG_ALGORITHM,)),
    Step("its signature was made with one of the given secrets", (Reason.WRONG_SIGNATURE,)),
    Step("it was issued by Vonage and says when", (Reason.BAD_CLAIM,)),
    Step("it says which body it is for, as payload_hash", (Reason.BODY_NOT_COVERED,)),
    Step("its payload_hash is that of the body, byte for byte", (Reason.OTHER_BODY,)),
    Step("it is at most 25 h old and 60 s ahead, and not expired", (Reason.TOO_OLD, Reason.TOO_EARLY)),
    Step("the body is JSON with sessionId and what its event is about", (Reason.BAD_BODY,)),
)


def weakness(secret: str) -> str | None:
    """Whoever has one callback can try secrets at home; how long Vonage makes its own is not documented."""
    return too_short(octets(secret), 16)


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True)

    iss: Literal["Vonage"]
    iat: Seconds
    exp: Seconds | None = None
    payload_hash: str | None = None


def verify(
    delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = door.window
) -> str:
    """Check token, body and times as ``Host.verify`` promises."""
    signer, claims = _proved(bearer(delivery.header("authorization")), secrets)
    if claims.payload_hash is None:
        raise Unsigned(Reason.BODY_NOT_COVERED)
    if same([claims.payload_hash.lower()], {signer: sha256(delivery.body).hexdigest()}) is None:
        raise Unsigned(Reason.OTHER_BODY)
    fresh(at(claims.iat), now, window)
    if claims.exp is not None:
        fresh(at(claims.exp), now, Window(window.ahead, timedelta.max))
    return signer


def _proved(token: str, secrets: Mapping[str, str]) -> tuple[str, _Claims]:
    """The id of the secret that signed, and what it signed; all are tried, so the time tells nothing."""
    unproved(token)  # what is no token is called so, whatever the secrets are
    found, refusal = {}, Unsigned(Reason.WRONG_SIGNATURE)
    for key_id, secret in secrets.items():
        try:
            found[key_id] = proved(token, secret)
        except Unsigned as reason:
            refusal = reason
    signer = next((key_id for key_id in found if secrets[key_id]), None)
    if signer is None:
        raise Unsigned(refusal.reason)
    try:
        return signer, read_as(_Claims, found[signer])
    except Malformed:
        raise Unsigned(Reason.BAD_CLAIM) from None


def sign(body: bytes, key_id: str, secret: str, now: datetime, *, key: str, url: str = "") -> Delivery:
    """Give the callback that Vonage would make of *body*; *key* is the token's ``jti``."""
    claims = {"iss": "Vonage", "iat": int(now.timestamp()), "jti": key}
    token = jwt.encode({**claims, "payload_hash": sha256(body).hexdigest()}, secret, algorithm="HS256")
    headers = (("Content-Type", door.content_types[0]), ("Authorization", f"Bearer {token}"))
    return Delivery(headers, body, url)


class Carried(BaseModel):
    """What the practice's server writes into a token's connection data; nobody can change it in the call."""

    model_config = ConfigDict(strict=True)

    person: Identifier
    role: str | None = None


def carried(data: str | None) -> Carried | None:
    """Read a connection's data; null for what somebody uses it for who does not follow our form."""
    try:
        return Carried.model_validate_json(data or "")
    except (ValidationError, UnicodeEncodeError):
        return None


class _Told(BaseModel):
    """What a callback tells, and by ``names`` which event it is."""

    model_config = ConfigDict(alias_generator=to_camel)

    event: Identifier = "archive"
    session_id: Identifier


class _Session(_Told):
    timestamp: Milliseconds

    @property
    def names(self) -> tuple[object, ...]:
        return (self.timestamp,)


class _Client(BaseModel):
    id: Identifier
    data: str | None = None


class _Connection(_Session):
    connection: _Client

    @property
    def names(self) -> tuple[object, ...]:
        return (self.connection.id, self.timestamp)


class _Archive(_Told):
    id: Identifier
    status: Identifier
    created_at: Milliseconds
    updated_at: Milliseconds = 0
    output_mode: str | None = None  # other callbacks that have no event have none

    @property
    def names(self) -> tuple[object, ...]:
        return (self.id, self.status, self.updated_at)


_SHAPES: dict[str, type[_Session | _Archive]] = {
    "sessionCreated": _Session,
    "sessionDestroyed": _Session,
    "connectionCreated": _Connection,
    "connectionDestroyed": _Connection,
    "archive": _Archive,
}


class _Kind(BaseModel):
    event: Identifier = "archive"


def _told(body: bytes) -> _Session | _Archive | None:
    shape = _SHAPES.get(read_as(_Kind, body).event)
    return None if shape is None else read_as(shape, body)


def key(delivery: Delivery) -> str:
    """Give a name made of what tells one event from another; of the whole body for kinds that are not ours."""
    told = _told(delivery.body)
    if told is None:
        return sha256(delivery.body).hexdigest()
    return sha256("\n".join(map(str, (told.event, told.session_id, *told.names))).encode()).hexdigest()


def read(delivery: Delivery) -> list[HostFact]:
    """Give the one fact of a callback; streams, and archives that are only stored, give none."""
    told = _told(delivery.body)
    if told is None:
        return []
    known = {"host": name, "meeting": told.session_id, "key": key(delivery)}
    if isinstance(told, _Archive):
        return _recording(told, known)
    when = at_ms(told.timestamp)
    if isinstance(told, _Connection):
        return [_person(told, {**known, "at": when})]
    return [(MeetingStarted if told.event == "sessionCreated" else MeetingEnded)(**known, at=when)]


def _person(told: _Connection, known: dict[str, object]) -> HostFact:
    client = told.connection
    who = carried(client.data) or Carried(person=client.id)
    known |= {"person": who.person, "connection": client.id}
    if told.event == "connectionCreated":
        return PersonJoined.model_validate({**known, "role": role_named(who.role)})
    return PersonLeft.model_validate(known)


def _recording(told: _Archive, known: dict[str, str]) -> list[HostFact]:
    when = at_ms(max(told.created_at, told.updated_at))
    match told.status:
        case "started" if told.output_mode:
            return [RecordingStarted(**known, at=when)]
        case "stopped" | "failed" if told.output_mode:
            return [RecordingStopped(**known, at=when)]
        case _:
            return []
