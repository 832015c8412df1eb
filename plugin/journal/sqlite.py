"""The journal on SQLite: one file, one process, one thread that writes.

``SqliteJournal`` implements ``plugin.ports.Journal``. What is durable, sealed, linked and forgotten how, the files
beside this one say: ``writer``, ``sealing`` and ``wraps``, ``chain``, ``forgetting``.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import apsw
import structlog

from plugin.journal import forgetting, opening, owed, owing
from plugin.journal.appending import Append, Appending
from plugin.journal.dump import broken_row, note_rows, record_rows
from plugin.journal.index import Index
from plugin.journal.masters import Masters
from plugin.journal.opening import CannotOpen
from plugin.journal.reading import Reading
from plugin.journal.schema import migrate
from plugin.journal.wraps import Wraps, rewrap
from plugin.journal.writer import Change, Writer
from plugin.ports import Broken, Entry, Head, Note, Owed, Received, Record, Shelf, Unwritable

__all__ = ["CannotOpen", "SqliteJournal"]

T = TypeVar("T")
log = structlog.get_logger()
_CHECKPOINT_PAGES = 1_000


class SqliteJournal:
    """A journal in one file; see ``plugin.ports.Journal`` for what each method promises.

    Args:
        path: the file, in a folder of its owner only; both are made when missing.
        masters: the master keys; what is under an older one is wrapped anew by opening.
        autocheckpoint: pages in the log before it is moved into the file.

    Raises:
        CannotOpen: with one line for an operator: in use, newer, foreign, open to others, or other keys.
    """

    def __init__(self, path: Path, masters: Masters, *, autocheckpoint: int = _CHECKPOINT_PAGES) -> None:
        opening.folder(path)
        self._lock = opening.lock(path)
        try:
            self._writer, self._reading = _opened(path, masters, autocheckpoint)
        except BaseException:
            self._lock.close()
            raise
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal-read")
        self._closed = False

    async def append(
        self, entries: Sequence[Entry], *, received: Received | None = None, notes: Sequence[Note] = ()
    ) -> None:
        """Keep all of it, on the disk, or nothing."""
        await self._writer.submit(Append(entries, received, notes))

    async def read(self, session: str) -> list[Record]:
        """All records of a session, its chain checked."""
        return await self._look(lambda reading: reading.read(session))

    async def shelves(self, *, include_shelved: bool = True) -> list[Shelf]:
        """The sessions; one whose head does not open is left out and said in the log."""
        shelves: list[Shelf] = []
        after: int | None = 0
        while after is not None:
            page, broken, after = await self._look(
                partial(Reading.shelves, after=after, include_shelved=include_shelved)
            )
            shelves += page
            for session in broken:
                log.error("journal.broken", session=session)
        return shelves

    async def head(self, session: str) -> Head | None:
        """Which call a session is."""
        return await self._look(lambda reading: reading.head(session))

    async def shelve(self, session: str) -> None:
        """Mark a session as over, until something is appended to it."""
        await self._change(lambda db: forgetting.shelve(db, session))

    async def schedule(self, session: str, due: Mapping[str, datetime]) -> None:
        """Say when each kind of a session may be forgotten, instead of what was said before."""
        await self._change(lambda db: forgetting.schedule(db, session, due))

    async def expired(self, now: datetime) -> list[tuple[str, str]]:
        """Sessions and kinds whose time is over and that owe no order."""
        return await self._look(lambda reading: forgetting.expired(reading.db, now))

    async def recall(self, key: str) -> bytes | None:
        """The latest note under a key; raises ``Broken``."""
        return await self._look(lambda reading: reading.recall(key))

    async def owed(self, now: datetime, *, limit: int = 100) -> list[Owed]:
        """What is due; an order that cannot be read any more has the body ``null``."""
        return await self._look(lambda reading: owed.due(reading, now, limit))

    async def outstanding(self, session: str | None = None) -> list[Owed]:
        """All that is not settled; one that cannot be read any more has the body ``null``."""
        orders: list[Owed] = []
        after: int | None = 0
        while after is not None:
            page, after = await self._look(partial(owed.outstanding, session=session, after=after))
            orders += page
        return orders

    async def next_due(self) -> datetime | None:
        """When the earliest order is due; 1970 for one that was never tried."""
        return await self._look(owed.next_due)

    async def settle(self, order: str) -> None:
        """The order is done."""
        await self._change(lambda db: owing.settle(db, order))

    async def postpone(self, order: str, *, due_at: datetime, reason: str) -> None:
        """Try again at *due_at*; counts as an attempt."""
        await self._change(lambda db: owing.postpone(db, order, due_at, reason))

    async def park(self, order: str, *, reason: str) -> None:
        """Give up until an operator retries."""
        await self._change(lambda db: owing.park(db, order, reason))

    async def retry(self, now: datetime, order: str | None = None) -> int:
        """Make parked orders due, or one whether parked or waiting; answers how many."""
        return await self._change(lambda db: owing.retry(db, now, order))

    async def forget(self, session: str, kind: str | None = None) -> None:
        """Destroy the key and the payloads of one kind, or all of a session but its id."""
        await self._writer.submit(Change(lambda db: forgetting.forget(db, session, kind), forgets=session))

    async def prune(self, before: datetime) -> int:
        """Drop inbox rows received before a moment; answers how many."""
        return await self._change(lambda db: forgetting.prune(db, before))

    async def dump(self) -> AsyncIterator[dict[str, object]]:
        """Every record opened, then every note; rows as in ``plugin.journal.dump``."""
        after: int | None = 0
        while after is not None:
            shelves, broken, after = await self._look(partial(Reading.shelves, after=after))
            for shelf in shelves:
                for row in await self._look(partial(record_rows, shelf=shelf)):
                    yield row
            for session in broken:
                yield broken_row(session)
        for row in await self._look(note_rows):
            yield row

    async def close(self) -> None:
        """Write what waits, empty the log and release the file."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._reader.shutdown)
        self._reading.db.close()
        await self._writer.close()
        self._lock.close()

    async def _change(self, run: Callable[[apsw.Connection], int]) -> int:
        return await self._writer.submit(Change(run))

    async def _look(self, question: Callable[[Reading], T]) -> T:
        if self._closed:
            raise Unwritable("the journal is closed")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._reader, question, self._reading)
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise Broken(f"a part of the journal's file is damaged: {error}") from None
        except apsw.Error as error:
            raise Unwritable(f"the journal's file cannot be read now: {error}") from None


def _opened(path: Path, masters: Masters, autocheckpoint: int) -> tuple[Writer, Reading]:
    db = opening.to_write(path, autocheckpoint=autocheckpoint)
    try:
        migrate(db)
        rewrap(db, masters)
        with suppress(
            apsw.BusyError, apsw.FullError, apsw.IOError
        ):  # not needed for a start; every forgetting asks again
            opening.emptied(db)
        wraps = Wraps(db, masters)
        index = Index(wraps.journal_key())
        reading = Reading(reader := opening.to_read(path), Wraps(reader, masters), index)
        return Writer(db, Appending(db, wraps, index)), reading
    except apsw.Error as error:
        db.close()
        raise CannotOpen(f"the journal {path} cannot be opened: {error}") from None
    except BaseException:
        db.close()
        raise
