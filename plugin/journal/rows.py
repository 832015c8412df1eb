"""The rows of one transaction, gathered before they are written.

Many rows in one statement, rather than many statements, because each one hands Python's lock to the event loop
and waits to get it back.
"""

from dataclasses import dataclass, field

import apsw

from plugin.journal.chain import origin

_SESSION = (
    "INSERT INTO sessions (number, session, tenant, head, last, tip, shelved) VALUES (?, ?, ?, ?, 0, ?, 0)"
)
_KEY = "INSERT INTO keys (number, session, kind, wrapped) VALUES (?, ?, ?, ?)"
_RECORD = (
    "INSERT INTO records (session, position, kind, key, payload, digest, link) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_TIP = "UPDATE sessions SET last = ?, tip = ?, shelved = 0 WHERE number = ?"
_ORDER = "INSERT INTO orders (session, position, item, due_at, attempts, parked) VALUES (?, ?, ?, 0, 0, 0)"
_INBOX = "INSERT INTO inbox (tag, digest, received_at) VALUES (?, ?, ?)"
_NOTE = "INSERT INTO notes (tag, body) VALUES (?, ?) ON CONFLICT (tag) DO UPDATE SET body = excluded.body"


@dataclass(slots=True)
class Rows:
    """What will be inserted; ``tips`` and ``inbox`` by what identifies them, for they are asked before."""

    sessions: list[tuple[int, str, str, bytes, bytes]] = field(default_factory=list)
    keys: list[tuple[int, int, str, bytes]] = field(default_factory=list)
    records: list[tuple[int, int, str, int, bytes, bytes, bytes]] = field(default_factory=list)
    tips: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    orders: list[tuple[int, int, int]] = field(default_factory=list)
    inbox: dict[bytes, tuple[bytes, int]] = field(default_factory=dict)
    notes: dict[bytes, bytes] = field(default_factory=dict)

    def session(self, number: int, session: str, tenant: str, head: bytes) -> None:
        """A session that begins."""
        self.sessions.append((number, session, tenant, head, origin(session)))

    def write(self, db: apsw.Connection) -> None:
        """Insert all of them within the running transaction."""
        tips = [(last, tip, number) for number, (last, tip) in self.tips.items()]
        inbox = [(tag, digest, at) for tag, (digest, at) in self.inbox.items()]
        for statement, rows in (
            (_SESSION, self.sessions),
            (_KEY, self.keys),
            (_RECORD, self.records),
            (_TIP, tips),
            (_ORDER, self.orders),
            (_INBOX, inbox),
            (_NOTE, list(self.notes.items())),
        ):
            if rows:
                db.executemany(statement, rows)
