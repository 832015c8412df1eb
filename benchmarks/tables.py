"""Calls at a server: the lines of both sides, and what was asked and has not come back yet."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice

from benchmarks.crowd import Crowd, Line
from benchmarks.dialects import Ask, Dialect

_SEATED_WITHIN = 30.0


@dataclass(slots=True)
class Tally:
    """What has come back so far: seconds from each press to its acknowledgement and to the therapist's frame.

    ``turns`` counts how often a call had nothing outstanding any more.
    """

    acknowledged: list[float] = field(default_factory=list)
    copied: list[float] = field(default_factory=list)
    turns: int = 0


class Seat:
    """One side of one call: a line that has greeted, and answers when it is asked whether it lives."""

    def __init__(self, dialect: Dialect, line: Line, greeting: bytes) -> None:
        self._dialect = dialect
        self._line = line
        self.taken = False
        self.hear: Callable[[bytes, float], None] = lambda _frame, _now: None
        line.hear = self._greeted
        line.send(greeting)

    def send(self, frame: bytes) -> None:
        """Send a frame."""
        self._line.send(frame)

    def _greeted(self, frame: bytes, _now: float) -> None:
        if frame.startswith(self._dialect.ping):
            self._line.send(self._dialect.pong)
        elif self._dialect.seated(frame):
            self.taken = True
            self._line.hear = self._heard

    def _heard(self, frame: bytes, now: float) -> None:
        if frame.startswith(self._dialect.ping):
            self._line.send(self._dialect.pong)
        else:
            self.hear(frame, now)


class Table:
    """One call. ``finished`` is called whenever nothing is outstanding any more."""

    def __init__(self, dialect: Dialect, client: Seat, therapist: Seat, tally: Tally) -> None:
        self._asks = dialect.asks()
        self._ready: deque[Ask] = deque()
        self._to_acknowledge: deque[tuple[Ask, float]] = deque()
        self._to_copy: deque[tuple[Ask, float]] = deque()
        self._client = client
        self._tally = tally
        self.finished: Callable[[Table], None] = lambda _table: None
        client.hear, therapist.hear = self._client_hears, self._therapist_hears

    def prepare(self, count: int) -> None:
        """Make the frames of the next asks beforehand, so that making them is in nobody's time."""
        self._ready.extend(islice(self._asks, count))

    @property
    def prepared(self) -> int:
        """How many asks are made and not sent."""
        return len(self._ready)

    @property
    def idle(self) -> bool:
        """Whether all that was asked has come back."""
        return not self._to_acknowledge and not self._to_copy

    def ask(self) -> None:
        """Send the next ask."""
        ask = self._ready.popleft()
        asked = (ask, time.perf_counter())
        self._to_acknowledge.append(asked)
        self._to_copy.append(asked)
        self._client.send(ask.frame)

    def _client_hears(self, frame: bytes, now: float) -> None:
        if self._to_acknowledge and self._to_acknowledge[0][0].answer in frame:
            ask, asked_at = self._to_acknowledge.popleft()
            if ask.press:
                self._tally.acknowledged.append(now - asked_at)
            self._came_back()

    def _therapist_hears(self, frame: bytes, now: float) -> None:
        if self._to_copy and self._to_copy[0][0].copy in frame:
            ask, asked_at = self._to_copy.popleft()
            if ask.press:
                self._tally.copied.append(now - asked_at)
            self._came_back()

    def _came_back(self) -> None:
        if self.idle:
            self._tally.turns += 1
            self.finished(self)


def seat_all(dialect: Dialect, crowd: Crowd, port: int, calls: int, tally: Tally) -> list[Table]:
    """Open the lines of so many calls, bring each into its call, and put the calls' asks on one tally."""
    pairs = []
    for greetings in dialect.admit(port, calls):
        pairs.append([Seat(dialect, crowd.connect(), greeting) for greeting in greetings])
        crowd.turn(0)
    waiting = [seat for pair in pairs for seat in pair]

    def all_taken() -> bool:
        while waiting and waiting[-1].taken:
            waiting.pop()
        return not waiting

    crowd.until(all_taken, _SEATED_WITHIN)
    return [Table(dialect, client, therapist, tally) for client, therapist in pairs]
