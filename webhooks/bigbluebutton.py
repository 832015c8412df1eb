"""BigBlueButton's ``bbb-webhooks``.

Signature: the last query parameter, ``checksum=<hex>``, a plain SHA digest of address + raw body + shared secret;
which SHA is told by its length. Quirks: 3.0 to 3.3.1 digest ``{}`` in place of the body, so whoever saw one of their
deliveries could send any other: refused. 2.x digests a compact JSON of the form's values, which covers them. In
"auth 2.0" mode there is no checksum, only ``Authorization: Bearer <shared secret>``: then nothing vouches for
the body or its time. A checksum that is there must hold, whatever a header says. Retries repeat the bytes, a
permanent hook for ever. Events overtake each other, so times are ``data.event.ts``. A body holds names, addresses,
both meeting passwords and session tokens: none is read.
Source: bigbluebutton/bbb-webhooks; recordings of 3.5.0, 3.3.1 and 2.6.1.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import AliasPath, BaseModel, Field, RootModel

from webhooks.bulk import facts_of
from webhooks.delivery import (
    Delivery,
    Identifier,
    Malformed,
    Perhaps,
    Reason,
    Unsigned,
    Window,
    fresh,
    read_as,
    read_form,
    same,
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
from webhooks.secret import octets
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
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ALGORITHMS = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
_CHECKED = re.compile(r"(.*)([?&])checksum=([^&#]*)", re.DOTALL)
_MILLISECONDS = re.compile(r"0|[1-9][0-9]{0,13}")
_STAMP = re.compile(rb"(^|&)timestamp=[^&]*")


def weakness(secret: str) -> str | None:
    """Who caught a delivery can try secrets at home, and the digest is a fast one; the installer makes 32."""
    return None if len(secret) >= 24 else f"has {len(secret)} characters, not 24 or more"


def verify(
    delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = door.window
) -> str:
    """Check checksum or header and the form's timestamp as ``Host.verify`` promises."""
    live = {key_id: secret for key_id, secret in secrets.items() if secret}
    checked = _CHECKED.fullmatch(delivery.url)
    signer = _bearer(delivery, live) if checked is None else _checksum(checked, delivery.body, live)
    fresh(_stamp(delivery.body), now, window)
    return signer


def _bearer(delivery: Delivery, secrets: Mapping[str, str]) -> str:
    signer = same(
        [delivery.header("authorization")], {id_: f"Bearer {secret}" for id_, secret in secrets.items()}
    )
    if signer is None:
        raise Unsigned(Reason.WRONG_CREDENTIAL)
    return signer


def _checksum(checked: re.Match[str], body: bytes, secrets: Mapping[str, str]) -> str:
    address, mark, given = checked.groups()
    algorithm = _ALGORITHMS.get(len(given))
    if algorithm is None or mark != _mark(address):
        raise Unsigned(Reason.WRONG_SIGNATURE)

    def signer(covered: bytes) -> str | None:
        return same([given], {id_: _digest(algorithm, address, covered, s) for id_, s in secrets.items()})

    if (vouching := signer(body) or signer(_compact(body))) is not None:
        return vouching
    raise Unsigned(Reason.BODY_NOT_COVERED if signer(b"{}") else Reason.WRONG_SIGNATURE)


def _mark(address: str) -> str:
    return "&" if "?" in address else "?"


def _digest(algorithm: str, address: str, covered: bytes, secret: str) -> str:
    parts = (address.encode("utf-8", "surrogatepass"), covered, octets(secret))
    return hashlib.new(algorithm, b"".join(parts)).hexdigest()


def _compact(body: bytes) -> bytes:
    """What 2.x digests in place of the body; the body itself where it is no such form."""
    try:
        form = read_form(body)
        told = {"event": _once(form, "event"), "timestamp": _sent(form), "domain": _once(form, "domain")}
    except Malformed:
        return body
    if len(form) > len(told):
        return body
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _once(form: list[tuple[str, str]], field: str) -> str:
    """The one value of a field: of two, the sender's digest and our reading could each mean another."""
    found = [value for key, value in form if key == field]
    if len(found) != 1:
        raise Malformed(Reason.BAD_BODY)
    return found[0]


def _sent(form: list[tuple[str, str]]) -> int:
    text = _once(form, "timestamp")
    if not _MILLISECONDS.fullmatch(text):
        raise Malformed(Reason.BAD_BODY)
    return int(text)


def _stamp(body: bytes) -> datetime:
    try:
        return at_ms(_sent(read_form(body)))
    except Malformed:
        raise Malformed(Reason.BAD_TIMESTAMP) from None


def sign(body: bytes, key_id: str, secret: str, now: datetime, *, key: str, url: str = "") -> Delivery:
    """Give the delivery that 3.4.0 and later would send with SHA-256; *key* is not sent.

    Raises:
        ValueError: there is no secret, or *body* has no one place for the timestamp.
    """
    stamp = str((now - _EPOCH) // timedelta(milliseconds=1)).encode()
    body, places = _STAMP.subn(rb"\g<1>timestamp=" + stamp, body)
    if not secret or places != 1:
        raise ValueError("no secret, or no single timestamp in the form")
    checksum = _digest("sha256", url, body, secret)
    headers = (("Content-Type", f"{door.content_types[0]};charset=UTF-8"),)
    return Delivery(headers, body, f"{url}{_mark(url)}checksum={checksum}")


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
    return hashlib.sha256(delivery.body).hexdigest()


def read(delivery: Delivery) -> list[HostFact]:
    """Give the facts of one event, or of the several that 2.x may send at once."""
    text = _once(read_form(delivery.body), "event").strip()
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
