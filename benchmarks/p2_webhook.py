"""P2: a webhook verified, journaled, stepped and answered; 64 kept connections, bodies of 700 bytes."""

import base64
from pathlib import Path

from benchmarks.bench import Bench, floor, product, rows, stored
from benchmarks.measures import Budget, Figures, Report, Round
from benchmarks.posting import Posting, post
from benchmarks.practice import Keys, Sender

_FLOOR = Posting(connections=64, warm=3, calls=40)
PRODUCT = Posting(connections=64, warm=1, calls=12)
_PEER = Posting(connections=64, warm=1, calls=3)


def run(bench: Bench) -> Report:
    """Measure."""
    rounds = bench.interleaved(
        "P2", {"floor": _floor, "fermata": _fermata, "FastAPI + SQLAlchemy + aiosqlite": _peer}
    )
    return Report("P2", "webhook: verify, journal, step, answer (64 connections)", rounds, budgets(rounds))


def budgets(rounds: list[Round]) -> list[Budget]:
    """What a webhook may cost."""

    def beside(other: str, figure: str) -> list[float]:
        return [r["fermata"][figure] / r[other][figure] for r in rounds]

    peer = beside("FastAPI + SQLAlchemy + aiosqlite", "ops_per_s")
    return [
        Budget("deliveries a second beside the floor", 0.55, "at least", beside("floor", "ops_per_s")),
        Budget("CPU per delivery beside the floor", 2.0, "at most", beside("floor", "cpu_us_per_op")),
        Budget("deliveries a second beside FastAPI + SQLAlchemy", 8.0, "at least", peer),
    ]


def _floor(bench: Bench, folder: Path) -> Figures:
    return verified(bench, folder, _FLOOR)


def verified(bench: Bench, folder: Path, load: Posting) -> Figures:
    """The floor: bare aiohttp that checks the signature."""
    keys = Keys()
    with floor("verify", folder, _secret(keys)) as server:
        return bench.load.submit(post, Sender(keys, "/webhook"), server.port, server.pid, load).result()


def _fermata(bench: Bench, folder: Path) -> Figures:
    keys = Keys()
    with product(folder, keys) as server:
        figures = bench.load.submit(post, Sender(keys), server.port, server.pid, PRODUCT).result()
    return kept(figures, folder)


def kept(figures: Figures, folder: Path) -> Figures:
    """The figures, if every delivery was kept and is a record; the clock may add some of its own."""
    journal, sent = folder / "data" / "journal.db", figures["deliveries"]
    stored(figures, rows(journal, "SELECT count(*) FROM inbox"), sent)
    records = rows(journal, "SELECT count(*) FROM records")
    if records < sent:
        raise RuntimeError(f"{sent:.0f} deliveries left {records} records")
    return figures | {"rows": records}


def _peer(bench: Bench, folder: Path) -> Figures:
    keys, database = Keys(), folder / "deliveries.db"
    with floor("verify_fastapi", folder, _secret(keys), str(database)) as server:
        figures = bench.load.submit(post, Sender(keys, "/webhook"), server.port, server.pid, _PEER).result()
    return stored(figures, rows(database, "SELECT count(*) FROM deliveries"), figures["deliveries"])


def _secret(keys: Keys) -> str:
    return base64.b64encode(keys.webhook).decode()
