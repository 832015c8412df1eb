"""Pexip Infinity event sinks.

Proof: HTTP Basic with the sink's user name and password, the same words for every event: they cover no body.
Quirks: a conference runs on several nodes, and each tells of its own start and end. ``seq`` begins at 1 again when a
node or sink restarts, so it names no event. A participant exists before it is in the conference (``service_type``
says where it is), and an update may hold only what changed. A breakout room is a conference of its own, named
``<parent>_breakout_<uuid>``. Several events may come in one ``eventsink_bulk``. Source: Pexip's page on event sinks;
its table of fields by way of a third party.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from pydantic import BaseModel

from webhooks.bulk import facts_of
from webhooks.delivery import (
    Delivery,
    Identifier,
    Perhaps,
    Reason,
    Unsigned,
    Window,
    read_as,
    same,
    take_as,
)
from webhooks.events import (
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PersonJoined,
    PersonLeft,
    Role,
    WaitingEntered,
    WaitingLeft,
)
from webhooks.listening import Door, Step
from webhooks.secret import octets, too_short
from webhooks.times import Fractional, at

name = "pexip"
# Events of a node come one after the other: one that is refused for ever could hold up all that follow.
door = Door(accepted=200, unreadable=200)
tells = (MeetingStarted, MeetingEnded, PersonJoined, PersonLeft, WaitingEntered, WaitingLeft)
steps = (
    Step("there is one Authorization header", (Reason.MISSING_HEADER, Reason.DOUBLED_HEADER)),
    Step("it is Basic with a given user name and its password", (Reason.WRONG_CREDENTIAL,)),
    Step("the body is JSON with event, time and data, or a bulk of such", (Reason.BAD_BODY,)),
)

_INSIDE = ("conference", "lecture")
_NO_MEETING = ("test_call", "gateway", "two_stage_dialing", "media_playback")
_ROLES = {"chair": Role.THERAPIST, "guest": Role.CLIENT}
_BREAKOUT = re.compile(r".+_breakout_[0-9a-fA-F-]{36}")


def weakness(secret: str) -> str | None:
    """The password is the only proof there is, and nothing slows down who guesses it."""
    return too_short(octets(secret), 16)


def verify(
    delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = door.window
) -> str:
    """Check the credentials as ``Host.verify`` promises; there is no stamp that *window* could be used for."""
    scheme, _, given = delivery.header("authorization").strip().partition(" ")
    wanted = {user: _credentials(user, secret) for user, secret in secrets.items() if secret}
    signer = same([given], wanted)
    if signer is None or scheme.lower() != "basic":
        raise Unsigned(Reason.WRONG_CREDENTIAL)
    return signer


def _credentials(user: str, password: str) -> str:
    return b64encode(octets(f"{user}:{password}")).decode()


def sign(body: bytes, key_id: str, secret: str, now: datetime, *, key: str, url: str = "") -> Delivery:
    """Give the request a conferencing node would make of *body*; *key* has no place in it."""
    proof = ("Authorization", f"Basic {_credentials(key_id, secret)}")
    return Delivery((("Content-Type", door.content_types[0]), proof), body, url)


class _Envelope(BaseModel):
    event: Identifier
    time: object = None
    data: object = None


class _Bulk(BaseModel):
    data: list[object]


class _Event(BaseModel):
    time: Fractional

    @property
    def at(self) -> datetime:
        return at(self.time)


class _Conference(BaseModel):
    name: Identifier
    service_type: str | None = None


class _ConferenceEvent(_Event):
    data: _Conference


class _Participant(BaseModel):
    uuid: Identifier
    conference: Identifier
    call_tag: Perhaps = None
    role: str | None = None
    service_type: str | None = None


class _ParticipantEvent(_Event):
    data: _Participant


def key(delivery: Delivery) -> str:
    """Give the body's hash: a retry is the same bytes, and no field tells an event from that of a new start."""
    read_as(_Envelope, delivery.body)
    return sha256(delivery.body).hexdigest()


def read(delivery: Delivery) -> list[HostFact]:
    """Give the facts of an event or of a bulk; what is no conference and nobody in one gives none."""
    whole, own = read_as(_Envelope, delivery.body), key(delivery)
    if whole.event != "eventsink_bulk":
        return _facts(whole, own)
    events = take_as(_Bulk, whole.model_dump()).data
    keyed = ((event, f"{own}:{n}") for n, event in enumerate(events))
    return facts_of(keyed, lambda event, key: _facts(take_as(_Envelope, event), key))


def _facts(event: _Envelope, key: str) -> list[HostFact]:
    match event.event:
        case "conference_started" | "conference_ended":
            return _conference(event.event, take_as(_ConferenceEvent, event.model_dump()), key)
        case "participant_connected" | "participant_updated":
            return _came(take_as(_ParticipantEvent, event.model_dump()), key)
        case "participant_disconnected":
            return _went(take_as(_ParticipantEvent, event.model_dump()), key)
        case _:
            return []


def _conference(event: str, told: _ConferenceEvent, key: str) -> list[HostFact]:
    room = told.data
    known = {"host": name, "meeting": room.name, "at": told.at, "key": key}
    if room.service_type not in (None, *_INSIDE):
        return []  # a test call, a reception, a gateway: nobody meets there
    if event == "conference_ended":
        return [MeetingEnded.model_validate({**known, "partly": True})]
    return [MeetingStarted.model_validate({**known, "breakout": bool(_BREAKOUT.fullmatch(room.name))})]


def _known(told: _ParticipantEvent, key: str) -> dict[str, object]:
    who = told.data
    names = {"meeting": who.conference, "person": who.call_tag or who.uuid, "connection": who.uuid}
    return {"host": name, **names, "at": told.at, "key": key}


def _came(told: _ParticipantEvent, key: str) -> list[HostFact]:
    """A connection opens once, so an update of somebody inside may say again that they joined."""
    if told.data.service_type == "waiting_room":
        return [WaitingEntered.model_validate(_known(told, key))]
    if told.data.service_type not in _INSIDE:
        return []
    role = _ROLES.get(told.data.role or "")
    return [PersonJoined.model_validate({**_known(told, key), "role": role})]


def _went(told: _ParticipantEvent, key: str) -> list[HostFact]:
    """Whoever goes from the waiting room may have been inside before, so both are closed."""
    if told.data.service_type in _NO_MEETING:
        return []
    left: HostFact = PersonLeft.model_validate(_known(told, key))
    if told.data.service_type != "waiting_room":
        return [left]
    return [left, WaitingLeft.model_validate(_known(told, f"{key}:waiting"))]
