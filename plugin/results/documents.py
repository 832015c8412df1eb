"""A result as one plain JSON document, for a platform that speaks no FHIR.

The models are the published schema (``docs/results.schema.json``). The same is said, and the same left out, as in
the FHIR resources: what counts only has no person, session or time of day, and nothing private is in any result.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, TypeAdapter

from plugin.core.orders import (
    AnswerValue,
    Code,
    ConsentResult,
    CountedResult,
    PauseOutcome,
    PauseResult,
    ResponseResult,
    Result,
)
from plugin.results.definitions import sequence
from plugin.results.elements import moment, text
from plugin.results.identifiers import pseudonym
from webhooks.events import Role

VERSION: Literal[1] = 1
"""Of the documents; a host says at its base URL which ones it takes."""

_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

Id = Annotated[str, Field(pattern=_UUID)]
Name = Annotated[str, Field(min_length=1, max_length=256)]
Moment = Annotated[AwareDatetime, PlainSerializer(moment, return_type=str, when_used="json")]
Score = Annotated[int, Field(ge=0, le=10)]
Text = Annotated[str, Field(min_length=1, max_length=20_000)]


class Chip(BaseModel):
    """A chosen chip: a code of `urn:fermata:codes`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Name


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    v: Literal[1]
    id: Annotated[Id, Field(description="The same as in the address; the same again over every retry.")]


class _Tied(_Document):
    session: Annotated[Id, Field(description="One call; the same in everything that belongs to it.")]
    person: Annotated[
        Name, Field(description="The platform's own id of whoever this is about and comes from.")
    ]


class ResponseDocument(_Tied):
    """Answers of one person: opening check-in, survey, or the therapist's mirror of it."""

    type: Literal["response"]
    role: Role
    instrument: Name
    version: Name
    authored: Moment
    answers: Annotated[
        dict[Name, Score | Chip | Text],
        Field(description="By item: a score of 0 to 10, a chip or a text. A skipped item is absent."),
    ]
    index: Annotated[
        float | None,
        Field(ge=0, le=100, description="Ten times the mean of the core items; absent with too few."),
    ] = None


Counts = dict[Name, Score | Chip]


class CountedDocument(_Document):
    """Answers that count and lead to nobody: no person, no session, no time of day, no text."""

    type: Literal["counted"]
    instrument: Name
    version: Name
    authored: date
    answers: Counts
    pseudonym: Annotated[
        str,
        Field(
            pattern=r"^[0-9a-f]{32}$",
            description="Tells counted people of a practice apart within one quarter.",
        ),
    ]


class PauseDocument(_Tied):
    """One pause from press to close; what did not happen is absent."""

    type: Literal["pause"]
    role: Role
    pause: Name
    pressed_at: Moment
    accepted_at: Moment
    delivered_at: Moment | None = None
    seen_at: Moment | None = None
    resumed_at: Moment | None = None
    closed_at: Moment
    level: Name | None = None
    resume_choice: Name | None = None
    outcome: PauseOutcome
    unattended: bool
    path: Name
    nudges: Annotated[int, Field(ge=0)]


class ConsentDocument(_Tied):
    """What a client said yes and no to, once."""

    type: Literal["consent"]
    version: Annotated[Name, Field(description="The wording of the card that was shown.")]
    given_at: Moment
    therapist_may_see: bool
    practice_may_count: bool


Document = Annotated[
    ResponseDocument | CountedDocument | PauseDocument | ConsentDocument, Field(discriminator="type")
]


_counts: TypeAdapter[Counts] = TypeAdapter(Counts)


def document_of(result: Result, own: str, *, order: str, tenant: str, secret: bytes) -> bytes:
    """The document to store for a result, as JSON; the same bytes each time.

    Args:
        result: what happened.
        own: the identifier value it stands under, ``urn:uuid:…``.
        order: the order's id; its first part is the session.
        tenant: the practice, for the pseudonym of counted answers only.
        secret: the installation's key for what must not be linked.
    """
    if isinstance(result, CountedResult):
        who = pseudonym(secret, tenant=tenant, person=result.person, day=result.authored)
        made: Document = _counted(result, id_of(own), who)
    else:
        made = _tied(result, {"v": VERSION, "id": id_of(own), "session": order.partition(":")[0]})
    return made.model_dump_json(exclude_none=True).encode()


def id_of(own: str) -> str:
    """The UUID of an identifier value, as it stands in an address."""
    return str(UUID(own))


def _counted(result: CountedResult, own: str, who: str) -> CountedDocument:
    """Named field by field, so that nothing new of a result gets in by itself; a text never does."""
    scores = {key: value for key, value in result.answers.items() if not isinstance(value, str)}
    return CountedDocument(
        v=VERSION,
        id=own,
        type="counted",
        instrument=result.instrument,
        version=result.version,
        authored=result.authored,
        answers=_counts.validate_python(_plain(result.instrument, scores)),
        pseudonym=who,
    )


def _tied(result: ResponseResult | PauseResult | ConsentResult, frame: dict[str, object]) -> Document:
    said = {**result.model_dump(), **frame}
    match result:
        case ResponseResult():
            return ResponseDocument.model_validate(
                {**said, "answers": _plain(result.instrument, result.answers)}
            )
        case PauseResult():
            return PauseDocument.model_validate(said)
        case ConsentResult():
            return ConsentDocument.model_validate(said)


def _plain(instrument: str, answers: Mapping[str, AnswerValue]) -> dict[str, object]:
    """The answers in the instrument's order; a text that is blank is as absent as a skipped one."""
    place = sequence(instrument)
    ordered = sorted(answers.items(), key=lambda answer: place.get(answer[0], len(place)))
    return {key: value for key, said in ordered if (value := _value(said)) != ""}


def _value(answer: AnswerValue) -> object:
    if isinstance(answer, Code):
        return {"code": answer.code}
    return text(answer) if isinstance(answer, str) else answer
