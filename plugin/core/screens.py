"""Screens: everything a person sees now, worked out from the session and nothing else.

The default is to show nothing: a card is given to the roles named here and to nobody else.
"""

from collections.abc import Sequence
from datetime import datetime

from plugin.core import pause as pauses
from plugin.core import people
from plugin.core.pause import Pause
from plugin.core.people import Person
from plugin.core.ritual import Card, Ritual
from plugin.core.session import Session
from webhooks.events import Role

CHORD = "Alt+Shift+P"

_NONE: frozenset[str] = frozenset()
"""One for everybody who watches nothing: each other empty set would take 216 bytes of its own."""


def stamp(moment: datetime | None) -> str | None:
    """A moment as RFC 3339 in UTC with milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def screen(session: Session, person: str, rituals: Sequence[Ritual]) -> list[Card]:
    """The complete list of cards for one person; empty for somebody who has no part in the session."""
    viewer = session.people.get(person)
    if viewer is None:
        return []
    own: list[Card] = []
    if viewer.is_therapist:
        own = _therapist(session, viewer)
    elif viewer.role is Role.CLIENT:
        own = _client(session, viewer)
    return own + [card for ritual in rituals for card in ritual.cards(session, person)]


def watched(session: Session, person: str) -> frozenset[str]:
    """The pauses whose painting on this person's screen counts as their delivery."""
    viewer = session.people.get(person)
    if viewer is None or session.over_for(viewer):
        return _NONE
    if not viewer.is_therapist and viewer != session.client():
        return _NONE
    new = [pause for pause in _open(session) if not pause.delivered_at]
    return frozenset(p.id for p in new if _by_therapist(p) is not viewer.is_therapist) if new else _NONE


def _client(session: Session, viewer: Person) -> list[Card]:
    cards: list[Card] = []
    pause = _shown(session, viewer)
    if not session.over_for(viewer):
        met = any(other.arrived_at for other in session.therapists())
        state = "open" if pause and pause.open else "ready" if met else "alone"
        why = None if met else "not_yet"
        cards.append({"card": "pause-button", "state": state, "why": why, "chord": CHORD})
        if pause:
            cards.append(_sheet(session, pause, "pause-sheet", _says(session, pause, session.therapists())))
        cards += [
            {"card": "moment-notice", "pause": moment.id}
            for moment in _open(session)
            if moment.person != viewer.id and viewer == session.client() and _by_therapist(moment)
        ]
    if _stopped(session):
        cards.append({"card": "soft-ending", "side": "client"})
    return cards


def _therapist(session: Session, viewer: Person) -> list[Card]:
    cards: list[Card] = []
    client = session.client()
    if not session.over_for(viewer):
        line = "absent"
        if client and not session.over_for(client) and client.on_call:
            line = "down" if people.line_down(client, session.now) else "ready"
        moment = _shown(session, viewer)
        state = "open" if moment and moment.open else "ready" if client else "alone"
        cards.append({"card": "pause-ready", "state": line})
        cards.append({"card": "moment-button", "state": state})
        if moment:
            others = [client] if client else []
            cards.append(_sheet(session, moment, "moment-sheet", _says(session, moment, others)))
        cards += [{"card": "guest-notice"}] if session.guests() else []
        cards += [_notice(session, p) for p in _noticed(session)]
    if _stopped(session):
        cards.append({"card": "soft-ending", "side": "therapist"})
    return cards


def _shown(session: Session, viewer: Person) -> Pause | None:
    mine = [p for p in session.pauses.values() if p.person == viewer.id]
    latest = max(mine, key=lambda p: p.accepted_at, default=None)
    if latest is None or latest.open:
        return latest
    taken_back = latest.withdrawn_at
    return latest if taken_back and session.now < taken_back + pauses.UNDO else None


def _sheet(session: Session, pause: Pause, card: str, says: str) -> Card:
    state = "withdrawn" if pause.outcome == "withdrawn" else "accepted"
    if pause.open:
        state = "seen" if pause.seen_at else "delivered" if pause.delivered_at else "accepted"
    return {
        "card": card,
        "pause": pause.id,
        "state": state,
        "says": says,
        "undo": pause.open and session.now < pause.pressed_at + pauses.UNDO,
        "level": pause.level,
        "pressed_at": stamp(pause.pressed_at),
        "unattended": pause.unattended,
    }


def _says(session: Session, pause: Pause, others: Sequence[Person]) -> str:
    """The key of the one true sentence about a pause (CLINICAL §7.1 and §7.3)."""
    if not pause.open:
        return "taken_back"
    reach = _reach(others)
    if pause.seen_at:
        return "therapist_gone" if reach == "therapist_gone" else "seen"
    if reach:
        return reach
    waited = session.now - pause.pressed_at
    if not pause.delivered_at:
        return "trying" if waited >= pauses.LOUDER else "on_its_way"
    if waited >= pauses.FULL:
        return "not_answered"
    return "not_tapped" if waited >= pauses.LOUDER else "delivered"


def _reach(others: Sequence[Person]) -> str | None:
    if any(other.left is None and other.in_front for other in others):
        return None
    if any(other.left is None and other.linked for other in others):
        return "hidden"
    return "unreachable" if any(other.on_call for other in others) else "therapist_gone"


def _open(session: Session) -> list[Pause]:
    return [pause for pause in session.pauses.values() if pause.open]


def _by_therapist(pause: Pause) -> bool:
    return pause.role in people.THERAPISTS


def _noticed(session: Session) -> list[Pause]:
    """Pauses that a therapist should see: those open, else for a while how the last one ended."""
    asked = [p for p in session.pauses.values() if not _by_therapist(p)]
    latest = max(asked, key=lambda p: p.accepted_at, default=None)
    if latest is None or any(p.open for p in asked):
        return [p for p in asked if p.open]
    shown = latest.resumed_at and session.now < latest.resumed_at + pauses.TOLD
    return [latest] if latest.outcome == "resumed" and shown else []


def _notice(session: Session, pause: Pause) -> Card:
    owner = session.people[pause.person]
    return {
        "card": "pause-notice",
        "pause": pause.id,
        "person": pause.person,
        "stage": _stage(session, pause, owner),
        "asked_at": stamp(pause.pressed_at),
        "seen_at": stamp(pause.seen_at),
        "level": pause.level,
        "choice": pause.choice,
        "nudges": len(pause.nudges),
    }


def _stage(session: Session, pause: Pause, owner: Person) -> str:
    if not pause.open:
        return "resumed"
    if owner.left is not None:
        return "left"
    if pause.seen_at:
        return "seen"
    waited = session.now - pause.pressed_at
    return "full" if waited >= pauses.FULL else "louder" if waited >= pauses.LOUDER else "band"


def _stopped(session: Session) -> bool:
    """Whether the client's last word in a call still running was to stop for today."""
    client = session.client()
    if client is None or session.over or client.left:
        return False
    asked = [p for p in session.pauses.values() if p.person == client.id and p.outcome != "withdrawn"]
    latest = max(asked, key=lambda p: p.accepted_at, default=None)
    return bool(latest and latest.outcome == "resumed" and latest.choice == "stop")
