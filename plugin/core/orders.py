"""Orders: what must be done outside, harmless when done twice.

An order's id is ``session:position:index``, the place of the order in the journal. The identifier under which a
result is stored at the host is derived from it, so that a repeated save finds what the first one wrote.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from webhooks.events import Role


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Code(_Frozen):
    """A chosen chip: the key of the choice, from the code system ``urn:fermata:codes``."""

    code: str


AnswerValue = int | Code | str


class ResponseResult(_Frozen):
    """Answers of one person to one instrument.

    ``answers`` maps the instrument's item keys to a score (0-10), a chip or a text; a skipped item is absent.
    ``index`` is 0-100 with one decimal, or null where too few core items were answered.
    """

    type: Literal["response"] = "response"
    instrument: str
    version: str
    person: str
    role: Role
    authored: AwareDatetime
    answers: dict[str, AnswerValue]
    index: float | None = None


class CountedResult(_Frozen):
    """Answers that may be counted but not connected to anybody.

    ``person`` is used for the quarter's pseudonym only and must not appear in what is stored; ``authored`` is a day.
    """

    type: Literal["counted"] = "counted"
    instrument: str
    version: str
    person: str
    authored: date
    answers: dict[str, AnswerValue]


PauseOutcome = Literal["resumed", "withdrawn", "expired"]


class PauseResult(_Frozen):
    """One pause from press to close, the fields of the event record."""

    type: Literal["pause"] = "pause"
    pause: str
    person: str
    role: Role
    pressed_at: AwareDatetime
    accepted_at: AwareDatetime
    delivered_at: AwareDatetime | None = None
    seen_at: AwareDatetime | None = None
    resumed_at: AwareDatetime | None = None
    closed_at: AwareDatetime
    level: str | None = None
    resume_choice: str | None = None
    outcome: PauseOutcome
    unattended: bool = False
    path: str
    nudges: int = 0


class ConsentResult(_Frozen):
    """What a client said yes and no to, once."""

    type: Literal["consent"] = "consent"
    person: str
    version: str
    given_at: AwareDatetime
    therapist_may_see: bool
    practice_may_count: bool


Result = Annotated[
    ResponseResult | CountedResult | PauseResult | ConsentResult,
    Field(discriminator="type"),
]


class SaveResult(_Frozen):
    """Store a result at the host; idempotent by the identifier derived from the order's id."""

    type: Literal["save_result"] = "save_result"
    result: Result


Order = SaveResult
