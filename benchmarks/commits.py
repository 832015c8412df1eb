"""What one SQLite FULL commit costs on this disk right now: the price of "durable before it is acknowledged"."""

import time
from pathlib import Path

import apsw

from benchmarks.measures import Figures, percentile

_ROW = bytes(400)


def commits(folder: Path, count: int = 600) -> Figures:
    """Commit rows of 400 bytes, one each, in write-ahead mode with ``synchronous=FULL``."""
    db = apsw.Connection(str(folder / "commits.db"))
    db.pragma("journal_mode", "wal")
    db.pragma("synchronous", 2)
    db.execute("CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, body BLOB)")
    took = []
    for _ in range(count):
        begin = time.perf_counter()
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO rows (body) VALUES (?)", (_ROW,))
        db.execute("COMMIT")
        took.append(time.perf_counter() - begin)
    db.close()
    return {"p50_us": percentile(took, 0.5) * 1e6, "p99_us": percentile(took, 0.99) * 1e6}
