"""The pause: asked for by one person, delivered and seen by the other side, ended by its owner alone.

Rules:
- pressed, accepted, delivered, seen, then closed: resumed, withdrawn or expired. Nothing is ever undone.
- Only the owner withdraws, refines or resumes. The other side can do one thing: say that it was seen.
- An undo made within eight seconds of the press wins whenever it arrives.
- The states are monotone, so any order of the same events gives the same pause.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from plugin.core.events import Ask, By, Event, Kept, Wished
from plugin.core.orders import PauseOutcome
from webhooks.events import Role

UNDO = timedelta(seconds=8)
TRAVEL = timedelta(seconds=2)
"""How much later than its press an undo may seem to be made, because both travelled."""
DOUBLE_TAP = timedelta(seconds=2)
NUDGE_EVERY = timedelta(seconds=5)
LOUDER = timedelta(seconds=10)
FULL = timedelta(seconds=30)
UNATTENDED = timedelta(seconds=60)
STALE = timedelta(seconds=60)
TOLD = timedelta(seconds=60)
"""How long a therapist reads how a pause ended."""

_STEPS = (UNDO, LOUDER, FULL, UNATTENDED)
"""What an open pause goes through by time alone, in order."""

Level = Literal["slow_down", "pause", "change_topic", "stop"]
Choice = Literal["go_on", "slower", "talk", "stop"]


class _PauseWish(Wished):
    kept: ClassVar[Kept] = "pause"


class PausePressed(_PauseWish):
    """Somebody asked for a pause; ``ask`` is its id. Asking again while it is open is a nudge."""

    type: Literal["pause_pressed"] = "pause_pressed"
    pressed_at: AwareDatetime
    path: Literal["ws", "post"] = "ws"


class PauseLevelChosen(_PauseWish):
    """The owner refined what would help."""

    type: Literal["pause_level_chosen"] = "pause_level_chosen"
    pause: str
    level: Level


class PauseWithdrawn(_PauseWish):
    """The owner took it back."""

    type: Literal["pause_withdrawn"] = "pause_withdrawn"
    pause: str
    made_at: AwareDatetime


class PauseSeen(_PauseWish):
    """A therapist tapped that they have seen it."""

    type: Literal["pause_seen"] = "pause_seen"
    pause: str


class PauseResumed(_PauseWish):
    """The owner chose how to go on."""

    type: Literal["pause_resumed"] = "pause_resumed"
    pause: str
    choice: Choice


class PausePainted(Event):
    """A visible page of the other side has these pauses on its screen."""

    kept: ClassVar[Kept] = "pause"

    type: Literal["pause_painted"] = "pause_painted"
    link: str
    person: str
    pauses: tuple[str, ...]


class PressPause(Ask):
    """``pause.press``: the ask's id becomes the pause's id."""

    kind: Literal["pause.press"]

    def event(self, by: By) -> Event:
        """The press, dated back by its age."""
        return PausePressed(
            at=by.at, ask=self.id, person=by.person, role=by.role, pressed_at=by.made_at, path=by.path
        )


class ChooseLevel(Ask):
    """``pause.level``."""

    kind: Literal["pause.level"]
    pause: str
    level: Level

    def event(self, by: By) -> Event:
        """The refinement."""
        return PauseLevelChosen(
            at=by.at, ask=self.id, person=by.person, role=by.role, pause=self.pause, level=self.level
        )


class WithdrawPause(Ask):
    """``pause.withdraw``."""

    kind: Literal["pause.withdraw"]
    pause: str

    def event(self, by: By) -> Event:
        """The undo, dated back by its age."""
        return PauseWithdrawn(
            at=by.at, ask=self.id, person=by.person, role=by.role, pause=self.pause, made_at=by.made_at
        )


class SeePause(Ask):
    """``pause.see``."""

    kind: Literal["pause.see"]
    pause: str

    def event(self, by: By) -> Event:
        """The acknowledgement."""
        return PauseSeen(at=by.at, ask=self.id, person=by.person, role=by.role, pause=self.pause)


class ResumePause(Ask):
    """``pause.resume``."""

    kind: Literal["pause.resume"]
    pause: str
    choice: Choice

    def event(self, by: By) -> Event:
        """The way on."""
        return PauseResumed(
            at=by.at, ask=self.id, person=by.person, role=by.role, pause=self.pause, choice=self.choice
        )


PauseEvent = PausePressed | PauseLevelChosen | PauseWithdrawn | PauseSeen | PauseResumed | PausePainted
PauseAsk = PressPause | ChooseLevel | WithdrawPause | SeePause | ResumePause


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause. ``nudges`` holds the ids of repeated presses that counted."""

    id: str
    person: str
    role: Role
    pressed_at: datetime
    accepted_at: datetime
    path: str
    level: Level | None = None
    delivered_at: datetime | None = None
    seen_at: datetime | None = None
    resumed_at: datetime | None = None
    choice: Choice | None = None
    withdrawn_at: datetime | None = None
    expired_at: datetime | None = None
    unattended: bool = False
    nudges: tuple[str, ...] = ()
    nudged_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether the owner still waits."""
        return not (self.withdrawn_at or self.resumed_at or self.expired_at)

    @property
    def outcome(self) -> PauseOutcome | None:
        """How it ended: an undo wins over a choice, a choice over the end of the call."""
        if self.withdrawn_at:
            return "withdrawn"
        if self.resumed_at:
            return "resumed"
        return "expired" if self.expired_at else None

    @property
    def closed_at(self) -> datetime | None:
        """When the outcome came about."""
        return self.withdrawn_at or self.resumed_at or self.expired_at


def nudged(pause: Pause, event: PausePressed) -> Pause:
    """A repeated press: ignored within two seconds of the first, counted at most once in five."""
    last = pause.nudged_at or pause.pressed_at
    wait = NUDGE_EVERY if pause.nudged_at else DOUBLE_TAP
    if event.ask in pause.nudges or pause.seen_at or event.pressed_at < last + wait:
        return pause
    return replace(pause, nudges=(*pause.nudges, event.ask), nudged_at=event.pressed_at)


def aged(pause: Pause, now: datetime) -> Pause:
    """Mark a pause that nobody has seen for a minute."""
    if pause.open and not pause.unattended and not pause.seen_at and now >= pause.pressed_at + UNATTENDED:
        return replace(pause, unattended=True)
    return pause


def wake_at(pause: Pause, now: datetime) -> datetime | None:
    """When something about this pause changes by time alone; never in the past once it was ticked."""
    if pause.open:
        return next((at for step in _STEPS if (at := pause.pressed_at + step) > now), None)
    ends = ((pause.withdrawn_at, UNDO), (pause.resumed_at, TOLD))
    return min((at for since, span in ends if since and (at := since + span) > now), default=None)
