"""``python -m benchmarks.watched FILE serve ...``: the service as it is, with its own pauses written down.

A loop that should turn every five milliseconds notes by how much it was late, and how much processor time the process
used meanwhile: what is late without having worked was kept waiting by the machine and not by itself. The collector is
timed as well. ``FILE`` gets the result when the service stops, and the signal ``SIGUSR1`` begins the count anew.
"""

import asyncio
import gc
import json
import signal
import sys
import time
from pathlib import Path

import plugin.serving
from plugin.__main__ import main
from plugin.settings import Settings

_EVERY = 0.005
_NOTABLE = 0.010


class Watch:
    """The pauses of this process since the last ``begin``."""

    def __init__(self) -> None:
        self._collected_at = 0.0
        self.begin()

    def begin(self) -> None:
        """Count anew."""
        self.began = time.perf_counter()
        self.turns = 0
        self.late: list[tuple[float, float]] = []
        self.collections: list[tuple[int, float]] = []

    def collecting(self, phase: str, info: dict[str, int]) -> None:
        """Time the collector (``gc.callbacks``)."""
        if phase == "start":
            self._collected_at = time.perf_counter()
        else:
            self.collections.append((info["generation"], time.perf_counter() - self._collected_at))

    async def turn(self) -> None:
        """Look at the loop until cancelled."""
        while True:
            before, worked = time.perf_counter(), time.process_time()
            await asyncio.sleep(_EVERY)
            late = time.perf_counter() - before - _EVERY
            self.turns += 1
            if late > _NOTABLE:
                self.late.append((late, min(late, time.process_time() - worked)))

    def result(self) -> dict[str, object]:
        """Milliseconds of what is worth a look."""
        return {
            "seconds": time.perf_counter() - self.began,
            "turns": self.turns,
            "late_ms": [[late * 1e3, worked * 1e3] for late, worked in self.late],
            "collections": [[generation, seconds * 1e3] for generation, seconds in self.collections],
        }


def _watched(watch: Watch) -> None:
    """Watch whatever serves from now on."""
    serve = plugin.serving.serve

    async def watching(settings: Settings) -> int:
        gc.callbacks.append(watch.collecting)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, watch.begin)
        turning = asyncio.create_task(watch.turn())
        try:
            return await serve(settings)
        finally:
            turning.cancel()

    plugin.serving.serve = watching


if __name__ == "__main__":
    watch = Watch()
    _watched(watch)
    code = main(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(watch.result()))
    sys.exit(code)
