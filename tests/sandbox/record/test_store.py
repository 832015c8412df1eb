import random
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from plugin.sandbox.record import Refusal, Store, rows, writes
from plugin.sandbox.record.json_value import Resource
from plugin.sandbox.record.query import condition
from plugin.sandbox.record.schema import STEPS
from tests.sandbox.record import samples

AT = datetime(2026, 11, 23, tzinfo=UTC)
ROUNDS = 12


def killed(path: Path, first: int, after: int) -> list[int]:
    """Let a process write until it has reported some numbers, kill it, and answer with all it reported."""
    command = [sys.executable, "-m", "tests.sandbox.record.writer", str(path), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3], text=True) as child:
        assert child.stdout is not None
        told = [int(child.stdout.readline()) for _ in range(after)]
        child.send_signal(signal.SIGKILL)
        told += [int(line) for line in child.stdout.read().split("\n")[:-1]]
    return told


async def test_what_was_told_to_be_kept_outlives_every_kill(tmp_path: Path) -> None:
    path, told = tmp_path / "record.sqlite3", list[int]()
    for _ in range(ROUNDS):
        # The last number reported is sent again: it must be found and not doubled.
        told += killed(path, told[-1] if told else 0, random.randint(1, 60))
        store = Store(path)
        numbers = [str(one.resource["description"]) for one in await store.everything("Task")]
        assert await store.run(lambda connection: connection.pragma("integrity_check")) == "ok"
        store.close()
        assert len(set(numbers)) == len(numbers)
        assert {f"n{number}" for number in told} <= set(numbers)
        assert len(numbers) <= len(set(told)) + ROUNDS


async def test_a_store_opened_again_finds_and_continues(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "record.sqlite3"
    store = Store(path)
    first = await store.run(lambda connection: writes.create(connection, samples.task("one"), None, AT))
    store.close()
    store = Store(path)
    assert await store.everything() == [first.kept]
    again = condition("Task", "identifier=one")
    second = await store.run(lambda connection: writes.create(connection, samples.task("one"), again, AT))
    assert (second.created, second.kept) == (False, first.kept)
    store.close()


async def test_the_file_is_for_its_owner_only_and_commits_reach_the_disk(tmp_path: Path) -> None:
    store = Store(tmp_path / "own" / "record.sqlite3")
    assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "own").iterdir()} == {0o600}
    names = ("journal_mode", "synchronous", "foreign_keys", "user_version")
    pragmas = await store.run(lambda connection: {name: connection.pragma(name) for name in names})
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "user_version": len(STEPS)}
    store.close()


async def test_a_piece_of_work_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "record.sqlite3")

    def fails(connection: apsw.Connection) -> None:
        rows.insert(connection, samples.task(), "one", AT)
        raise LookupError

    with pytest.raises(LookupError):
        await store.run(fails)
    assert await store.everything() == []
    store.close()


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Patient"},
        {"resourceType": "Device", "id": "a"},
        {"id": "a"},
        {**samples.patient(), "x": 1},
    ],
)
async def test_only_whole_resources_are_seeded(tmp_path: Path, resource: Resource) -> None:
    store = Store(tmp_path / "record.sqlite3")
    with pytest.raises(Refusal):
        await store.seed(resource, at=AT)
    assert await store.everything() == []
    store.close()


async def test_a_file_that_is_no_database_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "record.sqlite3").write_bytes(b"not a database, and long enough to be sure" * 100)
    with pytest.raises(apsw.Error):
        Store(tmp_path / "record.sqlite3")
