"""P11: pauses of the process itself, with 8,000 steady connections over ten minutes. ``make soak``."""

import argparse
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path

from benchmarks import printing
from benchmarks.__main__ import RESULTS, progress
from benchmarks.crowd import Crowd
from benchmarks.dialects import Product
from benchmarks.measures import Budget, Figures, Report, Round, percentile
from benchmarks.practice import Keys, furnish
from benchmarks.servers import free_port, running
from benchmarks.tables import Tally, seat_all

_CALM = 15.0
"""Seconds until what the arrival of so many people set going is over."""
_PER_SECOND = 20.0
"""Presses, and ends of pauses, of all calls together."""


def main(argv: Sequence[str] | None = None) -> int:
    """Soak; 1 when the budget is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--connections", type=int, default=8_000)
    parser.add_argument("--minutes", type=float, default=10.0)
    args = parser.parse_args(argv)
    RESULTS.mkdir(parents=True, exist_ok=True)
    _allow_files(args.connections + 500)
    report = _soaked(args.connections // 2, args.minutes * 60)
    print(printing.table(report))
    progress()(f"kept in {printing.keep(report, RESULTS)}")
    return 0 if all(budget.held for budget in report.budgets) else 1


def _allow_files(count: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < count:
        raise SystemExit(f"this needs {count} open files and the machine allows {most}: ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _soaked(calls: int, seconds: float) -> Report:
    keys, port = Keys(), free_port()
    with tempfile.TemporaryDirectory(dir=RESULTS) as name, _generator() as load:
        folder = Path(name)
        result, config = folder / "watched.json", furnish(folder, port, keys)
        arguments = [str(result), "serve", "--config", str(config)]
        with running("fermata", "benchmarks.watched", arguments, port=port, log=folder / "log") as server:
            steady = load.submit(_steady, keys, port, server.pid, calls, seconds)
            figures = _told(steady, seconds)
        return _report(calls, figures, json.loads(result.read_text()))


def _generator() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def _told(steady: "Future[Figures]", seconds: float) -> Figures:
    say = progress()
    while not steady.done():
        say(f"P11  the calls begin, then {seconds / 60:.0f} minutes")
        time.sleep(min(30.0, seconds / 4))
    return steady.result()


def _steady(keys: Keys, port: int, pid: int, calls: int, seconds: float) -> Figures:
    """Seat everybody, wait for calm, then press at a steady rate; runs in the generator's process."""
    crowd, tally = Crowd(port, "/v1/live"), Tally()
    tables = seat_all(Product(keys), crowd, port, calls, tally)
    crowd.rest(_CALM)
    os.kill(pid, signal.SIGUSR1)
    due, end = time.monotonic(), time.monotonic() + seconds
    for table in cycle(tables):
        if due > end:
            break
        crowd.rest(due - time.monotonic())
        table.prepare(1)
        table.ask()
        due += 1 / _PER_SECOND
    crowd.until(lambda: all(table.idle for table in tables))
    figures = {
        "presses": len(tally.copied),
        "p50_us": percentile(tally.copied, 0.5) * 1e6,
        "p99_us": percentile(tally.copied, 0.99) * 1e6,
        "max_us": max(tally.copied) * 1e6,
    }
    crowd.close()
    return figures


def _report(calls: int, figures: Figures, watched: dict[str, list[list[float]]]) -> Report:
    late, collections = watched["late_ms"], watched["collections"]
    own = [worked for _, worked in late]
    collector = [ms for _, ms in collections]
    found: Round = {
        "people": figures,
        "process": {
            "longest_own_pause_ms": max(own, default=0.0),
            "longest_lateness_ms": max((ms for ms, _ in late), default=0.0),
            "late_over_20_ms": sum(ms > 20 for ms, _ in late),
            "own_pauses_over_20_ms": sum(ms > 20 for ms in own),
            "collections": len(collections),
            "full_collections": sum(generation == 2 for generation, _ in collections),
            "longest_collection_ms": max(collector, default=0.0),
        },
    }
    longest = max([*own, *collector], default=0.0)
    budget = Budget("longest pause of the process by its own work", 20, "at most", [longest], "ms")
    return Report("P11", f"{2 * calls} steady connections", [found], [budget])


if __name__ == "__main__":
    sys.exit(main())
