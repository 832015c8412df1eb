"""BigBlueButton's ``bbb-webhooks``.

Signature: the last query parameter, ``checksum=<hex>``, a plain SHA digest of address + raw body + shared secret; or
none, in "auth 2.0" mode: see ``bigbluebutton_proof``. Quirks: retries repeat the bytes, a permanent hook for ever.
Events overtake each other, so times are ``data.event.ts``. A body holds names, addresses, both meeting passwords and
session tokens: none is read.
Source: bigbluebutton/bbb-webhooks; recordings of 3.5.0, 3.3.1 and 2.6.1.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from pydantic import AliasPath, BaseModel, Field, RootModel

from webhooks import bigbluebutton_proof as proof
from webhooks.bulk import facts_of
from webhooks.delivery import (
    Delivery,
    Identifier,
    Malformed,
    Perhaps,
    Reason,
    Window,
    fresh,
    read_as,
    read_form,
    take_as,
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
)
from webhooks.listening import Door, Step
from webhooks.times import Milliseconds, at_ms

name = "bigbluebutton"
door = Door(
    content_types=("application/x-www-form-urlencoded",),
    refused=403,  # the sender takes 401 for delivered, and everything else but 2xx for a reason to try again
    unreadable=401,  # and after enough tries it forgets the hook: one event is not worth that
    window=Window(past=timedelta(hours=1)),
)
tells = (MeetingStarted, MeetingEnded, PersonJoined, PersonLeft, RecordingStarted, RecordingStopped)
steps = (
    Step(
        "the address ends in a checksum, or there is one Authorization header",
        (Reason.MISSING_HEADER, Reason.DOUBLED_HEADER),
    ),
    Step(
        "a checksum is one that a version makes of this address, this body and a given secret",
        (Reason.WRONG_SIGNATURE,),
    ),
    Step("it covers the body, not the address alone", (Reason.BODY_NOT_COVERED,)),
    Step("without a checksum, the header is Bearer and a given secret", (Reason.WRONG_CREDENTIAL,)),
    Step("the form says its timestamp once, in Unix milliseconds", (Reason.BAD_TIMESTAMP,)),
    Step("it is at most an hour old and 60 s ahead", (Reason.TOO_OLD, Reason.TOO_EARLY)),
    Step("the form's event is JSON with the ids of meeting and user", (Reason.BAD_BODY,)),
)


def weakness(secret: str) -> str | None:
    """Who caught a delivery can try secrets at home, and the digest is a fast one; the installer makes 32."""
    return None if len(secret) >= 24 else f"has {len(secret)} characters, not 24 or more"


def verify(
    delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = door.window
) -> str:
    """Check checksum or header and the form's timestamp as ``Host.verify`` promises."""
    signer = proof.vouching(delivery, secrets)
    fresh(proof.stamp(delivery.body), now, window)
    return signer


def sign(body: bytes, key_id: str, secret: str, now: datetime, *, key: str, url: str = "") -> Delivery:
    """Give the delivery that 3.4.0 and later would send with SHA-256; *key* is not sent.

    Raises:
        ValueError: there is no secret, or *body* has no one place for the timestamp.
    """
    body, url = proof.signed(body, secret, now, url)
    headers = (("Content-Type", f"{door.content_types[0]};charset=UTF-8"),)
    return Delivery(headers, body, url)


_MEETING_PART, _USER_PART = ("attributes", "meeting"), ("attributes", "user")


class _Event(BaseModel):
    """What an event says; in a leave after the end the sender no longer knows the outer ids."""

    id: str
    ts: Milliseconds = Field(validation_alias=AliasPath("event", "ts"))
    occurrence: Identifier = Field(validation_alias=AliasPath(*_MEETING_PART, "internal-meeting-id"))
    meeting: Perhaps = Field(None, validation_alias=AliasPath(*_MEETING_PART, "external-meeting-id"))
    breakout: bool = Field(False, validation_alias=AliasPath(*_MEETING_PART, "is-breakout"))
    connection: Identifier | None = Field(None, validation_alias=AliasPath(*_USER_PART, "internal-user-id"))
    person: Perhaps = Field(None, validation_alias=AliasPath(*_USER_PART, "external-user-id"))
    role: object = Field(None, validation_alias=AliasPath(*_USER_PART, "role"))


_Batch = RootModel[list[dict[str, Any]]]
_MEETING = {
    "meeting-ended": MeetingEnded,
    "meeting-recording-started": RecordingStarted,
    "meeting-recording-stopped": RecordingStopped,
}
EVENTS = (*_MEETING, "meeting-created", "user-joined", "user-left")
ROLES = {"MODERATOR": Role.THERAPIST, "VIEWER": Role.CLIENT}


def key(delivery: Delivery) -> str:
    """Give the SHA-256 of the body: retries repeat its bytes, and its timestamps tell events apart."""
    return sha256(delivery.body).hexdigest()


def read(delivery: Delivery) -> list[HostFact]:
    """Give the facts of one event, or of the several that 2.x may send at once."""
    text = proof.once(read_form(delivery.body), "event").strip()
    batch = read_as(_Batch, (text if text.startswith("[") else f"[{text}]").encode()).root
    own = key(delivery)
    keys = [own] if len(batch) == 1 else [f"{own}:{n}" for n in range(len(batch))]
    return facts_of(zip(batch, keys, strict=True), _facts)


def _facts(told: dict[str, Any], key: str) -> list[HostFact]:
    data = told.get("data")  # a raw hook's messages have none
    if not isinstance(data, dict) or data.get("id") not in EVENTS:
        return []
    event = take_as(_Event, data)
    if not event.meeting:
        return []
    known: dict[str, Any] = {"host": name, "meeting": event.meeting, "occurrence": event.occurrence}
    known |= {"at": at_ms(event.ts), "key": key}
    if event.id == "meeting-created":
        return [MeetingStarted(**known, breakout=event.breakout)]
    return [_MEETING[event.id](**known)] if event.id in _MEETING else _person(event, known)


def _person(event: _Event, known: dict[str, Any]) -> list[HostFact]:
    if event.connection is None:
        raise Malformed(Reason.BAD_BODY)
    if not event.person:
        return []
    known |= {"person": event.person, "connection": event.connection}
    if event.id == "user-left":
        return [PersonLeft(**known)]
    return [PersonJoined(**known, role=ROLES.get(str(event.role)))]
