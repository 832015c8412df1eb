"""Webhooks that are owed: written in the transaction that causes them, taken away when the receiver has them.

Within a meeting they go strictly in order, so only the oldest of each meeting is ever due.
"""

import json
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """One webhook that waits; the times are seconds since 1970 and ``body`` is what is signed and sent."""

    sequence: int
    id: str
    meeting: str
    type: str
    body: bytes
    owed_since: float
    due_at: float
    attempts: int


def owe(db: sqlite3.Connection, type_: str, data: Mapping[str, str], now: datetime) -> None:
    """Owe the plugin one webhook about ``data["meeting"]``; unknown facts are left out of *data*."""
    stamp = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = json.dumps({"type": type_, "timestamp": stamp, "data": dict(data)}, separators=(",", ":"))
    db.execute(
        "INSERT INTO webhook (id, meeting, type, body, owed_since, due_at) VALUES (?, ?, ?, ?, ?, ?)",
        (f"msg_{uuid.uuid4().hex}", data["meeting"], type_, body.encode(), now.timestamp(), now.timestamp()),
    )


def heads(db: sqlite3.Connection) -> list[Owed]:
    """The oldest webhook of each meeting that is still to be delivered."""
    rows = db.execute(
        "SELECT sequence, id, meeting, type, body, owed_since, due_at, attempts FROM webhook"
        " WHERE sequence IN (SELECT min(sequence) FROM webhook WHERE given_up = 0 GROUP BY meeting)"
    )
    return [Owed(**row) for row in rows]


def settle(db: sqlite3.Connection, sequence: int) -> None:
    """Take a webhook away: the receiver has it, or it does not want this type."""
    db.execute("DELETE FROM webhook WHERE sequence = ?", (sequence,))


def put_off(db: sqlite3.Connection, sequence: int, due_at: float) -> None:
    """Try a webhook again at *due_at*, and what comes after it in its meeting later than that."""
    db.execute(
        "UPDATE webhook SET attempts = attempts + 1, due_at = ? WHERE sequence = ?", (due_at, sequence)
    )


def give_up(db: sqlite3.Connection, sequence: int) -> None:
    """Stop trying, keep the webhook where an operator sees it, and let the next of its meeting go."""
    db.execute("UPDATE webhook SET attempts = attempts + 1, given_up = 1 WHERE sequence = ?", (sequence,))


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """How many webhooks wait and how many were given up."""
    row = db.execute("SELECT count(*) AS n, coalesce(sum(given_up), 0) AS given_up FROM webhook").fetchone()
    return {"unsent": row["n"] - row["given_up"], "given_up": row["given_up"]}
