"""The facts that video hosts tell, in one vocabulary for all of them.

A host file reads its own deliveries and answers with these. They are frozen, carry their times in UTC, and
hold opaque identifiers only: a person's name, a token or a free text never becomes part of a fact.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter


class Role(StrEnum):
    """What a person is in a session; every card and every datum names the roles that may see it."""

    CLIENT = "client"
    PARTNER = "partner"
    FAMILY = "family"
    MEMBER = "member"
    THERAPIST = "therapist"
    FACILITATOR = "facilitator"
    GUARDIAN = "guardian"
    SUPERVISOR = "supervisor"
    PRACTICE = "practice"


_ROLES = {role.value: role for role in Role}


def role_named(word: str | None) -> Role | None:
    """The role a host calls *word*; a word that is none of ours gives no role, never a likely one."""
    return _ROLES.get(word or "")


class Fact(BaseModel):
    """Something that happened at the host.

    ``key`` is stable over retries of one delivery and different for two facts of one delivery.
    ``occurrence`` names one run of a meeting, as hosts use a room again; null where the delivery does not say
    which run it is about, and then it belongs to the run that ``at`` falls into. ``begun`` is when the run
    began, where a host tells its runs apart by that and by nothing else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    meeting: str
    occurrence: str | None = None
    at: AwareDatetime
    key: str
    begun: AwareDatetime | None = None


class MeetingStarted(Fact):
    """The host opened the meeting; ``breakout`` when it is a side room of another one."""

    type: Literal["meeting_started"] = "meeting_started"
    breakout: bool = False


class MeetingEnded(Fact):
    """The host closed the meeting for everybody.

    ``partly`` when the host says so of a part of its own, or by a guess: it counts if nobody is inside.
    """

    type: Literal["meeting_ended"] = "meeting_ended"
    partly: bool = False


class PersonFact(Fact):
    """A fact about one person over one of their connections."""

    person: str
    connection: str | None = None


class PersonJoined(PersonFact):
    """A connection of a person became part of the meeting.

    ``sole`` when the host allows a person one connection: whatever they had before is gone, told or not.
    """

    type: Literal["person_joined"] = "person_joined"
    role: Role | None = None
    sole: bool = False


class PersonLeft(PersonFact):
    """A connection of a person is gone; ``deliberate`` when they pressed the host's own leave button."""

    type: Literal["person_left"] = "person_left"
    deliberate: bool = False


class PersonRole(PersonFact):
    """The host says which role a person has, apart from a join."""

    type: Literal["person_role"] = "person_role"
    role: Role | None = None


class WaitingEntered(PersonFact):
    """A person waits in the host's lobby."""

    type: Literal["waiting_entered"] = "waiting_entered"


class WaitingLeft(PersonFact):
    """A person no longer waits in the lobby, admitted or not."""

    type: Literal["waiting_left"] = "waiting_left"


class Present(BaseModel):
    """Somebody whom the host counts as inside; ``connection`` and ``joined_at`` where it tells them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: str
    connection: str | None = None
    role: Role | None = None
    joined_at: AwareDatetime | None = None


class PeoplePresent(Fact):
    """The host was asked who is inside, at ``at``, and these are.

    ``whole`` when it names everybody, so that who is not named is not inside; else only the named are known of.
    """

    type: Literal["people_present"] = "people_present"
    people: tuple[Present, ...] = ()
    whole: bool = True


class RecordingStarted(Fact):
    """The host records the meeting from now on."""

    type: Literal["recording_started"] = "recording_started"


class RecordingStopped(Fact):
    """The host no longer records."""

    type: Literal["recording_stopped"] = "recording_stopped"


HostFact = Annotated[
    MeetingStarted
    | MeetingEnded
    | PersonJoined
    | PersonLeft
    | PersonRole
    | WaitingEntered
    | WaitingLeft
    | PeoplePresent
    | RecordingStarted
    | RecordingStopped,
    Field(discriminator="type"),
]

_shape: TypeAdapter[HostFact] = TypeAdapter(HostFact)


def fact_from(document: dict[str, object]) -> HostFact:
    """Read one fact back from its JSON form; raises ``pydantic.ValidationError``."""
    return _shape.validate_python(document)


def earliest(*moments: datetime | None) -> datetime | None:
    """The first of the given moments, ignoring those that are not known."""
    return min((moment for moment in moments if moment is not None), default=None)
