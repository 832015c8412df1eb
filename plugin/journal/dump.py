"""Everything the journal holds, opened, for an operator who has a master key.

Works beside a running service: over a connection that cannot write, in short snapshots, without the lock.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from plugin.journal import opening
from plugin.journal.index import Index
from plugin.journal.masters import Masters
from plugin.journal.opening import CannotOpen
from plugin.journal.reading import Reading
from plugin.journal.schema import STEPS, check_version
from plugin.journal.sealing import Unsealable
from plugin.journal.wraps import Wraps
from plugin.ports import Broken, Shelf

Row = dict[str, object]
_EMPTY: Row = dict.fromkeys(
    ("session", "tenant", "host", "meeting", "occurrence", "position", "kind", "body", "broken")
)


@contextmanager
def reader(path: Path, masters: Masters) -> Iterator[Reading]:
    """Open a journal to look into it, whether a service runs on it or not; raises ``CannotOpen``."""
    if not path.exists():
        raise CannotOpen(f"there is no journal at {path}")
    db = opening.to_read(path)
    try:
        yield _reading(path, db, masters)
    finally:
        db.close()


def _reading(path: Path, db: apsw.Connection, masters: Masters) -> Reading:
    try:
        if check_version(db) < len(STEPS):
            raise CannotOpen("the journal has an older format; start the service once to bring it up")
        wraps = Wraps(db, masters)
        return Reading(db, wraps, Index(wraps.journal_key()))
    except Unsealable as error:
        raise CannotOpen(f"the journal was sealed with other master keys: {error}") from None
    except apsw.Error as error:
        raise CannotOpen(f"the journal {path} cannot be read: {error}") from None


def dump(path: Path, masters: Masters) -> Iterator[Row]:
    """One row a record, session by session, then one a note; raises ``CannotOpen``.

    Each row has the same keys: session, tenant, host, meeting, occurrence, position, kind, body, broken. ``body`` is
    the record's own JSON, null when it was forgotten; ``broken`` says why a session is not to be trusted, else null.
    A note has the kind ``note`` and its JSON as body.
    """
    with reader(path, masters) as reading:
        yield from _all_rows(reading)


def _all_rows(reading: Reading) -> Iterator[Row]:
    after: int | None = 0
    while after is not None:
        shelves, broken, after = reading.shelves(after)
        for shelf in shelves:
            yield from record_rows(reading, shelf)
        yield from (broken_row(session) for session in broken)
    yield from note_rows(reading)


def record_rows(reading: Reading, shelf: Shelf) -> list[Row]:
    """The records of one session; one row that says so when it is broken."""
    head = shelf.head
    named = _EMPTY | {
        "session": head.session,
        "tenant": head.tenant,
        "host": head.host,
        "meeting": head.meeting,
        "occurrence": head.occurrence,
    }
    try:
        records = reading.read(head.session)
    except Broken as error:
        return [named | {"broken": str(error)}]
    return [
        named | {"position": record.position, "kind": record.kind, "body": _told(record.body)}
        for record in records
    ]


def note_rows(reading: Reading) -> list[Row]:
    """All notes."""
    return [_EMPTY | {"kind": "note", "body": _told(note)} for note in reading.notes()]


def broken_row(session: str) -> Row:
    """A session whose head does not open."""
    return _EMPTY | {"session": session, "broken": f"session {session}: its head does not open"}


def _told(body: bytes | None) -> object:
    if body is None:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="backslashreplace")


def problems(path: Path, masters: Masters) -> list[str]:
    """What is wrong with a journal or a copy of one, a line each: pages, indexes, keys and chains; slow.

    Raises ``CannotOpen``.
    """
    found: list[str] = []
    with reader(path, masters) as reading:
        try:
            told: list[Any] = reading.db.execute("PRAGMA integrity_check").fetchall()
            found += [line for (line,) in told if line != "ok"]
            found += [str(row["broken"]) for row in _all_rows(reading) if row["broken"]]
        except (apsw.CorruptError, Broken) as error:
            found.append(str(error))
    return found
