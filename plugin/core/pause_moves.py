"""Who may do what to a pause, and what it does. The other side of a pause can see it and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from plugin.core.events import Wished
from plugin.core.pause import (
    STALE,
    TRAVEL,
    UNDO,
    Pause,
    PauseLevelChosen,
    PausePainted,
    PausePressed,
    PauseResumed,
    PauseSeen,
    PauseWithdrawn,
    nudged,
)
from plugin.core.people import THERAPISTS
from plugin.core.refusal import Refused
from webhooks.events import Role, earliest

if TYPE_CHECKING:
    from plugin.core.session import Session

Pauses = Mapping[str, Pause]


def wished(session: "Session", event: Wished) -> Pauses:
    """The pauses after a wish about one; other wishes leave them alone. Raises ``Refused``."""
    match event:
        case PausePressed():
            return _pressed(session, event)
        case PauseSeen():
            pause = _found(session, event.pause)
            if session.role(event) not in THERAPISTS or pause.role in THERAPISTS:
                raise Refused("not_your_role")
            return _with(session, _seen(session, pause, event))
        case PauseLevelChosen():
            pause = _own(session, event.pause, event)
            if not pause.open:
                raise Refused("not_open")
            return _with(session, replace(pause, level=event.level))
        case PauseWithdrawn():
            return _with(session, _withdrawn(_own(session, event.pause, event), event))
        case PauseResumed():
            return _with(session, _resumed(session, _own(session, event.pause, event), event))
        case _:
            return session.pauses


def _pressed(session: "Session", event: PausePressed) -> Pauses:
    known = session.pauses.get(event.ask)
    if known:
        if known.person != event.person:
            raise Refused("not_yours")
        return session.pauses
    repeated = next((p for p in session.pauses.values() if event.ask in p.nudges), None)
    if repeated:
        return session.pauses
    _allowed(session, event)
    mine = session.open_pause(event.person)
    if mine:
        return _with(session, nudged(mine, event))
    pause = Pause(
        id=event.ask, person=event.person, role=session.role(event) or Role.CLIENT, pressed_at=event.pressed_at,
        accepted_at=event.at, path=event.path,
    )  # fmt: skip
    return _with(session, pause)


def _allowed(session: "Session", event: PausePressed) -> None:
    role = session.role(event)
    if role not in THERAPISTS and role is not Role.CLIENT:
        raise Refused("not_your_role")
    if session.over:
        raise Refused("over")
    if event.pressed_at + STALE < event.at:
        raise Refused("too_old")
    others = session.therapists() if role is Role.CLIENT else [session.client()]
    if not any(other and other.arrived_at for other in others):
        raise Refused("alone")


def _found(session: "Session", pause: str) -> Pause:
    found = session.pauses.get(pause)
    if not found:
        raise Refused("no_such_pause")
    return found


def _own(session: "Session", pause: str, event: Wished) -> Pause:
    found = _found(session, pause)
    if found.person != event.person:
        raise Refused("not_yours")
    return found


def _seen(session: "Session", pause: Pause, event: PauseSeen) -> Pause:
    if pause.seen_at:
        return pause
    if session.over:
        raise Refused("over")
    return replace(pause, seen_at=event.at, delivered_at=pause.delivered_at or event.at)


def _withdrawn(pause: Pause, event: PauseWithdrawn) -> Pause:
    if event.made_at > pause.pressed_at + UNDO + TRAVEL:
        raise Refused("too_late")
    return replace(pause, withdrawn_at=earliest(pause.withdrawn_at, event.at))


def _resumed(session: "Session", pause: Pause, event: PauseResumed) -> Pause:
    if pause.outcome == "resumed" and pause.choice == event.choice:
        return pause
    if not pause.open or session.over:
        raise Refused("not_open")
    return replace(pause, resumed_at=event.at, choice=event.choice)


def painted(session: "Session", event: PausePainted) -> Pauses:
    """Mark as delivered what the other side's visible page has on its screen."""
    viewer = session.people.get(event.person)
    if not viewer or not viewer.links.get(event.link):
        return session.pauses
    sees_clients = viewer.is_therapist
    shown = [session.pauses[key] for key in event.pauses if key in session.pauses]
    fresh = {
        pause.id: replace(pause, delivered_at=event.at)
        for pause in shown
        if pause.open and not pause.delivered_at and (pause.role not in THERAPISTS) == sees_clients
    }
    return {**session.pauses, **fresh} if fresh else session.pauses


def _with(session: "Session", pause: Pause) -> Pauses:
    return {**session.pauses, pause.id: pause}
