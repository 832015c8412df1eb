"""P6: from the start of the process to the first connection that it takes, beside bare aiohttp."""

import time
from pathlib import Path

from benchmarks.bench import Bench, floor, product
from benchmarks.measures import Budget, Figures, Report
from benchmarks.practice import Keys


def run(bench: Bench) -> Report:
    """Measure."""
    rounds = bench.interleaved("P6", {"floor": _floor, "fermata": _fermata})
    ratios = [r["fermata"]["start_ms"] / r["floor"]["start_ms"] for r in rounds]
    budget = Budget("start to listening beside bare aiohttp", 1.7, "at most", ratios)
    return Report("P6", "start to listening (new process, new journal)", rounds, [budget])


def _floor(_bench: Bench, folder: Path) -> Figures:
    begin = time.perf_counter()
    with floor("bare", folder) as server:
        return {"start_ms": (time.perf_counter() - begin) * 1e3, "cpu_ms": server.cpu() * 1e3}


def _fermata(_bench: Bench, folder: Path) -> Figures:
    keys, begin = Keys(), time.perf_counter()
    with product(folder, keys) as server:
        return {"start_ms": (time.perf_counter() - begin) * 1e3, "cpu_ms": server.cpu() * 1e3}
