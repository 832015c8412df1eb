"""The rituals, one line each, and what they close: the unions of events and asks, and the three pure functions."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, TypeAdapter

from plugin.core import fold, screens
from plugin.core.events import (
    Event,
    Heard,
    Kept,
    LinkLost,
    LinkOpened,
    LinksLost,
    LinkTurned,
    Ticked,
)
from plugin.core.orders import CountedResult, Order, PauseResult, ResponseResult
from plugin.core.pause import PauseAsk, PauseEvent
from plugin.core.refusal import Refused
from plugin.core.ritual import Card, Ritual
from plugin.core.session import AFTERWARDS, Session
from plugin.rituals import (
    call_end,
    check_in,
    consent_card,
    pause_record,
    pulse_survey,
    therapist_mirror,
)
from webhooks.events import Role

__all__ = [
    "AnyAsk", "AnyEvent", "Refused", "ask_from", "begin", "event_from", "event_of", "forget_at", "kept", "record",
    "screen", "step", "waiting", "wake_at",
]  # fmt: skip

RITUALS: tuple[Ritual, ...] = (
    consent_card,
    check_in,
    pause_record,
    therapist_mirror,
    pulse_survey,
    call_end,
)

AnyEvent = Annotated[
    Heard | Ticked | LinkOpened | LinkTurned | LinkLost | LinksLost | PauseEvent
    | consent_card.ConsentAnswered | consent_card.ConsentRemembered
    | check_in.CheckinAnswered | check_in.CheckinSkipped
    | pulse_survey.SurveySent | pulse_survey.SurveySkipped
    | therapist_mirror.MirrorSent | therapist_mirror.MirrorSkipped,
    Field(discriminator="type"),
]  # fmt: skip

AnyAsk = Annotated[
    PauseAsk | consent_card.AnswerConsent | check_in.AnswerCheckin | check_in.SkipCheckin
    | pulse_survey.SendSurvey | pulse_survey.SkipSurvey
    | therapist_mirror.SendMirror | therapist_mirror.SkipMirror,
    Field(discriminator="kind"),
]  # fmt: skip

_events: TypeAdapter[Event] = TypeAdapter(AnyEvent)
_asks: TypeAdapter[AnyAsk] = TypeAdapter(AnyAsk)
_orders: TypeAdapter[list[Order]] = TypeAdapter(list[Order])


def begin(session: str, now: datetime) -> Session:
    """A session of which nothing is known yet."""
    return fold.begin(session, now, RITUALS)


def step(session: Session, event: Event) -> tuple[Session, list[Order]]:
    """The session after an event, and the orders it causes; raises ``Refused``."""
    return fold.step(session, event, RITUALS)


def screen(session: Session, person: str) -> list[Card]:
    """Everything this person sees now."""
    return screens.screen(session, person, RITUALS)


def wake_at(session: Session) -> datetime | None:
    """When the session next changes by time alone."""
    return fold.wake_at(session, RITUALS)


def ask_from(document: bytes | dict[str, object]) -> AnyAsk:
    """Read a wish from its frame; raises ``pydantic.ValidationError``."""
    return _asks.validate_json(document) if isinstance(document, bytes) else _asks.validate_python(document)


def event_from(document: object) -> Event:
    """Read an event from its JSON form; raises ``pydantic.ValidationError``."""
    return _events.validate_python(document)


def record(event: Event, orders: Sequence[Order]) -> bytes:
    """One journal record: the event and the orders it caused."""
    owed = b",".join(order.model_dump_json().encode() for order in orders)
    return b'{"event":' + event.model_dump_json().encode() + b',"orders":[' + owed + b"]}"


def event_of(body: bytes) -> Event:
    """The event of a journal record; raises ``pydantic.ValidationError``."""
    return event_from(json.loads(body)["event"])


def kept(event: Event, orders: Sequence[Order]) -> Kept:
    """The retention class of a record: that of its shortest-lived part."""
    classes = [event.kept, *(_kept(order) for order in orders)]
    return min(classes, key=lambda name: KEEP[name])


def _kept(order: Order) -> Kept:
    match order.result:
        case PauseResult():
            return "pause"
        case ResponseResult(instrument=check_in.INSTRUMENT):
            return "checkin"
        case ResponseResult() | CountedResult() as result:
            return "text" if result.answers.keys() & pulse_survey.PULSE.texts else "score"
        case _:
            return "call"


KEEP: dict[Kept, timedelta] = {
    "checkin": timedelta(days=30),
    "pause": timedelta(days=90),
    "text": timedelta(days=180),
    "score": timedelta(days=730),
    "call": timedelta(days=730),
}
"""How long our own copy of each class is kept after the session's end (CLINICAL §5)."""


def forget_at(session: Session) -> dict[str, datetime]:
    """When each class of a session that is over may be forgotten; empty while it is not.

    Pauses of a client who said no are kept only until the session's end; of one who has not chosen yet, only as
    long as they still can.
    """
    if session.over_at is None:
        return {}
    due: dict[str, datetime] = {name: session.over_at + keep for name, keep in KEEP.items()}
    client = session.client()
    consent = consent_card.of(session, client.id) if client else None
    if consent is None:
        due["pause"] = session.over_at + AFTERWARDS
    elif not consent.given:
        due["pause"] = session.over_at
    return due


def waiting(role: Role | None) -> bytes:
    """The cards of somebody whose session has not begun: the pause button says that nobody is there yet."""
    alone: list[Card] = [{"card": "pause-button", "state": "alone", "why": "not_yet", "chord": screens.CHORD}]
    return json.dumps(alone if role is Role.CLIENT else [], separators=(",", ":")).encode()
