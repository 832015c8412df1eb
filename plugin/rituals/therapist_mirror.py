"""The therapist's mirror: the same questions from the other side, locked in before the client's answers open.

A skip opens them too. Windows of the therapist that are gone for 20 s after the end count as a skip, and
15 minutes after the end the client's answers no longer wait for anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from plugin.core import session as core
from plugin.core.events import Ask, By, Event, Kept, Wished
from plugin.core.orders import Code, Order, ResponseResult, SaveResult
from plugin.core.people import GRACE
from plugin.core.refusal import Refused
from plugin.core.ritual import Card
from plugin.core.session import Session
from plugin.instruments.catalogue import Unfit, checked, instrument
from plugin.rituals import consent_card
from webhooks.events import Role, earliest

NAME = "therapist_mirror"
MIRROR = instrument("session-pulse-mirror")
PATIENCE = timedelta(minutes=15)

ItemKey = Annotated[str, StringConstraints(max_length=32)]
Word = Annotated[str, StringConstraints(max_length=2000)]
Given = Annotated[dict[ItemKey, int | Word], Field(max_length=32)]


class MirrorSent(Wished):
    """The therapist locked in their side."""

    kept: ClassVar[Kept] = "score"

    type: Literal["mirror_sent"] = "mirror_sent"
    answers: dict[str, int | str]


class MirrorSkipped(Wished):
    """The therapist passed."""

    kept: ClassVar[Kept] = "score"

    type: Literal["mirror_skipped"] = "mirror_skipped"


class SendMirror(Ask):
    """``mirror.send``."""

    kind: Literal["mirror.send"]
    answers: Given

    def event(self, by: By) -> Event:
        """The locked answers."""
        return MirrorSent(at=by.at, ask=self.id, person=by.person, role=by.role, answers=self.answers)


class SkipMirror(Ask):
    """``mirror.skip``."""

    kind: Literal["mirror.skip"]

    def event(self, by: By) -> Event:
        """The pass."""
        return MirrorSkipped(at=by.at, ask=self.id, person=by.person, role=by.role)


@dataclass(frozen=True, slots=True)
class Slice:
    """What the therapist did: ``answers`` null for a skip, ``done_at`` when the client's answers opened."""

    ask: str | None = None
    answers: dict[str, int | str] | None = None
    done_at: datetime | None = None


def begin() -> Slice:
    """Nothing locked."""
    return Slice()


def part_of(session: Session) -> Slice:
    """This ritual's slice."""
    return core.part(session, NAME, Slice)


def due(session: Session) -> bool:
    """Whether a client who agreed to answer has gone, so that both sides may look back."""
    client = session.client()
    if not client or not session.met or not session.over_for(client) or session.closed:
        return False
    consent = consent_card.of(session, client.id)
    return bool(consent and consent.given)


def end(session: Session) -> datetime | None:
    """When the call ended for both sides, or null while somebody is still in it."""
    client = session.client()
    if not client or not session.met:
        return None
    if session.over_at:
        return session.over_at
    left = [p.left_at for p in (client, *session.therapists())]
    return max((moment for moment in left if moment), default=None) if all(left) else None


def _waits_until(session: Session) -> datetime | None:
    """Until when the client's answers wait for the therapist, or null while there is no limit."""
    ended = end(session)
    if ended is None:
        return None
    if any(therapist.linked for therapist in session.therapists()):
        return ended + PATIENCE
    since = [therapist.unlinked_since or ended for therapist in session.therapists()]
    return earliest(ended + PATIENCE, max(ended, *since) + GRACE)


def step(session: Session, event: Event) -> tuple[object, Sequence[Order]]:
    """Lock, skip, or let the wait run out. Raises ``Refused``."""
    part = part_of(session)
    if isinstance(event, MirrorSent | MirrorSkipped):
        return _sent(session, part, event)
    if part.done_at:
        return part, ()
    until = _waits_until(session)
    return (replace(part, done_at=session.now) if until and session.now >= until else part), ()


def _sent(session: Session, part: Slice, event: MirrorSent | MirrorSkipped) -> tuple[Slice, Sequence[Order]]:
    if event.person not in {therapist.id for therapist in session.therapists()}:
        raise Refused("not_your_role")
    if part.ask == event.ask:
        return part, ()
    if part.done_at:
        raise Refused("already_sent" if part.ask else "too_late")
    if not due(session) or not session.over_for(session.people[event.person]):
        raise Refused("not_due")
    if isinstance(event, MirrorSkipped):
        return replace(part, ask=event.ask, done_at=session.now), ()
    try:
        answers = checked(MIRROR, event.answers)
    except Unfit:
        raise Refused("malformed") from None
    values = {k: Code(code=str(v)) if k in MIRROR.choices else v for k, v in answers.items()}
    result = ResponseResult(
        instrument=MIRROR.id, version=MIRROR.version, person=event.person, role=Role.THERAPIST,
        authored=event.at, answers=values,
    )  # fmt: skip
    orders = (SaveResult(result=result),) if answers else ()
    return Slice(event.ask, answers, session.now), orders


def cards(session: Session, person: str) -> Sequence[Card]:
    """The mirror, for a therapist who is out of the call, until it is locked, skipped or too late."""
    viewer = session.people.get(person)
    if viewer is None or not viewer.is_therapist or not session.over_for(viewer):
        return ()
    if part_of(session).done_at or not due(session):
        return ()
    return ({"card": "pulse-survey", "form": "mirror", "instrument": MIRROR.document},)


def wake_at(session: Session) -> datetime | None:
    """When the wait for the therapist runs out."""
    return None if part_of(session).done_at else _waits_until(session)
