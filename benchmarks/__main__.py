"""``python -m benchmarks [P1 ...]``: run benchmarks, show progress, print a table, keep JSON."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks import p1_pause, p2_hosts, p2_webhook, p3_memory, p6_start, p7_browser, printing
from benchmarks.bench import Bench
from benchmarks.measures import Report

JOBS: dict[str, Callable[[Bench], Report]] = {
    "P1": p1_pause.run,
    "P2": p2_webhook.run,
    "P2-hosts": p2_hosts.run,
    "P3": p3_memory.run,
    "P6": p6_start.run,
    "P7": p7_browser.run,
}
RESULTS = Path(__file__).parent / "results"
_FEWEST_ROUNDS = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Run the jobs that are named, or all; 1 when a budget is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="the product beside its floors")
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"of {', '.join(JOBS)} (default: all)")
    parser.add_argument(
        "--rounds", type=int, default=5, help="at least 5 for a result that counts (default: 5)"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the JSON goes")
    args = parser.parse_args(argv)
    if unknown := set(args.jobs) - set(JOBS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    args.results.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as load:
        bench = Bench(args.rounds, args.results, load, progress())
        reports = [_one(JOBS[name], bench) for name in args.jobs or JOBS]
    missed = [f"{each.job} {budget.says}" for each in reports for budget in each.budgets if not budget.held]
    print(f"\n{len(missed)} budgets missed" + "".join(f"\n  {line}" for line in missed))
    if args.rounds < _FEWEST_ROUNDS:
        print(f"{args.rounds} rounds are a look, not a result")
    return 1 if missed else 0


def _one(job: Callable[[Bench], Report], bench: Bench) -> Report:
    report = job(bench)
    print(printing.table(report), flush=True)
    bench.say(f"kept in {printing.keep(report, bench.folder)}")
    return report


def progress() -> Callable[[str], None]:
    """Somebody to tell, who adds how long it has been."""
    begin = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - begin:5.0f} s] {line}", file=sys.stderr, flush=True)

    return say


if __name__ == "__main__":
    sys.exit(main())
