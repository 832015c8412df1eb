"""Pauses pressed: at a steady rate for what a person feels, and without a break for what a server can do."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.crowd import Crowd, Hung
from benchmarks.dialects import Dialect
from benchmarks.measures import Figures, percentile
from benchmarks.servers import cpu_of
from benchmarks.tables import Table, Tally, seat_all

_BACK_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Pressing:
    """How much to press: asks a call (a press and its end are two), and asks a second of the steady part."""

    calls: int
    warm: int
    steady: int
    per_second: float
    saturated: int

    @property
    def asks(self) -> int:
        """All asks of a run."""
        return self.calls * (self.warm + self.steady + self.saturated)


def press(dialect: Dialect, port: int, pid: int, load: Pressing) -> Figures:
    """One run against one fresh server; raises ``Hung`` when an ask does not come back."""
    crowd, tally = Crowd(port, dialect.path), Tally()
    tables = seat_all(dialect, crowd, port, load.calls, tally)
    _without_break(crowd, tables, tally, load.warm)
    figures = _steady(crowd, tables, tally, pid, load)
    figures |= _saturated(crowd, tables, tally, pid, load)
    crowd.close()
    return figures


def _steady(crowd: Crowd, tables: Sequence[Table], tally: Tally, pid: int, load: Pressing) -> Figures:
    tally.copied.clear()
    tally.acknowledged.clear()
    late, server, begin = [], cpu_of(pid), time.perf_counter()
    for table in tables:
        table.prepare(load.steady)
    due = time.perf_counter()
    for number in range(load.calls * load.steady):
        while (wait := due - time.perf_counter()) > 0:
            crowd.turn(wait)
        late.append(time.perf_counter() - due)
        tables[number % load.calls].ask()
        crowd.turn(0)
        due += 1 / load.per_second
    crowd.until(lambda: all(table.idle for table in tables), _BACK_WITHIN)
    took = time.perf_counter() - begin
    return {
        "p50_us": percentile(tally.copied, 0.5) * 1e6,
        "p99_us": percentile(tally.copied, 0.99) * 1e6,
        "acknowledged_p50_us": percentile(tally.acknowledged, 0.5) * 1e6,
        "acknowledged_p99_us": percentile(tally.acknowledged, 0.99) * 1e6,
        "steady_per_s": load.calls * load.steady / took,
        "steady_cpu_us_per_op": (cpu_of(pid) - server) * 1e6 / (load.calls * load.steady),
        "generator_late_p99_us": percentile(late, 0.99) * 1e6,
    }


def _saturated(crowd: Crowd, tables: Sequence[Table], tally: Tally, pid: int, load: Pressing) -> Figures:
    server, own = cpu_of(pid), time.process_time()
    took = _without_break(crowd, tables, tally, load.saturated)
    asks, server, own = load.calls * load.saturated, cpu_of(pid) - server, time.process_time() - own
    return {
        "ops_per_s": asks / took,
        "cpu_us_per_op": server * 1e6 / asks,
        "server_busy": server / took,
        "generator_busy": own / took,
        "asks": load.asks,
    }


def _without_break(crowd: Crowd, tables: Sequence[Table], tally: Tally, asks: int) -> float:
    """Let each call ask again as soon as its last ask has come back; answers the seconds it took."""

    def again(table: Table) -> None:
        if table.prepared:
            table.ask()

    for table in tables:
        table.prepare(asks)
        table.finished = again
    wanted = tally.done + len(tables) * asks
    begin = time.perf_counter()
    for table in tables:
        table.ask()
    crowd.until(lambda: tally.done >= wanted, _BACK_WITHIN)
    took = time.perf_counter() - begin
    for table in tables:
        table.finished = _enough
    return took


def _enough(table: Table) -> None:
    if not table.idle:
        raise Hung("a call goes on after its end")
