"""The post-call survey: five taps, a probe, two open questions, and who may see each answer.

What the client shares is stored only when the therapist's mirror is settled; what they let count is stored
apart, tied to nobody; what they keep private never leaves the journal and counts in no index. Sent is final.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from plugin.core import session as core
from plugin.core.events import Ask, By, Event, Kept, Wished
from plugin.core.orders import AnswerValue, Code, CountedResult, Order, ResponseResult, SaveResult
from plugin.core.refusal import Refused
from plugin.core.ritual import Card
from plugin.core.session import Session
from plugin.instruments.catalogue import Unfit, checked, index, instrument
from plugin.rituals import consent_card, therapist_mirror
from plugin.rituals.therapist_mirror import Given, ItemKey
from webhooks.events import Role

NAME = "pulse_survey"
PULSE = instrument("session-pulse")

Sharing = Literal["therapist", "practice", "private"]
_OPENNESS = ("therapist", "practice", "private")


class SurveySent(Wished):
    """The client sent answers, each with who may see it."""

    kept: ClassVar[Kept] = "text"

    type: Literal["survey_sent"] = "survey_sent"
    answers: dict[str, int | str]
    sharing: Sharing
    each: dict[str, Sharing]


class SurveySkipped(Wished):
    """The client passed."""

    kept: ClassVar[Kept] = "score"

    type: Literal["survey_skipped"] = "survey_skipped"


class SendSurvey(Ask):
    """``survey.send``; ``each`` overrides ``sharing`` for single answers."""

    kind: Literal["survey.send"]
    answers: Given
    sharing: Sharing
    each: dict[ItemKey, Sharing] = Field(default_factory=dict, max_length=32)

    def event(self, by: By) -> Event:
        """The answers as sent."""
        return SurveySent(
            at=by.at, ask=self.id, person=by.person, role=by.role, answers=self.answers,
            sharing=self.sharing, each=self.each,
        )  # fmt: skip


class SkipSurvey(Ask):
    """``survey.skip``."""

    kind: Literal["survey.skip"]

    def event(self, by: By) -> Event:
        """The pass."""
        return SurveySkipped(at=by.at, ask=self.id, person=by.person, role=by.role)


@dataclass(frozen=True, slots=True)
class Slice:
    """What the client did: ``shared`` goes to the therapist, ``counted`` to nobody in particular."""

    ask: str | None = None
    at: datetime | None = None
    skipped: bool = False
    shared: Mapping[str, int | str] = field(default_factory=dict)
    counted: Mapping[str, int | str] = field(default_factory=dict)
    stored: bool = False


def begin() -> Slice:
    """Nothing answered."""
    return Slice()


def part_of(session: Session) -> Slice:
    """This ritual's slice."""
    return core.part(session, NAME, Slice)


def step(session: Session, event: Event) -> tuple[object, Sequence[Order]]:
    """Take the answers; order their storing once the mirror is settled. Raises ``Refused``."""
    part = part_of(session)
    if isinstance(event, SurveySent | SurveySkipped):
        part = _sent(session, part, event)
    if not _ready(session, part):
        return part, ()
    return replace(part, stored=True), _orders(session, part)


def _sent(session: Session, part: Slice, event: SurveySent | SurveySkipped) -> Slice:
    client = session.client()
    if not client or client.id != event.person or session.role(event) is not Role.CLIENT:
        raise Refused("not_your_role")
    if part.ask:
        if part.ask == event.ask:
            return part
        raise Refused("already_sent")
    consent = consent_card.of(session, client.id)
    if not consent or not consent.given:
        raise Refused("no_consent")
    if not therapist_mirror.due(session):
        raise Refused("too_late" if session.closed else "not_due")
    if isinstance(event, SurveySkipped):
        return Slice(ask=event.ask, at=event.at, skipped=True)
    try:
        answers = checked(PULSE, event.answers)
    except Unfit:
        raise Refused("malformed") from None
    chosen = _chosen(event)
    return Slice(
        ask=event.ask,
        at=event.at,
        shared={k: v for k, v in answers.items() if chosen[k] == "therapist"},
        counted={k: v for k, v in answers.items() if chosen[k] == "practice" and k not in PULSE.texts},
    )


