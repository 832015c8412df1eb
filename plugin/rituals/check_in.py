"""The opening check-in: each names one feeling and one hope, and both cards flip together.

It opens once, when client and therapist are in the call with linked overlays, and the client agreed that the
therapist may see answers. It flips when both have shared or skipped, or after two minutes with what was shared;
until then nobody's screen holds a word of the other side. Somebody unexpected in the call stops it for good.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from plugin.core import session as core
from plugin.core.events import Ask, By, Event, Kept, Wished
from plugin.core.orders import Order, ResponseResult, SaveResult
from plugin.core.refusal import Refused
from plugin.core.ritual import Card
from plugin.core.screens import stamp
from plugin.core.session import Session
from plugin.rituals import consent_card
from webhooks.events import Role

NAME = "check_in"
INSTRUMENT, VERSION = "check-in", "1"
LENGTH = timedelta(minutes=2)
SHOWN = timedelta(minutes=2)
"""How long the turned cards stay for those who do not put them away."""

Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)]
Side = Literal["client", "therapist"]


class CheckinAnswered(Wished):
    """Somebody shared one feeling and one hope."""

    kept: ClassVar[Kept] = "checkin"

    type: Literal["checkin_answered"] = "checkin_answered"
    feeling: str
    hope: str


class CheckinSkipped(Wished):
    """Somebody passed today."""

    kept: ClassVar[Kept] = "checkin"

    type: Literal["checkin_skipped"] = "checkin_skipped"


class AnswerCheckin(Ask):
    """``checkin.answer``; one of the two words may be left empty."""

    kind: Literal["checkin.answer"]
    feeling: Word = ""
    hope: Word = ""

    def event(self, by: By) -> Event:
        """The shared words."""
        return CheckinAnswered(
            at=by.at, ask=self.id, person=by.person, role=by.role, feeling=self.feeling, hope=self.hope
        )


class SkipCheckin(Ask):
    """``checkin.skip``."""

    kind: Literal["checkin.skip"]

    def event(self, by: By) -> Event:
        """The pass."""
        return CheckinSkipped(at=by.at, ask=self.id, person=by.person, role=by.role)


@dataclass(frozen=True, slots=True)
class Shared:
    """What one side did: ``words`` is null for a pass."""

    person: str
    role: Role
    ask: str
    at: datetime
    words: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Slice:
    """When it opened and flipped, and what each side shared."""

    opened_at: datetime | None = None
    flipped_at: datetime | None = None
    stopped: bool = False
    sides: Mapping[Side, Shared] = field(default_factory=dict)


def begin() -> Slice:
    """Not opened yet."""
    return Slice()


def _part(session: Session) -> Slice:
    return core.part(session, NAME, Slice)


def step(session: Session, event: Event) -> tuple[object, Sequence[Order]]:
    """Open, take what is shared, flip. Raises ``Refused``."""
    part = _part(session)
    if isinstance(event, CheckinAnswered | CheckinSkipped):
        part = _shared(session, part, event)
    if part.stopped or part.flipped_at:
        return part, ()
    if session.guests():
        return replace(part, stopped=True), ()
    if part.opened_at is None:
        return (replace(part, opened_at=session.now) if _may_open(session) else part), ()
    if len(part.sides) == 2 or session.now >= part.opened_at + LENGTH:
        return replace(part, flipped_at=session.now), [_order(s) for s in part.sides.values() if s.words]
    return part, ()


def _may_open(session: Session) -> bool:
    client = session.client()
    if not client or session.over or session.open_pause(client.id):
        return False
    consent = consent_card.of(session, client.id)
    others = [t for t in session.therapists() if t.left is None and t.linked]
    return bool(consent and consent.therapist and client.left is None and client.linked and others)


def _side(session: Session, person: str) -> Side | None:
    client = session.client()
    if client and client.id == person:
        return "client"
    return "therapist" if any(t.id == person for t in session.therapists()) else None


def _shared(session: Session, part: Slice, event: CheckinAnswered | CheckinSkipped) -> Slice:
    side = _side(session, event.person)
    if side is None:
        raise Refused("not_your_role")
    known = part.sides.get(side)
    if known:
        if known.ask == event.ask:
            return part
        raise Refused("already_sent")
    if part.opened_at is None or part.stopped:
        raise Refused("not_due")
    if part.flipped_at:
        raise Refused("too_late")
    words = None
    if isinstance(event, CheckinAnswered):
        words = {key: word for key in ("feeling", "hope") if (word := getattr(event, key))}
        if not words:
            raise Refused("malformed")
    role = Role.CLIENT if side == "client" else Role.THERAPIST
    return replace(part, sides={**part.sides, side: Shared(event.person, role, event.ask, event.at, words)})


def _order(shared: Shared) -> Order:
    return SaveResult(
        result=ResponseResult(
            instrument=INSTRUMENT, version=VERSION, person=shared.person, role=shared.role,
            authored=shared.at, answers=dict(shared.words or {}),
        )
    )  # fmt: skip


def cards(session: Session, person: str) -> Sequence[Card]:
    """The card of one side; nothing once the call is over for them."""
    part, side = _part(session), _side(session, person)
    viewer = session.people.get(person)
    if side is None or viewer is None or session.over_for(viewer) or part.stopped or not part.opened_at:
        return ()
    own = part.sides.get(side)
    other = part.sides.get("therapist" if side == "client" else "client")
    if part.flipped_at:
        return _flipped(session, part, side, own, other)
    if own and own.words is None:
        return ()
    return (_card(part, side, "waiting" if own else "open", own.words if own else None, None),)


def _flipped(
    session: Session, part: Slice, side: Side, own: Shared | None, other: Shared | None
) -> Sequence[Card]:
    shown = part.flipped_at and session.now < part.flipped_at + SHOWN
    if not shown or not any(s and s.words for s in (own, other)):
        return ()
    theirs = other.words if other and other.words else "passed"
    return (_card(part, side, "flipped", own.words if own else None, theirs),)


def _card(part: Slice, side: Side, state: str, own: object, other: object) -> Card:
    ends_at = part.opened_at + LENGTH if part.opened_at else None
    return {
        "card": "check-in", "side": side, "state": state, "started_at": stamp(part.opened_at),
        "ends_at": stamp(ends_at), "own": own, "other": other,
    }  # fmt: skip


def wake_at(session: Session) -> datetime | None:
    """When the two minutes are over, or the turned cards go."""
    part = _part(session)
    if part.stopped or not part.opened_at:
        return None
    if part.flipped_at is None:
        return part.opened_at + LENGTH
    gone = part.flipped_at + SHOWN
    return gone if gone > session.now else None
