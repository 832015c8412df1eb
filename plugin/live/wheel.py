"""One timer for all links: it turns once in four seconds, a fortieth at a time, so that no turn blocks the loop."""

import asyncio
from collections.abc import Callable

from plugin.live.link import Link

TURN = 4.0
SPOKES = 40
SILENT = 10.0
"""Seconds without a sign of life after which a link is lost."""

_LOOKS = 4


class Wheel:
    """Pings every link once a turn, and looks four times a turn for those that went silent."""

    def __init__(self, ping: Callable[[Link], None], silent: Callable[[Link], None]) -> None:
        self._ping = ping
        self._silent = silent
        self._spokes: list[set[Link]] = [set() for _ in range(SPOKES)]
        self._at = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, link: Link) -> None:
        """Turn with this link from now on."""
        min(self._spokes, key=len).add(link)

    def remove(self, link: Link) -> None:
        """Forget this link."""
        for spoke in self._spokes:
            spoke.discard(link)

    def start(self) -> None:
        """Turn until stopped."""
        self._timer = asyncio.get_running_loop().call_later(TURN / SPOKES, self._turn)

    def stop(self) -> None:
        """Turn no more."""
        if self._timer:
            self._timer.cancel()

    def _turn(self) -> None:
        self.start()
        self._at = (self._at + 1) % SPOKES
        for link in tuple(self._spokes[self._at]):
            self._ping(link)
        now = asyncio.get_running_loop().time()
        for look in range(_LOOKS):
            for link in tuple(self._spokes[(self._at + look * SPOKES // _LOOKS) % SPOKES]):
                if now - link.heard > SILENT:
                    self._silent(link)