def _chosen(event: SurveySent) -> dict[str, Sharing]:
    """Who may see each answer; a follow-up is never more open than the question it follows."""
    chosen: dict[str, Sharing] = {}
    for item in PULSE.items:
        own = event.each.get(item["key"], event.sharing)
        asked_by = [chosen[key] for key in item.get("when", {})]
        chosen[item["key"]] = max(own, *asked_by, key=_OPENNESS.index) if asked_by else own
    return chosen


def _ready(session: Session, part: Slice) -> bool:
    settled = therapist_mirror.part_of(session).done_at is not None
    return part.ask is not None and not part.stored and settled


def _orders(session: Session, part: Slice) -> list[Order]:
    client = session.client()
    if client is None or part.at is None:
        return []
    orders: list[Order] = []
    if part.shared:
        response = ResponseResult(
            instrument=PULSE.id, version=PULSE.version, person=client.id, role=Role.CLIENT,
            authored=part.at, answers=_values(part.shared), index=index(PULSE, part.shared),
        )  # fmt: skip
        orders.append(SaveResult(result=response))
    if part.counted:
        counted = CountedResult(
            instrument=PULSE.id, version=PULSE.version, person=client.id,
            authored=part.at.date(), answers=_values(part.counted),
        )  # fmt: skip
        orders.append(SaveResult(result=counted))
    return orders


def _values(answers: Mapping[str, int | str]) -> dict[str, AnswerValue]:
    return {k: Code(code=str(v)) if k in PULSE.choices else v for k, v in answers.items()}


def open_for(session: Session, person: str) -> bool:
    """Whether this person may still send or skip the survey."""
    client = session.client()
    return bool(client and client.id == person and therapist_mirror.due(session) and not part_of(session).ask)


def quiet(session: Session, person: str) -> bool:
    """Whether the call ended for this person in an unfinished pause, so that nothing opens by itself."""
    return any(p.person == person and p.outcome in (None, "expired") for p in session.pauses.values())


def cards(session: Session, person: str) -> Sequence[Card]:
    """The survey for the client; for the therapist, what the client shared, once the mirror is settled."""
    if open_for(session, person):
        return (_survey(session, person),)
    if person not in {t.id for t in session.therapists()} or not therapist_mirror.part_of(session).done_at:
        return ()
    return (_answers(session),) if therapist_mirror.due(session) else ()


def _survey(session: Session, person: str) -> Card:
    consent = consent_card.of(session, person)
    earlier = consent is not None and consent.ask is None
    return {
        "card": "pulse-survey",
        "form": "survey",
        "instrument": PULSE.document,
        "preset": "therapist" if consent and consent.therapist else "practice",
        "chosen_on": consent.given_at.date().isoformat() if consent and earlier else None,
        "quiet": quiet(session, person),
    }


def _answers(session: Session) -> Card:
    part, mirror = part_of(session), therapist_mirror.part_of(session).answers or {}
    state = "shown" if part.shared else "none" if part.ask or session.closed else "waiting"
    texts = {item["key"]: item for item in PULSE.items}
    sides = ((texts[key], part.shared[key], mirror.get(key)) for key in part.shared)
    items = [
        {
            "key": item["key"],
            "text": item["text"],
            "client": _words(item, own),
            "mirror": None if guess is None else _words(item, guess),
        }
        for item, own, guess in sides
    ]
    return {"card": "survey-answers", "state": state, "items": items}


def _words(item: Mapping[str, object], value: int | str) -> int | str:
    options = item.get("options")
    named = {o["code"]: o["text"] for o in options} if isinstance(options, list) else {}
    return str(named.get(value, value)) if isinstance(value, str) else value


def wake_at(session: Session) -> datetime | None:
    """At once, when answers may be stored that are not yet."""
    return session.now if _ready(session, part_of(session)) else None
