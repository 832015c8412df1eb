"""The pause after it closed: stored at the host for a client who agreed, and noted for their therapist.

A pause waits a minute after its close, so that a late undo still counts. Of a client who did not agree, nothing
is stored and nothing is noted once the session is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from plugin.core import session as core
from plugin.core.events import Event
from plugin.core.orders import Order, PauseResult, SaveResult
from plugin.core.pause import Pause
from plugin.core.ritual import Card
from plugin.core.screens import stamp
from plugin.core.session import Session
from plugin.rituals import consent_card
from webhooks.events import Role, earliest

NAME = "pause_record"
FINAL = timedelta(minutes=1)
MANY = 3
"""From this many pauses on, the therapist gets a quiet hint after the call."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Which pauses were ordered to be stored."""

    stored: frozenset[str] = frozenset()


def begin() -> Slice:
    """None was."""
    return Slice()


def _part(session: Session) -> Slice:
    return core.part(session, NAME, Slice)


def step(session: Session, event: Event) -> tuple[object, Sequence[Order]]:
    """Order the storing of pauses that are final."""
    del event
    part = _part(session)
    final = [p for p in _unstored(session) if _final_at(session, p) <= session.now]
    if not final:
        return part, ()
    results = [result for pause in final if (result := result_of(pause))]
    part = replace(part, stored=part.stored | {pause.id for pause in final})
    return part, [SaveResult(result=result) for result in results]


def _unstored(session: Session) -> list[Pause]:
    done = _part(session).stored
    return [
        p
        for p in session.pauses.values()
        if p.id not in done and not p.open and p.role is Role.CLIENT and _agreed(session, p.person)
    ]


def _agreed(session: Session, person: str) -> bool:
    consent = consent_card.of(session, person)
    return bool(consent and consent.given)


def _final_at(session: Session, pause: Pause) -> datetime:
    closed = (pause.closed_at or session.now) + FINAL
    return min(closed, session.over_at) if session.over_at else closed


def result_of(pause: Pause) -> PauseResult | None:
    """The record of a closed pause; null while it is open."""
    if pause.outcome is None or pause.closed_at is None:
        return None
    resumed = pause.outcome == "resumed"
    return PauseResult(
        pause=pause.id, person=pause.person, role=pause.role, pressed_at=pause.pressed_at,
        accepted_at=pause.accepted_at, delivered_at=pause.delivered_at, seen_at=pause.seen_at,
        resumed_at=pause.resumed_at if resumed else None, closed_at=pause.closed_at, level=pause.level,
        resume_choice=pause.choice if resumed else None, outcome=pause.outcome,
        unattended=pause.unattended, path=pause.path, nudges=len(pause.nudges),
    )  # fmt: skip


def cards(session: Session, person: str) -> Sequence[Card]:
    """After the call, the therapist's list of pauses of a client who agreed."""
    viewer = session.people.get(person)
    if viewer is None or not viewer.is_therapist or not session.over_for(viewer):
        return ()
    asked = [
        p
        for p in session.pauses.values()
        if p.role is Role.CLIENT and _agreed(session, p.person) and _noted(p)
    ]
    if not asked:
        return ()
    notes = [
        {
            "asked_at": stamp(p.pressed_at),
            "seen_at": stamp(p.seen_at),
            "level": p.level,
            "choice": p.choice,
            "outcome": p.outcome,
            "unattended": p.unattended,
        }
        for p in asked
    ]
    return ({"card": "pause-notes", "pauses": notes, "hint": len(asked) >= MANY},)


def _noted(pause: Pause) -> bool:
    return pause.outcome != "withdrawn"


def wake_at(session: Session) -> datetime | None:
    """When the next closed pause is final."""
    return earliest(*(_final_at(session, pause) for pause in _unstored(session)))
