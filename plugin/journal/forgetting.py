"""Forgetting: the key goes first, then what it sealed; afterwards the writer empties the log.

What stays of a forgotten kind are positions, kinds, digests and links, so that the chain still holds. What stays of
an erased session is its opaque id, so that a late delivery does not bring it back. ``secure_delete`` overwrites the
bytes in the file. A copy made earlier is beyond reach here: see ``wraps.py`` for what ends it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import apsw

from plugin.journal.places import micros

_ORDERS = """
DELETE FROM orders WHERE session = :number AND position IN
    (SELECT position FROM records WHERE session = :number AND kind = :kind)
"""
_EXPIRED = """
SELECT s.session, d.kind FROM due AS d JOIN sessions AS s ON s.number = d.session
WHERE d.due_at <= ? AND NOT EXISTS (
    SELECT 1 FROM orders AS o JOIN records AS r ON r.session = o.session AND r.position = o.position
    WHERE o.session = d.session AND r.kind = d.kind
) ORDER BY d.due_at, d.session, d.kind
"""


def forget(db: apsw.Connection, session: str, kind: str | None) -> int:
    """Destroy one kind of a session, or all of it; orders whose record is gone can never be done and go too."""
    number = db.execute("SELECT number FROM sessions WHERE session = ?", (session,)).get
    if number is None:
        return 0
    if kind is None:
        db.execute("INSERT INTO erased (session) VALUES (?)", (session,))
        db.execute("DELETE FROM sessions WHERE number = ?", (number,))  # and what refers to it
        return 1
    named = {"number": number, "kind": kind}
    db.execute(_ORDERS, named)
    db.execute("DELETE FROM due WHERE session = :number AND kind = :kind", named)
    db.execute("DELETE FROM keys WHERE session = :number AND kind = :kind", named)
    db.execute("UPDATE records SET payload = NULL WHERE session = :number AND kind = :kind", named)
    return db.changes()


def schedule(db: apsw.Connection, session: str, due: Mapping[str, datetime]) -> int:
    """Say when each kind of a session may be forgotten, instead of what was said before."""
    number = db.execute("SELECT number FROM sessions WHERE session = ?", (session,)).get
    if number is None:
        return 0
    rows = [(number, kind, micros(moment)) for kind, moment in due.items()]
    db.execute("DELETE FROM due WHERE session = ?", (number,))
    db.executemany("INSERT INTO due (session, kind, due_at) VALUES (?, ?, ?)", rows)
    return len(rows)


def expired(db: apsw.Connection, now: datetime) -> list[tuple[str, str]]:
    """Sessions and kinds whose time is over, but for those that still owe an order, parked ones included."""
    rows: list[Any] = db.execute(_EXPIRED, (micros(now),)).fetchall()
    return rows


def shelve(db: apsw.Connection, session: str) -> int:
    """Mark a session as over, until something is appended to it."""
    db.execute("UPDATE sessions SET shelved = 1 WHERE session = ?", (session,))
    return db.changes()


def prune(db: apsw.Connection, before: datetime) -> int:
    """Drop what is remembered of deliveries that came before a moment."""
    db.execute("DELETE FROM inbox WHERE received_at < ?", (micros(before),))
    return db.changes()
