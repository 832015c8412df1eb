import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from plugin.journal.dump import reader
from plugin.journal.masters import Masters
from plugin.journal.sqlite import SqliteJournal
from plugin.journal.writer import Change
from plugin.ports import Conflict, SeenBefore, Unwritable
from tests.journal.making import NOON, body, entry, head, received


def commits_of(journal: SqliteJournal) -> list[int]:
    """Grows by one with each transaction that wrote something."""
    counted: list[int] = []

    def count(_db: apsw.Connection, _name: str, pages: int) -> int:
        counted.append(pages)
        return apsw.SQLITE_OK

    journal._writer._db.set_wal_hook(count)
    return counted


async def held(journal: SqliteJournal) -> Callable[[], None]:
    """Keep the writer in the middle of a batch of its own until the answer is called."""
    inside, go_on = threading.Event(), threading.Event()

    def wait(_db: apsw.Connection) -> int:
        inside.set()
        return int(go_on.wait(30))

    journal._writer.submit(Change(wait))
    await asyncio.to_thread(inside.wait)
    return go_on.set


async def test_what_waits_goes_in_one_commit(path: Path, keys: Masters) -> None:
    journal = SqliteJournal(path, keys)
    counted = commits_of(journal)
    release = await held(journal)
    waiting = [asyncio.ensure_future(journal.append([entry(1, of=head(str(n)))])) for n in range(100)]
    await asyncio.sleep(0)
    release()
    await asyncio.gather(*waiting)
    assert len(counted) == 1
    await journal.append([entry(1)])
    assert len(counted) == 2
    await journal.close()


async def test_nobody_is_told_before_the_commit(path: Path, keys: Masters) -> None:
    """The answers of a batch are given only once another connection can read all of it."""
    journal = SqliteJournal(path, keys)
    release = await held(journal)
    seen: list[int] = []
    with reader(path, keys) as beside:

        async def append(n: int) -> None:
            await journal.append([entry(1, of=head(str(n)))])
            seen.append(len(beside.shelves(0)[0]))

        waiting = [asyncio.ensure_future(append(n)) for n in range(20)]
        await asyncio.sleep(0)
        release()
        await asyncio.gather(*waiting)
    assert seen == [20] * 20
    await journal.close()


async def test_a_job_that_fails_spoils_nothing_for_those_beside_it(path: Path, keys: Masters) -> None:
    journal = SqliteJournal(path, keys)
    release = await held(journal)
    jobs = [
        journal.append([entry(1)], received=received("d")),
        journal.settle("no order id"),
        journal.append([entry(1)], received=received("d")),
        journal.append([entry(2)]),
    ]
    waiting = [asyncio.ensure_future(job) for job in jobs]
    await asyncio.sleep(0)
    release()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), ValueError, SeenBefore, type(None)]
    assert [record.body for record in await journal.read(head().session)] == [
        body("record 1"),
        body("record 2"),
    ]
    await journal.close()


async def test_a_lost_disk_refuses_the_whole_batch_and_the_next_one_is_kept(
    path: Path, keys: Masters
) -> None:
    journal = SqliteJournal(path, keys)
    await journal.append([entry(1)], received=received("d1"))
    release = await held(journal)

    def lost(_db: apsw.Connection) -> int:
        raise apsw.IOError("disk I/O error")

    jobs = [
        journal.append([entry(2, orders=1), entry(1, of=head("new", "new tenant"))], received=received("d2")),
        journal.append([entry(2)], received=received("d2")),
        journal._change(lost),
        journal.append([entry(3)]),
    ]
    waiting = [asyncio.ensure_future(job) for job in jobs]
    await asyncio.sleep(0)
    release()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unwritable] * 4
    assert await journal.outstanding() == []
    await journal.append([entry(2), entry(1, of=head("new", "new tenant"))], received=received("d2"))
    assert len(await journal.read(head().session)) == 2
    await journal.close()
    again = SqliteJournal(path, keys)
    assert len(await again.read(head("new").session)) == 1
    await again.close()


async def test_a_full_database_refuses_and_recovers(path: Path, keys: Masters) -> None:
    journal = SqliteJournal(path, keys)
    db = journal._writer._db
    db.pragma("max_page_count", db.pragma("page_count") + 2)
    outcomes: list[BaseException | None] = []
    for position in range(1, 200):
        outcomes += await asyncio.gather(
            journal.append([entry(position, said="x" * 500)]), return_exceptions=True
        )
    kept = outcomes.count(None)
    assert outcomes[:kept] == [None] * kept
    assert {type(outcome) for outcome in outcomes[kept:]} == {Unwritable, Conflict}
    with pytest.raises(Unwritable):
        await journal.append([entry(1, of=head("two"), said="x" * 5_000)])
    db.pragma("max_page_count", 100_000)
    await journal.append([entry(kept + 1), entry(1, of=head("two"))])
    assert len(await journal.read(head().session)) == kept + 1 > 1
    await journal.close()


async def test_a_file_that_became_read_only_refuses_and_recovers(path: Path, keys: Masters) -> None:
    journal = SqliteJournal(path, keys)
    journal._writer._db.pragma("query_only", 1)
    with pytest.raises(Unwritable):
        await journal.append([entry(1)], received=received("d"))
    journal._writer._db.pragma("query_only", 0)
    await journal.append([entry(1)], received=received("d"))
    await journal.close()


async def test_a_reader_in_the_way_of_emptying_the_log_delays_no_append_for_ever(
    path: Path, keys: Masters
) -> None:
    journal = SqliteJournal(path, keys)
    await journal.append([entry(1, kind="text"), entry(2)])
    log = path.parent / "journal.sqlite-wal"
    with reader(path, keys) as beside:
        beside.db.execute("BEGIN")
        assert len(beside.shelves(0)[0]) == 1
        await journal.forget(head().session, "text")
        await journal.append([entry(3)])
        assert log.stat().st_size > 0
    await journal.append([entry(4)])
    assert log.stat().st_size == 0
    assert len(await journal.read(head().session)) == 4
    await journal.close()


def test_loops_that_come_and_go_can_share_a_journal(path: Path, keys: Masters) -> None:
    journal = SqliteJournal(path, keys)

    async def leave_early() -> None:
        release = await held(journal)
        forgotten = asyncio.ensure_future(journal.append([entry(1)]))
        await asyncio.sleep(0)
        forgotten.cancel()
        threading.Timer(0.05, release).start()

    async def stay() -> None:
        await journal.append([entry(1, of=head("two"))])
        await journal.prune(NOON)
        await journal.close()

    asyncio.run(leave_early())
    asyncio.run(stay())
