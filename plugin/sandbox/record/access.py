"""Access tokens and used assertions, as they are kept: as digests, so that a copy of the file opens nothing."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import apsw

LIFETIME = timedelta(seconds=300)


@dataclass(frozen=True, slots=True)
class Access:
    """What a valid token stands for."""

    client: str
    scope: str


def use(connection: apsw.Connection, client: str, jti: str, *, expires: int, now: datetime) -> bool:
    """Mark an assertion as used; false when it was used before. Those that have expired are forgotten."""
    connection.execute("DELETE FROM assertion WHERE expires <= ?", (int(now.timestamp()),))
    connection.execute("INSERT OR IGNORE INTO assertion VALUES (?, ?, ?)", (client, _digest(jti), expires))
    return connection.changes() == 1


def issue(connection: apsw.Connection, access: Access, now: datetime) -> str:
    """Give out a token for the next 300 seconds. Those that have expired are forgotten."""
    token = secrets.token_urlsafe(32)
    connection.execute("DELETE FROM access WHERE expires <= ?", (now.timestamp(),))
    row = (_digest(token), access.client, access.scope, (now + LIFETIME).timestamp())
    connection.execute("INSERT INTO access VALUES (?, ?, ?, ?)", row)
    return token


def look_up(connection: apsw.Connection, token: str, now: datetime) -> Access | None:
    """What a token stands for, while it is valid."""
    row = connection.execute(
        "SELECT client, scope FROM access WHERE digest = ? AND expires > ?", (_digest(token), now.timestamp())
    ).fetchone()
    return Access(*row) if row else None


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogateescape")).digest()
