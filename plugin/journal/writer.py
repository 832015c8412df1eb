"""The one thread that writes: group commit without a waiting interval.

It takes whatever waits, writes it in one transaction, and tells all who waited in one call into the event loop.
What one caller did wrong (a conflict, a delivery seen before) is found before its rows are gathered and spoils
nothing for the others; a disk that does not take the transaction refuses all of it, and the next one tries anew.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

import apsw

from plugin.journal.appending import Append, Appending
from plugin.journal.opening import emptied
from plugin.ports import Conflict, Contradiction, SeenBefore, Unwritable

_DISK = (
    apsw.FullError,
    apsw.IOError,
    apsw.ReadOnlyError,
    apsw.CantOpenError,
    apsw.NoMemError,
    apsw.BusyError,
    apsw.LockedError,
    apsw.PermissionsError,
)
_READERS_FINISH_MS = 100


@dataclass(frozen=True, slots=True)
class Change:
    """A statement or two on the writer's connection; ``forgets`` names a session whose keys are destroyed."""

    run: Callable[[apsw.Connection], int]
    forgets: str | None = None


Job = Append | Change
Outcome = int | BaseException
_Waiting = tuple[Job, "asyncio.Future[int]", asyncio.AbstractEventLoop]


class Writer:
    """Owns the connection from construction to ``close``."""

    def __init__(self, db: apsw.Connection, appending: Appending) -> None:
        self._db = db
        self._appending = appending
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._closed = False
        self._truncate_in: int | None = None
        self._thread = Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> "asyncio.Future[int]":
        """Queue a job; the future answers after its transaction is on the disk. Raises ``Unwritable`` when closed."""
        if self._closed:
            raise Unwritable("the journal is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        self._queue.put((job, future, loop))
        return future

    async def close(self) -> None:
        """Write what waits and end the thread."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        open_ = True
        while open_:
            batch = [self._queue.get()]
            batch += [self._queue.get_nowait() for _ in range(self._queue.qsize())]
            waiting = [item for item in batch if item is not None]
            open_ = len(waiting) == len(batch)
            if waiting:
                outcomes = self._commit([job for job, _, _ in waiting])
                self._truncate()
                _tell(waiting, outcomes)
        self._db.close()

    def _commit(self, jobs: Sequence[Job]) -> list[Outcome]:
        try:
            return self._together(jobs)
        except _DISK as error:
            self._roll_back()
            return [Unwritable(f"the disk did not take it: {type(error).__name__}") for _ in jobs]
        except (
            Exception
        ) as error:  # whatever one job brought up must neither end the thread nor fail its neighbours
            self._roll_back()
            if len(jobs) == 1:
                return [_as_told(error)]
            return [outcome for job in jobs for outcome in self._commit([job])]

    def _together(self, jobs: Sequence[Job]) -> list[Outcome]:
        self._db.execute("BEGIN IMMEDIATE")
        outcomes = [self._one(job) for job in jobs]
        self._appending.write()
        self._db.execute("COMMIT")
        self._appending.keep()
        if any(isinstance(job, Change) and job.forgets is not None for job in jobs):
            self._truncate_in = _READERS_FINISH_MS
        return outcomes

    def _one(self, job: Job) -> Outcome:
        if isinstance(job, Change):
            self._appending.write()
            if job.forgets is not None:
                self._appending.dismiss(job.forgets)
            return job.run(self._db)
        try:
            self._appending.plan(job)
        except (Conflict, SeenBefore, Contradiction) as refused:
            return refused
        return 0

    def _roll_back(self) -> None:
        self._appending.drop()
        if self._db.in_transaction:
            with suppress(
                apsw.Error
            ):  # a disk that is gone; the next batch finds the same and rolls back again
                self._db.execute("ROLLBACK")

    def _truncate(self) -> None:
        """Empty the log after something was forgotten; a reader in the way is waited for once, then only asked."""
        if self._truncate_in is None:
            return
        try:
            emptied(self._db, self._truncate_in)
            self._truncate_in = None
        except apsw.Error:
            self._truncate_in = 0


def _as_told(error: Exception) -> Exception:
    return (
        Unwritable(f"the journal's file did not take it: {error}") if isinstance(error, apsw.Error) else error
    )


def _tell(waiting: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
    """Wake each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[int], Outcome]]] = {}
    for (_, future, loop), outcome in zip(waiting, outcomes, strict=True):
        by_loop.setdefault(loop, []).append((future, outcome))
    for loop, answers in by_loop.items():
        try:
            loop.call_soon_threadsafe(_answer, answers)
        except RuntimeError:  # the loop is closed: nobody waits there any more
            continue


def _answer(answers: Sequence[tuple["asyncio.Future[int]", Outcome]]) -> None:
    for future, outcome in answers:
        if future.done():
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
