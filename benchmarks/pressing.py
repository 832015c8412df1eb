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
    """How much to press: asks a call (a press and its end are two), before and while it counts.

    ``per_second`` are the asks of all calls together; null: each call asks again as soon as the last came back.
    Few asks a call: a real call has few pauses, and its state is part of what each one costs.
    """

    calls: int
    warm: int
    counted: int
    per_second: float | None = None

    @property
    def asks(self) -> int:
        """All asks of a run."""
        return self.calls * (self.warm + self.counted)


def press(dialect: Dialect, port: int, pid: int, load: Pressing) -> Figures:
    """One run against one fresh server; raises ``Hung`` when an ask does not come back."""
    crowd, tally = Crowd(port, dialect.path), Tally()
    tables = seat_all(dialect, crowd, port, load.calls, tally)
    _without_break(crowd, tables, tally, load.warm)
    for table in tables:
        table.prepare(load.counted)
    if load.per_second:
        figures = _steady(crowd, tables, tally, load.per_second)
    else:
        figures = _saturated(crowd, tables, tally, pid)
    crowd.close()
    return figures


def _steady(crowd: Crowd, tables: Sequence[Table], tally: Tally, per_second: float) -> Figures:
    tally.copied.clear()
    tally.acknowledged.clear()
    late, due = [], time.perf_counter()
    for number in range(len(tables) * tables[0].prepared):
        while (wait := due - time.perf_counter()) > 0:
            crowd.turn(wait)
        late.append(time.perf_counter() - due)
        tables[number % len(tables)].ask()
        crowd.turn(0)
        due += 1 / per_second
    crowd.until(lambda: all(table.idle for table in tables), _BACK_WITHIN)
    return {
        "p50_us": percentile(tally.copied, 0.5) * 1e6,
        "p99_us": percentile(tally.copied, 0.99) * 1e6,
        "acknowledged_p50_us": percentile(tally.acknowledged, 0.5) * 1e6,
        "acknowledged_p99_us": percentile(tally.acknowledged, 0.99) * 1e6,
        "generator_late_p99_us": percentile(late, 0.99) * 1e6,
    }


def _saturated(crowd: Crowd, tables: Sequence[Table], tally: Tally, pid: int) -> Figures:
    asks = sum(table.prepared for table in tables)
    server, own = cpu_of(pid), time.process_time()
    took = _prepared(crowd, tables, tally)
    server, own = cpu_of(pid) - server, time.process_time() - own
    return {
        "ops_per_s": asks / took,
        "cpu_us_per_op": server * 1e6 / asks,
        "server_busy": server / took,
        "generator_busy": own / took,
    }


def _without_break(crowd: Crowd, tables: Sequence[Table], tally: Tally, asks: int) -> None:
    for table in tables:
        table.prepare(asks)
    _prepared(crowd, tables, tally)


def _prepared(crowd: Crowd, tables: Sequence[Table], tally: Tally) -> float:
    """Let each call ask again as soon as its last ask has come back; answers the seconds it took."""
    wanted = tally.turns + sum(table.prepared for table in tables)

    def again(table: Table) -> None:
        if table.prepared:
            table.ask()

    begin = time.perf_counter()
    for table in tables:
        table.finished = again
        table.ask()
    crowd.until(lambda: tally.turns >= wanted, _BACK_WITHIN)
    took = time.perf_counter() - begin
    for table in tables:
        table.finished = _enough
    return took


def _enough(table: Table) -> None:
    if not table.idle:
        raise Hung("a call goes on after its end")
