"""Reading what is owed: the orders' rows, joined with the records that hold the orders themselves."""

import json
from datetime import datetime
from typing import Any

from plugin.journal.places import micros, moment, order_id
from plugin.journal.reading import Reading, Stored, snapshot
from plugin.ports import Broken, Owed

_UNREADABLE = b"null"
_JOINED = """
SELECT o.number, s.session, s.tenant, o.position, o.item, o.due_at, o.attempts, o.parked, o.reason,
       r.kind, r.digest, r.payload, k.wrapped
FROM orders AS o JOIN sessions AS s ON s.number = o.session
LEFT JOIN records AS r ON r.session = o.session AND r.position = o.position LEFT JOIN keys AS k ON k.number = r.key
"""
_DUE = _JOINED + "WHERE o.parked = 0 AND o.due_at <= ? ORDER BY o.number LIMIT ?"
_OUTSTANDING = _JOINED + "WHERE o.number > :after ORDER BY o.number LIMIT :page"
# The plus keeps SQLite from walking all orders by number to find those of one session.
_OF_SESSION = _JOINED + "WHERE +o.number > :after AND s.session = :session ORDER BY +o.number LIMIT :page"
_PAGE = 200


def due(reading: Reading, now: datetime, limit: int) -> list[Owed]:
    """What is due, oldest in the journal first; an order whose record is broken has the body ``null``."""
    with snapshot(reading.db):
        rows = reading.db.execute(_DUE, (micros(now), limit)).fetchall()
        return [_owed(reading, row) for row in rows]


def outstanding(reading: Reading, session: str | None, after: int) -> tuple[list[Owed], int | None]:
    """One page of all that is not settled, and where the next page starts."""
    statement = _OUTSTANDING if session is None else _OF_SESSION
    named = {"after": after, "session": session, "page": _PAGE}
    with snapshot(reading.db):
        rows: list[Any] = reading.db.execute(statement, named).fetchall()
        return [_owed(reading, row) for row in rows], rows[-1][0] if len(rows) == _PAGE else None


def next_due(reading: Reading) -> datetime | None:
    """When the earliest order that is not parked is due."""
    earliest = reading.db.execute("SELECT min(due_at) FROM orders WHERE parked = 0").get
    return None if earliest is None else moment(earliest)


def _owed(reading: Reading, row: tuple[Any, ...]) -> Owed:
    _, session, tenant, position, item, due_at, attempts, parked, reason, *record = row
    try:
        orders = json.loads(reading.body(session, tenant, position, Stored(*record), {}) or b"{}")["orders"]
        body = json.dumps(orders[item], separators=(",", ":"), ensure_ascii=False).encode()
    except (Broken, ValueError, LookupError, TypeError):
        body = _UNREADABLE
    return Owed(
        order=order_id(session, position, item),
        body=body,
        attempts=attempts,
        due_at=moment(due_at),
        parked=bool(parked),
        reason=reason,
    )
