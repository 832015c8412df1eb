"""Reading: open what is sealed and check what is linked, over a connection that cannot write.

Each call is one short snapshot, so that no reader holds up the emptying of the log. Data keys are opened for the
call and not remembered, so that a forgotten one is gone at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import apsw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plugin.journal import chain
from plugin.journal.heads import opened_head
from plugin.journal.index import Index
from plugin.journal.places import HEAD, key_place, payload_place
from plugin.journal.sealing import Unsealable, unseal
from plugin.journal.wraps import Wraps
from plugin.ports import Broken, Head, Record, Shelf

_PAGE = 200
_SHELVES = """
SELECT s.number, s.session, s.tenant, s.head, s.last, s.shelved, k.wrapped
FROM sessions AS s LEFT JOIN keys AS k ON k.session = s.number AND k.kind = 'head'
WHERE {} ORDER BY s.number LIMIT ?
"""
_ALL_SHELVES = _SHELVES.format("s.number > ?")
_OPEN_SHELVES = _SHELVES.format("s.number > ? AND s.shelved = 0")
_ONE_SHELF = _SHELVES.format("s.session = ?")
_RECORDS = """
SELECT r.position, r.link, r.kind, r.digest, r.payload, k.wrapped
FROM records AS r LEFT JOIN keys AS k ON k.number = r.key WHERE r.session = ? ORDER BY r.position
"""


class Stored(NamedTuple):
    """What a record's row says, with its data key's wrapped form; payload and key are null when forgotten."""

    kind: str
    digest: bytes
    payload: bytes | None
    wrapped: bytes | None


class Reading:
    """A connection that reads, with the keys and the index over it."""

    def __init__(self, db: apsw.Connection, wraps: Wraps, index: Index) -> None:
        self.db = db
        self._wraps = wraps
        self._index = index

    def read(self, session: str) -> list[Record]:
        """All records of a session, its chain checked; raises ``Broken``."""
        try:
            with snapshot(self.db):
                return self._checked(session)
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise Broken(f"session {session}: its part of the file is damaged ({error})") from None

    def shelves(
        self, after: int, *, include_shelved: bool = True
    ) -> tuple[list[Shelf], list[str], int | None]:
        """One page of sessions: those that open, the ids of those that do not, and where the next page starts."""
        statement = _ALL_SHELVES if include_shelved else _OPEN_SHELVES
        rows: list[Any] = self.db.execute(statement, (after, _PAGE)).fetchall()
        shelves, broken = [], []
        for _, session, tenant, head, last, shelved, wrapped in rows:
            try:
                key = self._data_key(session, tenant, HEAD, wrapped or b"")
                shelves.append(Shelf(opened_head(key, session, tenant, head), last, bool(shelved)))
            except Unsealable:
                broken.append(session)
        return shelves, broken, rows[-1][0] if len(rows) == _PAGE else None

    def head(self, session: str) -> Head | None:
        """Which call a session is; raises ``Broken`` when that does not open."""
        row: Any = self.db.execute(_ONE_SHELF, (session, 1)).fetchone()
        if row is None:
            return None
        _, _, tenant, head, _, _, wrapped = row
        try:
            key = self._data_key(session, tenant, HEAD, wrapped or b"")
            return opened_head(key, session, tenant, head)
        except Unsealable as error:
            raise Broken(f"session {session}: its head does not open: {error}") from None

    def recall(self, key: str) -> bytes | None:
        """The latest note under a key; raises ``Broken``."""
        tag = self._index.note(key)
        sealed = self.db.execute("SELECT body FROM notes WHERE tag = ?", (tag,)).get
        return None if sealed is None else self._note(tag, sealed)

    def notes(self) -> list[bytes]:
        """All notes, in no order that means anything; raises ``Broken``."""
        rows: list[Any] = self.db.execute("SELECT tag, body FROM notes").fetchall()
        return [self._note(tag, sealed) for tag, sealed in rows]

    def body(
        self, session: str, tenant: str, position: int, stored: Stored, known: dict[bytes, AESGCM]
    ) -> bytes | None:
        """The body of one record, null when key and payload were forgotten; ``known`` keeps keys for a call.

        Raises ``Broken``.
        """
        where = f"session {session} breaks at position {position}"
        kind, digest, payload, wrapped = stored
        if wrapped is None and payload is None:
            return None
        if wrapped is None or payload is None:
            raise Broken(f"{where}: its {'payload' if payload is None else 'key'} is missing")
        if chain.digest(payload) != digest:
            raise Broken(f"{where}: the payload is not the one that was kept")
        try:
            key = known.get(wrapped) or self._data_key(session, tenant, kind, wrapped)
            known[wrapped] = key
            return unseal(key, payload, payload_place(session, position, kind))
        except Unsealable as error:
            raise Broken(f"{where}: {error}") from None

    def _checked(self, session: str) -> list[Record]:
        row = self.db.execute(
            "SELECT number, tenant, last, tip FROM sessions WHERE session = ?", (session,)
        ).fetchone()
        if row is None:
            return []
        number, tenant, last, tip = row
        records: list[Record] = []
        known: dict[bytes, AESGCM] = {}
        link = chain.origin(session)
        rows: list[Any] = self.db.execute(_RECORDS, (number,)).fetchall()
        for expected, (position, linked, *found) in enumerate(rows, start=1):
            stored = Stored(*found)
            link = chain.link(link, position, stored.kind, stored.digest)
            if position != expected or link != linked:
                raise Broken(f"session {session} breaks at position {expected}: the chain does not hold")
            body = self.body(session, tenant, position, stored, known)
            records.append(Record(position, stored.kind, body))
        if len(records) != last or link != tip:
            raise Broken(f"session {session} breaks at position {len(records) + 1}: its end is missing")
        return records

    def _data_key(self, session: str, tenant: str, kind: str, wrapped: bytes) -> AESGCM:
        return AESGCM(unseal(self._wraps.tenant_key(tenant), wrapped, key_place(session, kind)))

    def _note(self, tag: bytes, sealed: bytes) -> bytes:
        try:
            return self._index.open_note(tag, sealed)
        except Unsealable as error:
            raise Broken(f"a note does not open: {error}") from None


@contextmanager
def snapshot(db: apsw.Connection) -> Iterator[None]:
    """Let several statements see one state."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
