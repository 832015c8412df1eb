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
    """Remembers, by identifier, until when a search that finds nothing must not be believed."""

    def __init__(self, *, window: float = WINDOW, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._begun = clock()
        self._noted: dict[str, float] = {}

    def note(self, own: str) -> None:
        """A write under this identifier just ended without an answer to trust."""
        self._noted[own] = self._clock()

    def clear(self, own: str) -> None:
        """The host's answer is known."""
        self._noted.pop(own, None)

    def noted(self, own: str) -> bool:
        """Whether this process has left a write under this identifier in doubt."""
        return own in self._noted

    def left(self, own: str) -> float:
        """Seconds until a search that finds nothing can be believed; the start counts as a write of everything."""
        return max(self._noted.get(own, self._begun) + self._window - self._clock(), 0.0)
