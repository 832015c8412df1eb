"""The sandbox's SQLite: one connection, one thread, one transaction for each piece of work.

A change of a meeting and the webhooks that it owes are committed together, so a kill at any moment leaves
either both or none.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

SCHEMA = """
CREATE TABLE IF NOT EXISTS meeting (id TEXT PRIMARY KEY, fermata INTEGER NOT NULL DEFAULT 1) STRICT;
CREATE TABLE IF NOT EXISTS person (
    id TEXT PRIMARY KEY, meeting TEXT NOT NULL REFERENCES meeting, role TEXT, page TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS link (
    digest BLOB PRIMARY KEY, page TEXT NOT NULL, meeting TEXT NOT NULL REFERENCES meeting,
    person TEXT REFERENCES person
) STRICT;
CREATE TABLE IF NOT EXISTS occurrence (
    id TEXT PRIMARY KEY, meeting TEXT NOT NULL REFERENCES meeting, fermata INTEGER NOT NULL,
    started_at TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_open_occurrence ON occurrence (meeting) WHERE ended_at IS NULL;
CREATE TABLE IF NOT EXISTS connection (
    id TEXT PRIMARY KEY, occurrence TEXT NOT NULL REFERENCES occurrence,
    person TEXT NOT NULL REFERENCES person, joined_at TEXT NOT NULL, left_at TEXT, reason TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS webhook (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, meeting TEXT NOT NULL,
    type TEXT NOT NULL, body BLOB NOT NULL, owed_since REAL NOT NULL, due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    given_up INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS plugin (one INTEGER PRIMARY KEY CHECK (one = 1), manifest BLOB NOT NULL) STRICT;
"""

Result = TypeVar("Result")


class Database:
    """The one connection to the sandbox's own data."""

    def __init__(self, path: Path) -> None:
        """Open or create the file at *path*; raises ``sqlite3.Error`` or ``OSError`` when it cannot."""
        self._lane = ThreadPoolExecutor(1, thread_name_prefix="sandbox-database")
        self._connection = self._lane.submit(_opened, path).result()

    async def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Do *work* in a transaction of its own and wait until it is on the disk."""
        return await asyncio.get_running_loop().run_in_executor(self._lane, self._transaction, work)

    def close(self) -> None:
        """Finish what was begun and close the file."""
        self._lane.submit(self._connection.close).result()
        self._lane.shutdown()

    def _transaction(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._connection)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        return result


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript(SCHEMA)
    return connection
