"""P2 by host: the same as P2, with the deliveries of each host that is known, signed and read in its own way."""

from functools import partial
from pathlib import Path

from benchmarks.bench import Bench, Contestant, product, rows
from benchmarks.measures import Budget, Figures, Report, Round
from benchmarks.p2_webhook import PRODUCT, kept, verified
from benchmarks.posting import post
from benchmarks.practice import Keys
from benchmarks.recorded import template
from plugin.hosts import NAMES


def run(bench: Bench) -> Report:
    """Measure."""
    hosts: dict[str, Contestant] = {host: partial(_beside, host) for host in sorted(NAMES)}
    rounds = bench.interleaved("P2-hosts", hosts)
    return Report("P2-hosts", "webhook by host, each beside a floor of its own", rounds, budgets(rounds))


def budgets(rounds: list[Round]) -> list[Budget]:
    """What a delivery of each host may cost."""
    return [budget for host in rounds[0] for budget in _budgets(host, [each[host] for each in rounds])]


def _budgets(host: str, found: list[Figures]) -> list[Budget]:
    rates = [each["ops_per_s"] / each["floor_ops_per_s"] for each in found]
    costs = [each["cpu_us_per_op"] / each["floor_cpu_us_per_op"] for each in found]
    return [
        Budget(f"{host}: deliveries a second beside the floor", 0.55, "at least", rates),
        Budget(f"{host}: CPU per delivery beside the floor", 2.0, "at most", costs),
    ]


def _beside(host: str, bench: Bench, folder: Path) -> Figures:
    """One host, and right before it the floor, which verifies what the sandbox sends: the same for all hosts."""
    floor = verified(bench, folder, PRODUCT)
    keys, sender = Keys(), template(host)
    with product(folder, keys, host, {sender.key_id: sender.secret}) as server:
        figures = bench.load.submit(post, sender, server.port, server.pid, PRODUCT).result()
    beside = {f"floor_{name}": floor[name] for name in ("ops_per_s", "cpu_us_per_op")}
    opened = rows(folder / "data" / "journal.db", "SELECT count(*) FROM sessions")
    if opened != PRODUCT.all_calls:
        raise RuntimeError(f"{PRODUCT.all_calls} calls of {host} became {opened} sessions")
    return kept(figures, folder) | beside
