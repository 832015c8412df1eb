"""P1: a pause from the press, through the journal, to the therapist's frame; 100 calls."""

from pathlib import Path

from benchmarks.bench import Bench, floor, product, rows, stored
from benchmarks.commits import commits
from benchmarks.dialects import Product, Relay, Socketio
from benchmarks.measures import Budget, Figures, Report, Round
from benchmarks.practice import Keys
from benchmarks.pressing import Pressing, press

_FLOOR = Pressing(calls=100, warm=4, steady=20, per_second=500, saturated=200)
_PRODUCT = Pressing(calls=100, warm=4, steady=20, per_second=500, saturated=30)
_PEER = Pressing(calls=100, warm=4, steady=4, per_second=500, saturated=20)


def run(bench: Bench) -> Report:
    """Measure."""
    rounds = bench.interleaved(
        "P1", {"commit": _commit, "floor": _floor, "fermata": _fermata, "python-socketio + aiosqlite": _peer}
    )
    return Report("P1", "pause: press, journaled, therapist's frame (100 calls)", rounds, budgets(rounds))


def budgets(rounds: list[Round]) -> list[Budget]:
    """What the pause may cost."""

    def beside(figure: str) -> list[float]:
        return [r["fermata"][figure] / (r["floor"][figure] + r["commit"][figure]) for r in rounds]

    cpu = [r["fermata"]["cpu_us_per_op"] / r["floor"]["cpu_us_per_op"] for r in rounds]
    peer = [r["fermata"]["ops_per_s"] / r["python-socketio + aiosqlite"]["ops_per_s"] for r in rounds]
    return [
        Budget("p50 beside floor + commit", 1.6, "at most", beside("p50_us")),
        Budget("p99 beside floor + commit", 2.0, "at most", beside("p99_us")),
        Budget("CPU per press beside the floor", 4.0, "at most", cpu),
        Budget("saturated, beside python-socketio + aiosqlite", 4.0, "at least", peer),
    ]


def _commit(_bench: Bench, folder: Path) -> Figures:
    return commits(folder)


def _floor(bench: Bench, folder: Path) -> Figures:
    with floor("relay", folder) as server:
        return bench.load.submit(press, Relay(), server.port, server.pid, _FLOOR).result()


def _fermata(bench: Bench, folder: Path) -> Figures:
    keys = Keys()
    with product(folder, keys) as server:
        figures = bench.load.submit(press, Product(keys), server.port, server.pid, _PRODUCT).result()
    kept = rows(folder / "data" / "journal.db", "SELECT count(*) FROM records WHERE kind = 'pause'")
    return stored(figures, kept, _PRODUCT.asks)


def _peer(bench: Bench, folder: Path) -> Figures:
    with floor("relay_socketio", folder, str(folder / "presses.db")) as server:
        figures = bench.load.submit(press, Socketio(), server.port, server.pid, _PEER).result()
    return stored(figures, rows(folder / "presses.db", "SELECT count(*) FROM presses"), _PEER.asks)
