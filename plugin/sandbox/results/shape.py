"""Which documents are taken: this platform's own reading of the plugin's published schema.

Strict: nothing unknown, nothing missing, no text in place of a number. What only counts may name nobody.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

Id = Annotated[str, Field(pattern=f"^{UUID}$")]
Word = Annotated[str, Field(min_length=1, max_length=256)]
Score = Annotated[int, Field(ge=0, le=10)]
Text = Annotated[str, Field(min_length=1, max_length=20_000)]
Role = Literal[
    "client", "partner", "family", "member", "therapist", "facilitator", "guardian", "supervisor", "practice"
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Chip(_Strict):
    """A chosen chip."""

    code: Word


class _Any(_Strict):
    v: Literal[1]
    id: Id


class _OfACall(_Any):
    session: Id
    person: Word


class Response(_OfACall):
    """Answers of one person."""

    type: Literal["response"]
    role: Role
    instrument: Word
    version: Word
    authored: AwareDatetime
    answers: dict[Word, Score | Chip | Text]
    index: Annotated[float, Field(ge=0, le=100)] | None = None


class Counted(_Any):
    """Answers of nobody."""

    type: Literal["counted"]
    instrument: Word
    version: Word
    authored: Annotated[date, Field(strict=True)]
    answers: dict[Word, Score | Chip]
    pseudonym: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Pause(_OfACall):
    """A pause."""

    type: Literal["pause"]
    role: Role
    pause: Word
    pressed_at: AwareDatetime
    accepted_at: AwareDatetime
    delivered_at: AwareDatetime | None = None
    seen_at: AwareDatetime | None = None
    resumed_at: AwareDatetime | None = None
    closed_at: AwareDatetime
    level: Word | None = None
    resume_choice: Word | None = None
    outcome: Literal["resumed", "withdrawn", "expired"]
    unattended: bool
    path: Word
    nudges: Annotated[int, Field(ge=0)]


class Consent(_OfACall):
    """What a client said yes and no to."""

    type: Literal["consent"]
    version: Word
    given_at: AwareDatetime
    therapist_may_see: bool
    practice_may_count: bool


_documents: TypeAdapter[Response | Counted | Pause | Consent] = TypeAdapter(
    Annotated[Response | Counted | Pause | Consent, Field(discriminator="type")]
)


def fits(body: bytes) -> bool:
    """Whether a body is a document that is taken."""
    try:
        _documents.validate_json(body)
    except ValidationError:
        return False
    return True
