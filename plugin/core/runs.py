"""Runs: which occurrence of a meeting a fact is about, where its host does not say.

Rules:
- A run that its host names by the time it began is that run, whoever told of it first.
- A fact belongs to the run that was on at its time. Whoever joins when none was on begins one; a list, a knock at the
  door and the end of a recording do not.
- A room that its host makes anew while a run of it is on ends that run: the news of its end got lost.
- What is older than a day, and fits no run, is about a call long over and is dropped.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from plugin.core.session import Session
from webhooks.events import (
    Fact,
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PeoplePresent,
    PersonJoined,
    RecordingStopped,
    WaitingEntered,
    WaitingLeft,
)

_TOGETHER = timedelta(seconds=5)
"""So far apart a host may date the beginning of a run and its first person."""

_STRAGGLING = timedelta(minutes=10)
"""So long after the end of a run a host may date what still belongs to it: a dead connection is found out late."""

_LONGEST = timedelta(hours=4)
"""So long before the first thing known of a run something may still belong to it."""

_ASIDE = (PeoplePresent, RecordingStopped, WaitingEntered, WaitingLeft)
_LONG_AGO = timedelta(hours=24)
_UNKNOWN = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a meeting as far as it is known: ``session`` is its state, ``occurrence`` its name."""

    occurrence: str
    session: Session

    @property
    def begun(self) -> datetime | None:
        """When it began, by the host's own word."""
        return self.session.begun

    @property
    def since(self) -> datetime | None:
        """When it began, as far as anybody knows."""
        return self.session.begun or self.session.started_at

    @property
    def until(self) -> datetime | None:
        """When it ended; null while it is on."""
        return self.session.ended_at or self.session.over_at

    def had(self, fact: Fact) -> bool:
        """Whether it is over and was on at the time of a fact; time ends no run in which somebody comes later."""
        end = self.until
        if end and _opens(fact) and not self.session.ended_at:
            end = self.session.moved_at or end
        return end is not None and (self.since or fact.at) <= fact.at < end


def placed(fact: HostFact, runs: Sequence[Run], now: datetime) -> list[HostFact]:
    """The fact with the run that it is about, and what follows from it for other runs; empty when it is dropped."""
    occurrence = _named(fact, runs) if fact.begun else _timed(fact, runs, now)
    if occurrence is None:
        return []
    here = fact.model_copy(update={"occurrence": occurrence})
    return [
        here,
        *(more for run in _replaced(fact, runs, occurrence) for more in _moved(fact, run, occurrence)),
    ]


def _named(fact: Fact, runs: Sequence[Run]) -> str:
    begun, end = fact.begun or fact.at, fact.at if isinstance(fact, MeetingEnded) else None
    for run in runs:
        if run.begun == begun:
            return run.occurrence
    unnamed = [run for run in runs if run.begun is None and _fits(run, begun, end)]
    return _earliest(unnamed).occurrence if unnamed else _new(fact, begun, runs)


def _fits(run: Run, begun: datetime, end: datetime | None) -> bool:
    since = run.since
    if run.until and run.until < begun:
        return False
    return since is None or (begun - _TOGETHER <= since and (end is None or since <= end))


def _timed(fact: Fact, runs: Sequence[Run], now: datetime) -> str | None:
    before = [run for run in runs if run.since is None or run.since <= fact.at + _TOGETHER]
    run = max(before, key=lambda run: (run.until is None, run.since or fact.at), default=None)
    past = [run for run in before if run.had(fact)]
    if past:
        return _earliest(past).occurrence
    if run and (run.until is None or (not _opens(fact) and fact.at <= run.until + _STRAGGLING)):
        return run.occurrence
    later = [
        run for run in runs if run.begun is None and run.since and fact.at < run.since <= fact.at + _LONGEST
    ]
    if later:
        return _earliest(later).occurrence
    if len(runs) > len(before) or fact.at < now - _LONG_AGO or isinstance(fact, _ASIDE):
        return None
    return _new(fact, fact.at, runs)


def _opens(fact: Fact) -> bool:
    return isinstance(fact, MeetingStarted | PersonJoined)


def _earliest(runs: Sequence[Run]) -> Run:
    return min(runs, key=lambda run: run.since or _UNKNOWN)


def _new(fact: Fact, at: datetime, runs: Sequence[Run]) -> str:
    name = f"{fact.meeting}@{at.isoformat()}"
    taken = {run.occurrence for run in runs}
    return next(
        each for each in (name, *(f"{name}#{n}" for n in range(2, len(runs) + 3))) if each not in taken
    )


def _replaced(fact: Fact, runs: Sequence[Run], occurrence: str) -> list[Run]:
    if fact.begun is None:
        return []
    return [
        run for run in runs if run.occurrence != occurrence and run.until is None and _older(run, fact.begun)
    ]


def _older(run: Run, begun: datetime) -> bool:
    return run.since is not None and run.since < begun


def _moved(fact: Fact, run: Run, occurrence: str) -> Iterator[HostFact]:
    """The end of a run that was replaced by a later one, and those who were taken for its own meanwhile."""
    begun = fact.begun or fact.at
    known = {"host": fact.host, "meeting": fact.meeting}
    yield MeetingEnded(**known, occurrence=run.occurrence, at=begun, key=f"{fact.key}:after:{run.occurrence}")
    for person in run.session.people.values():
        for connection, joined_at in person.joined.items():
            if joined_at >= begun and person.inside(connection):
                yield PersonJoined(
                    **known,
                    occurrence=occurrence,
                    at=joined_at,
                    key=f"{fact.key}:moved:{connection}",
                    person=person.id,
                    connection=connection,
                    role=person.role,
                )
