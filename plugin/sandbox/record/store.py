"""The record's SQLite: one connection, in one thread, one transaction for each piece of work.

Whatever a piece of work looked up is still true when it writes, so a conditional create cannot race with another.
A commit is on the disk before anybody is told (WAL, ``synchronous=FULL``).
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import apsw

from plugin.sandbox.record import rows
from plugin.sandbox.record.json_value import Resource
from plugin.sandbox.record.outcome import Refusal
from plugin.sandbox.record.rows import Kept
from plugin.sandbox.record.schema import migrate
from plugin.sandbox.record.shapes import check

Result = TypeVar("Result")


class Store:
    """Everything that the record keeps. One store a file, one process a store."""

    def __init__(self, path: Path) -> None:
        """Open or create the file at *path*; raises ``apsw.Error`` or ``OSError`` when that is not possible."""
        self._lane = ThreadPoolExecutor(1, thread_name_prefix="sandbox-record")
        self._connection = self._lane.submit(_opened, path).result()

    async def run(self, work: Callable[[apsw.Connection], Result]) -> Result:
        """Do *work* in a transaction of its own and wait until it is on the disk."""
        return await asyncio.get_running_loop().run_in_executor(self._lane, self._transaction, work)

    async def seed(self, resource: Resource, *, at: datetime) -> Kept:
        """Keep a resource under the id it comes with, unless it is kept already with the same content.

        For what the platform itself knows: patients, practitioners, encounters. Raises ``Refusal`` when the
        resource is not well-formed, has no id, or is of a type that is not kept.
        """
        check(resource, str(resource.get("resourceType")))
        if "id" not in resource:
            raise Refusal(400, "required", "A resource that is seeded comes with its id.")
        return await self.run(lambda connection: rows.put(connection, resource, at))

    async def everything(self, kind: str | None = None) -> list[Kept]:
        """The current version of every resource, or of every one of a type, oldest first."""
        return await self.run(lambda connection: rows.everything(connection, kind))

    def close(self) -> None:
        """Finish what was begun and close the file."""
        self._lane.submit(self._connection.close).result()
        self._lane.shutdown()

    def _transaction(self, work: Callable[[apsw.Connection], Result]) -> Result:
        # Not `with connection`: there, a full disk shows as a rollback that failed.
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return result


def _opened(path: Path) -> apsw.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(5000)
    for name, value in (
        ("journal_mode", "WAL"),
        ("synchronous", "FULL"),
        ("fullfsync", "1"),
        ("checkpoint_fullfsync", "1"),
        ("foreign_keys", "1"),
        ("trusted_schema", "0"),
        ("secure_delete", "1"),
        ("temp_store", "MEMORY"),
    ):
        connection.pragma(name, value)
    migrate(connection)
    return connection
