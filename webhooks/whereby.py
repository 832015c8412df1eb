"""Whereby webhooks.

Signature: ``Whereby-Signature: t=<Unix seconds>,v1=<hex>``, an HMAC-SHA256 with the webhook's secret as text over
``<t>.<raw body>``. Quirks: events repeat and come in any order by design, and a 4xx is never tried again. A session
"starts" when the second person is there and "ends" by a guess. ``externalId`` stands in the address that a person's
own browser opens, so they can change it: it names a person and never a role, of two claims about a role the lesser
holds, and being present opens nothing. ``roleName`` follows from the secret key in the host's address. Names,
``metadata`` and counters are not read.
Source: whereby/docs of 2026-08-19.
"""

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from webhooks.delivery import (
    Delivery,
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
    RecordingStopped,
    Role,
    WaitingEntered,
    WaitingLeft,
)
from webhooks.listening import Door, Step
from webhooks.secret import octets, too_short
from webhooks.stamped import Stamped
from webhooks.times import Moment

name = "whereby"
door = Door(accepted=200)
tells = (
    MeetingStarted,
    MeetingEnded,
    PersonJoined,
    PersonLeft,
    WaitingEntered,
    WaitingLeft,
    RecordingStopped,
)
steps = (
    Step("there is one Whereby-Signature header", (Reason.MISSING_HEADER, Reason.DOUBLED_HEADER)),
    Step("it holds at most 8 signatures", (Reason.TOO_MANY_SIGNATURES,)),
    Step("it holds one t= in Unix seconds", (Reason.BAD_TIMESTAMP,)),
    Step("one v1= was made with a given secret over t.body", (Reason.WRONG_SIGNATURE,)),
    Step("t is at most 300 s old and 60 s ahead", (Reason.TOO_OLD, Reason.TOO_EARLY)),
    Step("the body is JSON with id, type, createdAt and data", (Reason.BAD_BODY,)),
)

_scheme = Stamped("Whereby-Signature", bytes.hex)
_ROLES = {
    "host": Role.THERAPIST,
    "owner": Role.THERAPIST,
    "member": Role.THERAPIST,
    "visitor": Role.CLIENT,
    "granted_visitor": Role.CLIENT,
}
# Machines, and viewers, who have neither camera nor microphone in the room.
_NOBODY = frozenset({"recorder", "streamer", "captioner", "viewer", "granted_viewer"})


def weakness(secret: str) -> str | None:
    """Whereby makes the secret itself: a short one was not copied whole."""
    return too_short(octets(secret), 16)


def verify(
    delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = door.window
) -> str:
    """Check signatures and stamp as ``Host.verify`` promises."""
    return _scheme.vouching(delivery, secrets, now, window)


def sign(body: bytes, key_id: str, secret: str, now: datetime, *, key: str, url: str = "") -> Delivery:
    """Give the delivery Whereby would make of *body*; *key* is only in the body, as its ``id``."""
    return _scheme.signed(body, secret, now, url)


class _Part(BaseModel, alias_generator=to_camel):
    """A part of the body, in camelCase."""


class _Envelope(_Part):
    id: Identifier
    type: Identifier


class _Room(_Part):
    room_name: Identifier


class _Client(_Room):
    participant_id: Identifier
    external_id: Perhaps = None
    role_name: str | None = None
    is_dial_in: bool | None = None


class _RoomEvent(_Envelope):
    created_at: Moment
    data: _Room

    def known(self) -> dict[str, object]:
        """Give what all facts of this event have in common; raises ``Malformed``."""
        meeting = self.data.room_name.removeprefix("/")
        if not meeting:
            raise Malformed(Reason.BAD_BODY)
        return {"host": name, "meeting": meeting, "at": self.created_at, "key": self.id}


class _ClientEvent(_RoomEvent):
    data: _Client


def key(delivery: Delivery) -> str:
    """Give the event's id, the same when the event is sent again."""
    return read_as(_Envelope, delivery.body).id


def read(delivery: Delivery) -> list[HostFact]:
    """Give the one fact of an event; transcriptions, machines and viewers give none."""
    match read_as(_Envelope, delivery.body).type:
        case "room.session.started":
            return [MeetingStarted(**_known(delivery))]
        case "room.session.ended":
            # Fewer than two people for some time: it says nothing of the one who may be waiting alone.
            return [MeetingEnded(**_known(delivery), partly=True)]
        case "recording.finished":
            return [RecordingStopped(**_known(delivery))]
        case "room.client.joined" | "room.client.left" as kind:
            return _person(read_as(_ClientEvent, delivery.body), joined=kind.endswith("joined"))
        case "room.client.knocked":
            return [WaitingEntered(**_somebody(read_as(_ClientEvent, delivery.body)))]
        case "room.client.knockCancelled":
            return [WaitingLeft(**_somebody(read_as(_ClientEvent, delivery.body)))]
        case _:
            return []


def _known(delivery: Delivery) -> dict[str, object]:
    return read_as(_RoomEvent, delivery.body).known()


def _somebody(event: _ClientEvent) -> dict[str, object]:
    who = event.data
    return {
        **event.known(),
        "person": who.external_id or who.participant_id,
        "connection": who.participant_id,
    }


def _person(event: _ClientEvent, *, joined: bool) -> list[HostFact]:
    if event.data.role_name in _NOBODY or event.data.is_dial_in:
        return []
    if joined:
        return [PersonJoined(**_somebody(event), role=_ROLES.get(event.data.role_name or ""))]
    return [PersonLeft(**_somebody(event))]  # a closed tab says the same as the leave button
