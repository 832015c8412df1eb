"""The orders that are owed: rows beside the records that hold them, gone when settled.

An order that was never tried is due since 1970, which is at once. Functions here run in the writer's transaction
and answer how many orders they changed; an order nobody knows is none.
"""

from datetime import datetime

import apsw

from plugin.journal.places import micros, order_place

_THIS = "session = (SELECT number FROM sessions WHERE session = ?) AND position = ? AND item = ?"
_SETTLE = f"DELETE FROM orders WHERE {_THIS}"  # noqa: S608 - a constant of this file, no input
_POSTPONE = f"UPDATE orders SET due_at = ?, attempts = attempts + 1, reason = ? WHERE {_THIS}"  # noqa: S608 - as above
_PARK = f"UPDATE orders SET parked = 1, reason = ? WHERE {_THIS}"  # noqa: S608 - as above
_RETRY = f"UPDATE orders SET parked = 0, due_at = ?, attempts = 0 WHERE {_THIS}"  # noqa: S608 - as above
_RETRY_ALL = "UPDATE orders SET parked = 0, due_at = ?, attempts = 0 WHERE parked = 1"


def settle(db: apsw.Connection, order: str) -> int:
    """Take a done order out."""
    return _changed(db, _SETTLE, order_place(order))


def postpone(db: apsw.Connection, order: str, due_at: datetime, reason: str) -> int:
    """Count an attempt and set when the next is due."""
    return _changed(db, _POSTPONE, (micros(due_at), reason, *order_place(order)))


def park(db: apsw.Connection, order: str, reason: str) -> int:
    """Set an order aside."""
    return _changed(db, _PARK, (reason, *order_place(order)))


def retry(db: apsw.Connection, now: datetime, order: str | None) -> int:
    """Make all parked orders due, or one order whether parked or waiting; attempts count from zero again."""
    if order is None:
        return _changed(db, _RETRY_ALL, (micros(now),))
    return _changed(db, _RETRY, (micros(now), *order_place(order)))


def _changed(db: apsw.Connection, statement: str, values: tuple[str | int, ...]) -> int:
    db.execute(statement, values)
    return db.changes()
