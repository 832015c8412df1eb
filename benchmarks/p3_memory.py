"""P3: what one connected person costs in memory, with the state of their session; people are only there."""

import time
from pathlib import Path

from benchmarks.bench import Bench, floor, product
from benchmarks.crowd import Crowd
from benchmarks.dialects import Dialect, Product, Relay, Socketio
from benchmarks.measures import Budget, Figures, Report, Round
from benchmarks.practice import Keys
from benchmarks.servers import memory_of
from benchmarks.tables import Tally, seat_all

_WARM = 300
"""Calls that fill what a server has once for all, such as the database's page cache."""
_CALLS = 1_500
_CALM = 1.0
"""Seconds until what a server does after a greeting is done."""


def run(bench: Bench) -> Report:
    """Measure."""
    rounds = bench.interleaved("P3", {"floor": _floor, "fermata": _fermata, "python-socketio": _peer})
    title = f"memory per connected person ({2 * _CALLS} people in {_CALLS} calls)"
    return Report("P3", title, rounds, budgets(rounds))


def budgets(rounds: list[Round]) -> list[Budget]:
    """What a person may cost."""

    def beside(other: str) -> list[float]:
        return [r["fermata"]["kib_per_person"] / r[other]["kib_per_person"] for r in rounds]

    return [
        Budget("memory per person beside a bare aiohttp socket", 1.5, "at most", beside("floor")),
        Budget("memory per person beside python-socketio", 1.0, "at most", beside("python-socketio")),
    ]


def fill(dialect: Dialect, port: int, pid: int) -> Figures:
    """Seat people at a fresh server, after the first ones have made it take what it has once for all."""
    crowd = Crowd(port, dialect.path)
    seat_all(dialect, crowd, port, _WARM, Tally())
    crowd.rest(_CALM)
    before, begin = memory_of(pid), time.perf_counter()
    seat_all(dialect, crowd, port, _CALLS, Tally())
    took = time.perf_counter() - begin
    crowd.rest(_CALM)
    figures = {
        "kib_per_person": (memory_of(pid) - before) / 1024 / (2 * _CALLS),
        "people_per_s": 2 * _CALLS / took,
    }
    crowd.close()
    return figures


def _floor(bench: Bench, folder: Path) -> Figures:
    with floor("relay", folder) as server:
        return bench.load.submit(fill, Relay(), server.port, server.pid).result()


def _fermata(bench: Bench, folder: Path) -> Figures:
    keys = Keys()
    with product(folder, keys) as server:
        return bench.load.submit(fill, Product(keys), server.port, server.pid).result()


def _peer(bench: Bench, folder: Path) -> Figures:
    with floor("relay_socketio", folder, str(folder / "presses.db")) as server:
        return bench.load.submit(fill, Socketio(), server.port, server.pid).result()
