"""P1: a pause from the press, through the journal, to the therapist's frame; 100 calls.

The steady load, for what people feel, and the one without a break, for what the server can do, meet a fresh server
each, so that neither pays for the other's pauses.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench, floor, product, rows, stored
from benchmarks.commits import commits
from benchmarks.dialects import Dialect, Product, Relay, Socketio
from benchmarks.measures import Budget, Figures, Report, Round
from benchmarks.practice import Keys
from benchmarks.pressing import Pressing, press
from benchmarks.servers import Server

_PEER = "python-socketio + aiosqlite"
_STEADY = Pressing(calls=100, warm=4, counted=20, per_second=500)
_STEADY_PEER = Pressing(calls=100, warm=4, counted=6, per_second=500)
_SATURATED = Pressing(calls=100, warm=4, counted=20)
_SATURATED_FLOOR = Pressing(calls=100, warm=4, counted=200)


def run(bench: Bench) -> Report:
    """Measure."""
    contestants = {"commit": _commit, "floor": _floor, "fermata": _fermata, _PEER: _peer}
    rounds = bench.interleaved("P1", contestants)
    return Report("P1", "pause: press, journaled, therapist's frame (100 calls)", rounds, budgets(rounds))


def budgets(rounds: list[Round]) -> list[Budget]:
    """What the pause may cost."""

    def beside(figure: str) -> list[float]:
        return [r["fermata"][figure] / (r["floor"][figure] + r["commit"][figure]) for r in rounds]

    cpu = [r["fermata"]["cpu_us_per_op"] / r["floor"]["cpu_us_per_op"] for r in rounds]
    peer = [r["fermata"]["ops_per_s"] / r[_PEER]["ops_per_s"] for r in rounds]
    return [
        Budget("p50 beside floor + commit", 1.6, "at most", beside("p50_us")),
        Budget("p99 beside floor + commit", 2.0, "at most", beside("p99_us")),
        Budget("CPU per press beside the floor", 4.0, "at most", cpu),
        Budget("saturated, beside python-socketio + aiosqlite", 4.0, "at least", peer),
    ]


def _commit(_bench: Bench, folder: Path) -> Figures:
    return commits(folder)


@dataclass(frozen=True, slots=True)
class _Contest:
    """How one contestant is started, spoken to and loaded; ``count`` says what it stored, where it stores."""

    serve: Callable[[Path], AbstractContextManager[Server]]
    dialect: Dialect
    steady: Pressing
    saturated: Pressing
    count: Callable[[Path], int] | None = None

    def run(self, bench: Bench, folder: Path) -> Figures:
        """Both loads, each against a fresh server."""
        figures: Figures = {}
        for name, load in (("steady", self.steady), ("saturated", self.saturated)):
            own = folder / name
            own.mkdir(mode=0o700)
            with self.serve(own) as server:
                figures |= bench.load.submit(press, self.dialect, server.port, server.pid, load).result()
            if self.count:
                figures = stored(figures, self.count(own), load.asks)
        return figures


def _floor(bench: Bench, folder: Path) -> Figures:
    serve = partial(floor, "relay")
    return _Contest(serve, Relay(), _STEADY, _SATURATED_FLOOR).run(bench, folder)


def _fermata(bench: Bench, folder: Path) -> Figures:
    keys = Keys()
    return _Contest(partial(product, keys=keys), Product(keys), _STEADY, _SATURATED, _records).run(
        bench, folder
    )


def _records(folder: Path) -> int:
    return rows(folder / "data" / "journal.db", "SELECT count(*) FROM records WHERE kind = 'pause'")


def _peer(bench: Bench, folder: Path) -> Figures:
    return _Contest(_peer_server, Socketio(), _STEADY_PEER, _SATURATED, _presses).run(bench, folder)


def _peer_server(folder: Path) -> AbstractContextManager[Server]:
    return floor("relay_socketio", folder, str(folder / "presses.db"))


def _presses(folder: Path) -> int:
    return rows(folder / "presses.db", "SELECT count(*) FROM presses")
