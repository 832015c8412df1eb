import os
import stat
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from plugin.journal import opening
from plugin.journal.dump import dump, reader
from plugin.journal.masters import Masters
from plugin.journal.schema import APPLICATION, FIRST, STEPS, migrate
from plugin.journal.sqlite import CannotOpen, SqliteJournal
from tests.journal.making import body, entry, head, masters

DIE = """
import os, sys, apsw
from plugin.journal.schema import FIRST, migrate
db = apsw.Connection(sys.argv[1])
db.create_scalar_function("die", lambda: os._exit(9), 0)
migrate(db, (FIRST, sys.argv[2]))
"""

LOCK = """
import sys
from pathlib import Path
from plugin.journal.opening import CannotOpen, lock
try:
    lock(Path(sys.argv[1]))
except CannotOpen:
    sys.exit(7)
"""


def child(code: str, *args: str) -> int:
    return subprocess.run([sys.executable, "-c", code, *args], check=False).returncode


async def test_only_the_owner_can_look_into_the_files(path: Path, keys: Masters) -> None:
    before = os.umask(0)
    try:
        journal = SqliteJournal(path, keys)
        await journal.append([entry(1)])
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    names = ("journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "journal.sqlite.lock")
    assert modes == dict.fromkeys(names, 384)
    await journal.close()


def test_a_folder_open_to_others_is_refused(path: Path, keys: Masters) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o750)
    with pytest.raises(CannotOpen, match="chmod 700"):
        SqliteJournal(path, keys)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750


async def test_the_writer_flushes_every_commit_and_overwrites_what_it_deletes(
    path: Path, keys: Masters
) -> None:
    opening.folder(path)
    db = opening.to_write(path, autocheckpoint=77)
    names = (
        "journal_mode",
        "synchronous",
        "secure_delete",
        "trusted_schema",
        "foreign_keys",
        "wal_autocheckpoint",
    )
    assert [db.pragma(name) for name in names] == ["wal", 2, 1, 0, 1, 77]
    assert db.pragma("fullfsync") == db.pragma("checkpoint_fullfsync") == 1
    db.close()


async def test_a_second_opening_is_refused_in_one_line(path: Path, keys: Masters) -> None:
    journal = SqliteJournal(path, keys)
    with pytest.raises(CannotOpen, match="in use by another process") as refused:
        SqliteJournal(path, keys)
    assert "\n" not in str(refused.value)
    assert child(LOCK, str(path)) == 7
    await journal.append([entry(1)])
    await journal.close()
    assert child(LOCK, str(path)) == 0
    await SqliteJournal(path, keys).close()


async def test_a_journal_of_a_later_release_is_left_alone(path: Path, keys: Masters) -> None:
    await SqliteJournal(path, keys).close()
    db = apsw.Connection(str(path))
    db.pragma("user_version", len(STEPS) + 1)
    db.close()
    before = path.read_bytes()
    with pytest.raises(CannotOpen, match=f"format {len(STEPS) + 1}; this release knows up to {len(STEPS)}"):
        SqliteJournal(path, keys)
    assert path.read_bytes() == before


def test_another_database_is_left_alone(path: Path, keys: Masters) -> None:
    path.parent.mkdir(mode=0o700)
    db = apsw.Connection(str(path))
    db.execute("CREATE TABLE theirs (a)")
    db.close()
    with pytest.raises(CannotOpen, match="not a journal of Fermata"):
        SqliteJournal(path, keys)


@pytest.mark.parametrize("content", [b"no database at all" * 1_000, b"SQLite format 3\0" + b"\xff" * 5_000])
def test_a_file_that_is_no_database_is_refused(path: Path, keys: Masters, content: bytes) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_bytes(content)
    with pytest.raises(CannotOpen, match="cannot be opened"):
        SqliteJournal(path, keys)
    with pytest.raises(CannotOpen, match="cannot be opened"):
        SqliteJournal(path, keys)


async def test_a_refused_opening_gives_the_lock_back(path: Path, keys: Masters) -> None:
    await SqliteJournal(path, keys).close()
    with pytest.raises(CannotOpen, match="other master keys"):
        SqliteJournal(path, masters())
    await SqliteJournal(path, keys).close()


def test_a_step_that_fails_has_not_happened(tmp_path: Path) -> None:
    db = apsw.Connection(str(tmp_path / "db"))
    broken = "CREATE TABLE later (a) STRICT; CREATE TABLE later (a) STRICT;"
    with pytest.raises(apsw.SQLError):
        migrate(db, (FIRST, broken))
    assert db.pragma("user_version") == 1
    migrate(db, (FIRST, "CREATE TABLE later (a TEXT) STRICT"))
    assert db.pragma("user_version") == 2
    assert db.execute("SELECT count(*) FROM later").get == 0


def test_a_step_killed_in_the_middle_is_taken_again(tmp_path: Path) -> None:
    file = tmp_path / "db"
    apsw.Connection(str(file)).pragma("journal_mode", "wal")
    step = "CREATE TABLE later (a INT) STRICT; INSERT INTO later VALUES (1);"
    assert child(DIE, str(file), step + "SELECT die(); CREATE TABLE last (a INT) STRICT") == 9
    db = apsw.Connection(str(file))
    assert (db.pragma("user_version"), db.pragma("application_id")) == (1, APPLICATION)
    migrate(db, (FIRST, step))
    assert (db.pragma("user_version"), db.execute("SELECT count(*) FROM later").get) == (2, 1)
    assert db.pragma("integrity_check") == "ok"


def test_the_first_step_killed_in_the_middle_is_taken_again(tmp_path: Path) -> None:
    file = tmp_path / "db"
    code = DIE.replace("(FIRST, sys.argv[2])", "(FIRST + sys.argv[2],)")
    assert child(code, str(file), "SELECT die();") == 9
    db = apsw.Connection(str(file))
    assert db.pragma("user_version") == 0
    migrate(db)
    migrate(db)
    assert db.pragma("user_version") == len(STEPS)


async def test_a_look_beside_the_running_service_sees_what_is_there(path: Path, keys: Masters) -> None:
    journal = SqliteJournal(path, keys)
    await journal.append([entry(1)])
    rows = list(dump(path, keys))
    assert [(row["session"], row["position"], row["broken"]) for row in rows] == [(head().session, 1, None)]
    await journal.append([entry(2)])
    assert len(list(dump(path, keys))) == 2
    await journal.close()
    assert len(list(dump(path, keys))) == 2
    with reader(path, keys) as reading:
        assert [record.body for record in reading.read(head().session)] == [
            body("record 1"),
            body("record 2"),
        ]
        with pytest.raises(apsw.ReadOnlyError):
            reading.db.execute("DELETE FROM records")


async def test_a_look_needs_a_journal_and_its_keys(path: Path, keys: Masters) -> None:
    with pytest.raises(CannotOpen, match="there is no journal"):
        list(dump(path, keys))
    await SqliteJournal(path, keys).close()
    with pytest.raises(CannotOpen, match="other master keys"):
        list(dump(path, masters()))
