"""Opening the file: who may read it, who may write it, and how it reaches the disk.

One process opens a journal for writing and holds a lock beside it; one connection of it writes and checkpoints.
All other connections can only read. The lock is a transaction on an empty database file: it falls with the
process.
"""

from pathlib import Path

import apsw

_LOCK_WAIT_MS = 0
_BUSY_WAIT_MS = 2_000


class CannotOpen(Exception):
    """The journal cannot be opened; the message is one line for an operator."""


def folder(path: Path) -> None:
    """Make the folder of a journal for its owner only; raises ``CannotOpen`` when others may look into it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = path.parent.stat().st_mode & 0o777
    except OSError as error:
        raise CannotOpen(f"the folder {path.parent} cannot be made or read: {error.strerror}") from None
    if mode & 0o077:
        raise CannotOpen(
            f"the folder {path.parent} is open to others (mode {mode:o}); run: chmod 700 {path.parent}"
        )


def lock(path: Path) -> apsw.Connection:
    """Hold the journal for this process while the answer lives; raises ``CannotOpen`` when another one does."""
    try:
        Path(f"{path}.lock").touch(mode=0o600)
        held = apsw.Connection(f"{path}.lock", flags=apsw.SQLITE_OPEN_READWRITE)
        held.set_busy_timeout(_LOCK_WAIT_MS)
        held.pragma("journal_mode", "memory")
        held.execute("BEGIN EXCLUSIVE")
    except (apsw.BusyError, apsw.LockedError):
        raise CannotOpen(f"the journal {path} is in use by another process") from None
    except (apsw.Error, OSError) as error:
        raise CannotOpen(f"the lock of the journal {path} cannot be taken: {error}") from None
    return held


def to_write(path: Path, *, autocheckpoint: int) -> apsw.Connection:
    """The one connection that writes; raises ``CannotOpen``."""
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        db.set_busy_timeout(_BUSY_WAIT_MS)
        for name, value in (("secure_delete", 1), ("trusted_schema", 0), ("foreign_keys", 1)):
            db.pragma(name, value)
        if db.pragma("journal_mode", "wal") != "wal":
            raise CannotOpen(f"the disk of {path} cannot hold a write-ahead log; use a local disk")
        for name, value in (
            ("synchronous", 2),
            ("fullfsync", 1),
            ("checkpoint_fullfsync", 1),
            ("temp_store", 2),
        ):
            db.pragma(name, value)
        db.wal_autocheckpoint(autocheckpoint)
    except OSError as error:
        raise CannotOpen(f"the journal {path} cannot be opened: {error.strerror}") from None
    except apsw.Error as error:
        raise CannotOpen(f"the journal {path} cannot be opened: {error}") from None
    return db


def emptied(db: apsw.Connection, wait_ms: int = _BUSY_WAIT_MS) -> None:
    """Move the log into the file and cut it to nothing; raises ``apsw.BusyError`` while somebody reads."""
    db.set_busy_timeout(wait_ms)
    try:
        db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    finally:
        db.set_busy_timeout(_BUSY_WAIT_MS)


def to_read(path: Path) -> apsw.Connection:
    """A connection that can only read, beside the writer, of this process or another; raises ``CannotOpen``."""
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        db.set_busy_timeout(_BUSY_WAIT_MS)
        db.wal_autocheckpoint(0)
        for name, value in (("query_only", 1), ("trusted_schema", 0), ("temp_store", 2)):
            db.pragma(name, value)
        db.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    except apsw.Error as error:
        raise CannotOpen(f"the journal {path} cannot be read: {error}") from None
    return db
