"""One event of Zoom as it is written: which meeting, who, and when; names, addresses and telephones are not read."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from webhooks.delivery import Identifier
from webhooks.events import (
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PersonJoined,
    PersonLeft,
    PersonRole,
    RecordingStarted,
    RecordingStopped,
    WaitingEntered,
    WaitingLeft,
)
from webhooks.times import Milliseconds, at_ms
from webhooks.times import Moment as Told

TELLS: Mapping[str, tuple[type[HostFact], str]] = {
    "meeting.started": (MeetingStarted, "start_time"),
    "meeting.ended": (MeetingEnded, "end_time"),
    "meeting.participant_joined": (PersonJoined, "join_time"),
    "meeting.participant_left": (PersonLeft, "leave_time"),
    "meeting.participant_role_changed": (PersonRole, "date_time"),
    "meeting.participant_joined_waiting_room": (WaitingEntered, "date_time"),
    "meeting.participant_put_in_waiting_room": (WaitingEntered, "date_time"),
    "meeting.participant_jbh_waiting": (WaitingEntered, ""),
    "meeting.participant_admitted": (WaitingLeft, "date_time"),
    "meeting.participant_left_waiting_room": (WaitingLeft, "date_time"),
    "meeting.participant_jbh_waiting_left": (WaitingLeft, ""),
    "recording.started": (RecordingStarted, ""),
    "recording.resumed": (RecordingStarted, ""),
    "recording.paused": (RecordingStopped, ""),
    "recording.stopped": (RecordingStopped, ""),
}
"""Which fact an event is, and the field that says when it was."""


def _as_text(value: object) -> object:
    return str(value) if type(value) is int else value


def _or_none(value: object) -> object:
    return None if value == "" else _as_text(value)


_Id = Annotated[Identifier, BeforeValidator(_as_text)]
MaybeId = Annotated[Identifier | None, BeforeValidator(_or_none)]
"""An id that Zoom may leave out, or give as an empty text."""

Moment = Annotated[Told | None, BeforeValidator(_or_none)]
"""A time that Zoom may leave out, or give as an empty text."""


class Participant(BaseModel):
    """Somebody in or before the meeting, by ids alone."""

    user_id: MaybeId = None
    customer_key: MaybeId = None
    participant_user_id: MaybeId = None
    id: MaybeId = None
    registrant_id: MaybeId = None
    participant_uuid: MaybeId = None
    join_time: Moment = None
    leave_time: Moment = None
    date_time: Moment = None
    new_role: MaybeId = None

    @property
    def person(self) -> str | None:
        """Who it is: by the practice's own key, else by Zoom's account, else only within this meeting.

        ``participant_uuid`` outlives a change of rooms and no reload; ``user_id`` outlives neither.
        """
        known = self.customer_key or self.participant_user_id or self.id or self.registrant_id
        guest = f"guest-{self.user_id}" if self.user_id else None
        return known or self.participant_uuid or guest


class Meeting(BaseModel):
    """One run of a meeting: ``id`` is its number, ``uuid`` the run."""

    id: _Id
    uuid: Identifier
    host_id: MaybeId = None
    start_time: Moment = None
    end_time: Moment = None
    participant: Participant = Participant()


class _Payload(BaseModel):
    object: Meeting


class Kind(BaseModel):
    """What every event says of itself."""

    event: Identifier


class Event(Kind):
    """An event that becomes a fact."""

    event_ts: Annotated[Milliseconds, Field(strict=True)]
    payload: _Payload

    @property
    def at(self) -> datetime:
        """When it happened by the field that says so, else when Zoom says that it did."""
        meeting, field = self.payload.object, TELLS[self.event][1]
        told: datetime | None = getattr(meeting, field, None) or getattr(meeting.participant, field, None)
        return told or at_ms(self.event_ts)

    @property
    def key(self) -> str:
        """Made of what tells two events apart: there is no id in the body, and the headers are new for each try."""
        meeting, who = self.payload.object, self.payload.object.participant
        parts = (
            self.event,
            str(self.event_ts),
            meeting.uuid,
            who.user_id or who.person or "",
            who.new_role or "",
        )
        return sha256("\n".join((*parts, self.at.isoformat())).encode()).hexdigest()
