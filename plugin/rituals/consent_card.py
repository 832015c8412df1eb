"""Consent: one card in plain words before a client's first answer is kept.

A yes is stored once at the host and remembered for the next session. "Not now" and a choice with no box ticked are
a no for this session: no check-in, no survey, and the pause is kept only until the session's end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime

from plugin.core import session as core
from plugin.core.events import Ask, By, Event, Wished
from plugin.core.orders import ConsentResult, Order, SaveResult
from plugin.core.refusal import Refused
from plugin.core.ritual import Card
from plugin.core.screens import stamp
from plugin.core.session import Session
from webhooks.events import Role

NAME = "consent_card"
VERSION = "1"


class ConsentAnswered(Wished):
    """A client chose on the card."""

    type: Literal["consent_answered"] = "consent_answered"
    choice: Literal["save", "not_now"]
    therapist: bool
    practice: bool


class ConsentRemembered(Event):
    """A client's yes of an earlier session, so that nobody is asked twice."""

    type: Literal["consent_remembered"] = "consent_remembered"
    person: str
    therapist: bool
    practice: bool
    given_at: AwareDatetime


class AnswerConsent(Ask):
    """``consent.answer``."""

    kind: Literal["consent.answer"]
    choice: Literal["save", "not_now"]
    therapist: bool
    practice: bool

    def event(self, by: By) -> Event:
        """The choice; "not now" says no to both."""
        saved = self.choice == "save"
        return ConsentAnswered(
            at=by.at, ask=self.id, person=by.person, role=by.role, choice=self.choice,
            therapist=saved and self.therapist, practice=saved and self.practice,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Consent:
    """What one client chose, and when."""

    therapist: bool
    practice: bool
    given_at: datetime
    ask: str | None = None

    @property
    def given(self) -> bool:
        """Whether anything of this client may be kept."""
        return self.therapist or self.practice


@dataclass(frozen=True, slots=True)
class Slice:
    """Choices by person."""

    answers: Mapping[str, Consent] = field(default_factory=dict)


def begin() -> Slice:
    """Nobody was asked yet."""
    return Slice()


def of(session: Session, person: str) -> Consent | None:
    """What a person chose in this session or remembered from an earlier one."""
    return core.part(session, NAME, Slice).answers.get(person)


def step(session: Session, event: Event) -> tuple[object, Sequence[Order]]:
    """Keep the first choice of each client; a saved one is stored at the host."""
    part = core.part(session, NAME, Slice)
    match event:
        case ConsentRemembered() if event.person not in part.answers:
            known = Consent(event.therapist, event.practice, event.given_at)
            return replace(part, answers={**part.answers, event.person: known}), ()
        case ConsentAnswered():
            return _answered(session, part, event)
        case _:
            return part, ()


def _answered(session: Session, part: Slice, event: ConsentAnswered) -> tuple[Slice, Sequence[Order]]:
    client = session.client()
    if session.role(event) is not Role.CLIENT or not client or client.id != event.person:
        raise Refused("not_your_role")
    known = part.answers.get(event.person)
    if known:
        if known.ask == event.ask:
            return part, ()
        raise Refused("already_sent")
    answer = Consent(event.therapist, event.practice, event.at, event.ask)
    part = replace(part, answers={**part.answers, event.person: answer})
    if event.choice == "not_now":
        return part, ()
    result = ConsentResult(
        person=event.person, version=VERSION, given_at=event.at,
        therapist_may_see=event.therapist, practice_may_count=event.practice,
    )  # fmt: skip
    return part, (SaveResult(result=result),)


def cards(session: Session, person: str) -> Sequence[Card]:
    """The card, for the session's own client until there is a choice."""
    client = session.client()
    if not client or client.id != person or of(session, person):
        return ()
    return () if session.closed else ({"card": "consent-card", "version": VERSION},)


def wake_at(session: Session) -> datetime | None:
    """Consent does not change by time."""
    del session
    return None


def note(event: Event) -> tuple[str, dict[str, object]] | None:
    """What a later session should remember of this event: a person and their yes."""
    if isinstance(event, ConsentAnswered) and (event.therapist or event.practice):
        kept: dict[str, object] = {
            "therapist": event.therapist, "practice": event.practice, "given_at": stamp(event.at)
        }  # fmt: skip
        return event.person, kept
    return None
