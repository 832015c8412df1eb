"""What every benchmark is given: how many rounds, where to put files, who makes the load, whom to tell."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measures import Figures, Round
from benchmarks.practice import Keys, furnish
from benchmarks.servers import Server, free_port, running

Contestant = Callable[["Bench", Path], Figures]


@dataclass(frozen=True)
class Bench:
    """One run of benchmarks. ``load`` is the one other process that makes the load."""

    rounds: int
    folder: Path
    load: ProcessPoolExecutor
    say: Callable[[str], None]

    def interleaved(self, job: str, contestants: Mapping[str, Contestant]) -> list[Round]:
        """Let every contestant run once a round, one after the other: A B C A B C ..."""
        rounds = []
        for number in range(self.rounds):
            found: Round = {}
            for name, contestant in contestants.items():
                self.say(f"{job}  round {number + 1} of {self.rounds}  {name}")
                # On the disk of the checkout: a folder in memory would make every commit free.
                with tempfile.TemporaryDirectory(dir=self.folder) as folder:
                    found[name] = contestant(self, Path(folder))
            rounds.append(found)
        return rounds


@contextmanager
def floor(name: str, folder: Path, *arguments: str) -> Iterator[Server]:
    """Run one of the servers to compare with."""
    port = free_port()
    with running(
        name, f"benchmarks.floors.{name}", [str(port), *arguments], port=port, log=folder / "log"
    ) as server:
        yield server


@contextmanager
def product(
    folder: Path, keys: Keys, host: str = "sandbox", signing: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run ``fermata serve`` with keys, a port, and otherwise its default settings, for one host."""
    port = free_port()
    config = furnish(folder, port, keys, host, signing)
    with running(
        "fermata", "plugin", ["serve", "--config", str(config)], port=port, log=folder / "log"
    ) as server:
        yield server


def rows(database: Path, query: str) -> int:
    """The answer of a counting query."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return int(db.execute(query).fetchone()[0])


def stored(figures: Figures, count: int, sent: float) -> Figures:
    """The figures with the rows that were stored; raises ``RuntimeError`` unless they are what was sent."""
    if count != sent:
        raise RuntimeError(f"{sent:.0f} operations were sent and {count} rows are stored")
    return figures | {"rows": count}
