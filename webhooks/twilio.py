"""Twilio Video status callbacks.

Signature: ``X-Twilio-Signature``, base64 of an HMAC-SHA1 with the account's auth token over the address as Twilio
knows it and every parameter of the form, sorted by name, each as name and value; or HMAC-SHA256 with a shared key,
which ``X-Twilio-Webhooks-Signature-Settings: key=..,algorithm=HMAC_SHA256`` names.
Quirks: nothing parts a name from its value in what is signed, so a callback counts only if each name stands once and
all that belong to its kind are there: no letter can then move from one to the next. Whether the port is in the signed
address varies. ``SequenceNumber`` is no order. A recording is of one track, so the end of one is not the end of all.
A second join with the same identity puts the first out. Source: Twilio's page on status callbacks; its own packages.
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, urlencode, urlsplit

from webhooks.delivery import (
    Delivery,
    Malformed,
    Reason,
    Unsigned,
    Window,
    fresh,
    read_form,
    same,
)
from webhooks.events import (
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PersonFact,
    PersonJoined,
    PersonLeft,
    RecordingStarted,
    Role,
    role_named,
)
from webhooks.listening import Door, Step
from webhooks.secret import octets, too_short

name = "twilio"
door = Door(
    content_types=("application/x-www-form-urlencoded",),
    accepted=200,
    window=Window(past=timedelta(hours=24)),  # how long Twilio tries Video callbacks is not documented
)
tells = (MeetingStarted, MeetingEnded, PersonJoined, PersonLeft, RecordingStarted)
steps = (
    Step(
        "there is one X-Twilio-Signature, and at most one header with its settings",
        (Reason.MISSING_HEADER, Reason.DOUBLED_HEADER),
    ),
    Step("the settings, where there are any, name HMAC_SHA1 or HMAC_SHA256", (Reason.WRONG_ALGORITHM,)),
    Step("the settings, where there are any, name a given key", (Reason.UNKNOWN_KEY,)),
    Step("the signature was made with a given secret over address and form", (Reason.WRONG_SIGNATURE,)),
    Step("Timestamp is a time in UTC", (Reason.BAD_TIMESTAMP,)),
    Step("it is at most 24 h old and 60 s ahead", (Reason.TOO_OLD, Reason.TOO_EARLY)),
    Step("each name stands once, and all that belong to the event are there", (Reason.BAD_BODY,)),
)

_SIGNATURE, _SETTINGS = "X-Twilio-Signature", "X-Twilio-Webhooks-Signature-Settings"
_HASHES = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_SHARED_KEY = "webhooks_sharedkey_"
_PORTS = {"https": ":443", "http": ":80"}
_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
_STAMP = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")
_TEXT = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,256}")


def _sid(letters: str) -> re.Pattern[str]:
    return re.compile(letters + "[0-9a-fA-F]{32}")


_ALL = {
    "AccountSid": _sid("AC"),
    "RoomName": _TEXT,
    "RoomSid": _sid("RM"),
    "RoomStatus": _TEXT,
    "RoomType": _TEXT,
    "SequenceNumber": re.compile(r"[0-9]{1,18}"),
    "StatusCallbackEvent": re.compile(r"[a-z-]{1,64}"),
    "Timestamp": _STAMP,
}
_SOMEBODY = {"ParticipantIdentity": _TEXT, "ParticipantSid": _sid("PA"), "ParticipantStatus": _TEXT}
_KINDS: dict[str, dict[str, re.Pattern[str]]] = {
    "room": {},
    "participant": _SOMEBODY,
    "track": {**_SOMEBODY, "TrackSid": _sid("MT"), "TrackKind": _TEXT},
    "recording": {"RecordingSid": _sid("RT")},
}
_NAMES = ("RoomSid", "StatusCallbackEvent", "ParticipantSid", "TrackSid", "RecordingSid", "Timestamp")
_FACTS: dict[str, type[MeetingStarted | MeetingEnded | PersonJoined | PersonLeft | RecordingStarted]] = {
    "room-created": MeetingStarted,
    "room-ended": MeetingEnded,
    "participant-connected": PersonJoined,
    "participant-disconnected": PersonLeft,
    "recording-started": RecordingStarted,
}

Fields = list[tuple[str, str]]


def weakness(secret: str) -> str | None:
    """An auth token is 32 hexadecimal digits; a shared key should not be weaker."""
    return too_short(octets(secret), 32)


def verify(
    delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = door.window
) -> str:
    """Check the signature, then the stamp under it, then that nothing of it can be read in two ways."""
    given = delivery.header(_SIGNATURE)
    algorithm, able = _able(delivery, {key_id: secret for key_id, secret in secrets.items() if secret})
    fields = _signed_fields(delivery)
    signer = None
    for address in _addresses(delivery.url):
        wanted = {key_id: _signature(secret, address, fields, algorithm) for key_id, secret in able.items()}
        signer = same([given], wanted) or signer
    if signer is None:
        raise Unsigned(Reason.WRONG_SIGNATURE)
    fresh(_stamp(dict(fields)), now, window)
    _read(fields)
    return signer


def _able(delivery: Delivery, secrets: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """The algorithm, and the secrets that may have signed: one, where the delivery names it."""
    if not any(header.lower() == _SETTINGS.lower() for header, _ in delivery.headers):
        return "sha1", secrets
    parts = [part.partition("=") for part in delivery.header(_SETTINGS).split(",")]
    settings = {word.strip(): value.strip() for word, _, value in parts}
    algorithm = _HASHES.get(settings.get("algorithm", ""))
    if algorithm is None or len(settings) < len(parts):
        raise Unsigned(Reason.WRONG_ALGORITHM)
    key_id = settings.get("key", "")
    if key_id not in secrets:
        raise Unsigned(Reason.UNKNOWN_KEY)
    return algorithm, {key_id: secrets[key_id]}


def _signed_fields(delivery: Delivery) -> Fields:
    try:
        return read_form(delivery.body)
    except Malformed:  # what is no form, or written as none is, was not signed as one
        raise Unsigned(Reason.WRONG_SIGNATURE) from None


def _addresses(url: str) -> tuple[str, ...]:
    """The address without a port and with one; Twilio signs now this, now that."""
    try:
        parts = urlsplit(url)
        port, bare = parts.port, parts.netloc.rpartition("@")[2]
    except ValueError:
        return (url,)
    other = bare.rpartition(":")[0] if port else bare + _PORTS.get(parts.scheme, "")
    return url, url.replace(bare, other, 1) if bare else url


def _signature(secret: str, address: str, fields: Fields, algorithm: str) -> str:
    text = address + "".join(word + value for word, value in sorted(set(fields)))
    return b64encode(hmac.digest(octets(secret), text.encode("utf-8", "surrogatepass"), algorithm)).decode()


def _stamp(told: Mapping[str, str]) -> datetime:
    text = told.get("Timestamp", "")
    try:
        if _STAMP.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:  # the 31st of June
        pass
    raise Unsigned(Reason.BAD_TIMESTAMP)


def sign(body: bytes, key_id: str, secret: str, now: datetime, *, key: str, url: str = "") -> Delivery:
    """Give the callback Twilio would send of *body*, its Timestamp put anew; a shared key's id decides how.

    Raises:
        ValueError: *body* is no form with a Timestamp.
    """
    try:
        fields = read_form(body)
    except Malformed:
        fields = []
    if "Timestamp" not in dict(fields):
        raise ValueError("there is no Timestamp in the form")
    stamp = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fields = [(word, stamp if word == "Timestamp" else value) for word, value in fields]
    shared = key_id.startswith(_SHARED_KEY)
    settings = ((_SETTINGS, f"key={key_id},algorithm=HMAC_SHA256"),) if shared else ()
    signature = _signature(secret, url, fields, "sha256" if shared else "sha1")
    headers = (("Content-Type", door.content_types[0]), (_SIGNATURE, signature), *settings)
    return Delivery(headers, urlencode(fields, quote_via=quote).encode(), url)


def person_of(identity: str) -> tuple[str, Role | None]:
    """The person and the role that an identity carries, written ``<role>:<person>``; only tokens set one."""
    word, _, person = identity.partition(":")
    role = role_named(word) if person else None
    return (person, role) if role else (identity, None)


def _read(fields: Fields) -> Mapping[str, str]:
    """What a callback says, by name; nothing for a kind that is not known. Raises ``Malformed``."""
    told = dict(fields)
    kind = told.get("StatusCallbackEvent", "").partition("-")[0]
    if not kind or len(told) < len(fields) or not all(map(_NAME.fullmatch, told)):
        raise Malformed(Reason.BAD_BODY)
    if kind not in _KINDS:
        return {}
    needed = _ALL | _KINDS[kind]
    if not all(form.fullmatch(told.get(word, "")) for word, form in needed.items()):
        raise Malformed(Reason.BAD_BODY)
    return told


def key(delivery: Delivery) -> str:
    """Give a name made of what tells one event from another, as Twilio gives none."""
    told = _read(read_form(delivery.body))
    if not told:
        return sha256(delivery.body).hexdigest()
    return ":".join(told[word] for word in _NAMES if word in told)


def read(delivery: Delivery) -> list[HostFact]:
    """Give the one fact of a callback; tracks, and recordings that are done, give none."""
    told = _read(read_form(delivery.body))
    kind = _FACTS.get(told.get("StatusCallbackEvent", ""))
    if kind is None:
        return []
    known: dict[str, object] = {"host": name, "meeting": told["RoomName"], "occurrence": told["RoomSid"]}
    if issubclass(kind, PersonFact):
        person, role = person_of(told["ParticipantIdentity"])
        known |= {"person": person, "connection": told["ParticipantSid"]}
        known |= {"role": role, "sole": True} if kind is PersonJoined else {}
    known |= {"at": _stamp(told), "key": key(delivery)}
    return [kind.model_validate(known)]
