"""What may already be at the host although a search does not find it yet.

Two things leave a write in doubt: its answer got lost, or an earlier process died before it could note the
answer. Searches may lag behind writes. So for a bounded time after either, a search that finds nothing
proves nothing; only then may a server without conditional create be written to again.
"""

import time
from collections.abc import Callable

WINDOW = 10.0
"""Seconds a server may need until a search finds what it has written."""


class Doubts:
    """Remembers, by identifier, what this process wrote, and until when a search cannot be believed."""

    def __init__(self, *, window: float = WINDOW, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._begun = clock()
        self._doubted: dict[str, float] = {}
        self._under_way: set[str] = set()
        self._stored: dict[str, tuple[float, str | None]] = {}

    def begin(self, own: str, *, under_way: bool) -> None:
        """A write under this identifier just ended without an answer to trust; it may still be under way."""
        self.end(own)
        self._doubted[own] = self._clock()
        if under_way:
            self._under_way.add(own)

    def end(self, own: str) -> None:
        """There is nothing to doubt any more, or somebody takes it upon themselves."""
        self._doubted.pop(own, None)
        self._under_way.discard(own)

    def settled(self, own: str, place: str | None) -> None:
        """The host has said that it holds this, and perhaps where."""
        now = self._clock()
        self.end(own)
        recent = {one: what for one, what in self._stored.items() if now < what[0] + self._window}
        self._stored = recent | {own: (now, place)}

    def is_doubted(self, own: str) -> bool:
        """Whether this process has left a write under this identifier in doubt."""
        return own in self._doubted

    def is_under_way(self, own: str) -> bool:
        """Whether the host may not even have finished with that write."""
        return own in self._under_way

    def is_stored(self, own: str) -> bool:
        """Whether the host said so within the window; a search may not find it yet."""
        return own in self._stored and self._clock() < self._stored[own][0] + self._window

    def place_of(self, own: str) -> str | None:
        """Where the host said that it holds this."""
        return self._stored[own][1] if own in self._stored else None

    def left(self, own: str) -> float:
        """Seconds until a search that finds nothing can be believed; the start counts as a write of everything."""
        return max(self._doubted.get(own, self._begun) + self._window - self._clock(), 0.0)
