"""Appending: check, seal, link and gather, without a statement where the writer remembers the session.

All checks of an append come before anything of it is gathered, so that one that is refused leaves nothing in the
transaction it shares with others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import apsw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plugin.journal import chain
from plugin.journal.heads import sealed_head
from plugin.journal.index import Index
from plugin.journal.memory import Memory
from plugin.journal.places import HEAD, KINDS, key_place, micros, payload_place
from plugin.journal.rows import Rows
from plugin.journal.sealing import Unsealable, new_key, seal, unseal
from plugin.journal.wraps import Wraps
from plugin.ports import Broken, Conflict, Contradiction, Entry, Erased, Head, Note, Received, SeenBefore

_SESSIONS_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Append:
    """What one call wants kept."""

    entries: Sequence[Entry]
    received: Received | None
    notes: Sequence[Note]


class DataKey(NamedTuple):
    """The key of one retention kind of a session, and its number in the file.

    Kept as bytes: a cipher made of it holds 2.6 KiB outside Python and is made again in 1.5 µs.
    """

    number: int
    key: bytes


class Standing(NamedTuple):
    """Where a session stands: its number, tenant, last position, last link, and its open keys by kind."""

    number: int
    tenant: str
    last: int
    tip: bytes
    keys: Mapping[str, DataKey]


class Appending:
    """Turns appends into rows, over the writer's connection and in its thread."""

    def __init__(self, db: apsw.Connection, wraps: Wraps, index: Index) -> None:
        self._db = db
        self._wraps = wraps
        self._index = index
        self._standings: Memory[Standing] = Memory(_SESSIONS_REMEMBERED)
        self._rows = Rows()
        self._session = int(db.execute("SELECT coalesce(max(number), 0) FROM sessions").get)
        self._key = int(
            db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'keys'").get
        )

    def plan(self, append: Append) -> None:
        """Gather one append; raises ``SeenBefore``, ``Contradiction``, ``Conflict``, ``Broken``, ``ValueError``."""
        delivery = self._delivery(append.received) if append.received else None
        self._check_entries(append.entries)
        for entry in append.entries:
            self._gather(entry)
        if delivery:
            tag, body, at = delivery
            self._rows.inbox[tag] = (body, at)
        for note in append.notes:
            tag = self._index.note(note.key)
            self._rows.notes[tag] = self._index.seal_note(tag, note.body)

    def write(self) -> None:
        """Insert what was gathered, within the running transaction."""
        rows, self._rows = self._rows, Rows()
        rows.write(self._db)

    def keep(self) -> None:
        """The transaction was committed."""
        self._standings.keep()
        self._wraps.tenants.keep()

    def drop(self) -> None:
        """The transaction was rolled back."""
        self._rows = Rows()
        self._standings.drop()
        self._wraps.tenants.drop()

    def dismiss(self, session: str) -> None:
        """Forget what is remembered of a session, keys before all."""
        self._standings.dismiss(session)

    def _delivery(self, received: Received) -> tuple[bytes, bytes, int]:
        """The tag, body and moment of a delivery that was not kept before."""
        tag, body, at = self._index.delivery(received), self._index.body(received), micros(received.at)
        gathered = self._rows.inbox.get(tag)
        known = (
            gathered[0]
            if gathered is not None
            else self._db.execute("SELECT digest FROM inbox WHERE tag = ?", (tag,)).get
        )
        if known == body:
            raise SeenBefore("this delivery was kept earlier")
        if known is not None:
            raise Contradiction("a delivery with this key and another body was kept earlier")
        return tag, body, at

    def _check_entries(self, entries: Sequence[Entry]) -> None:
        last: dict[str, int] = {}
        for entry in entries:
            if entry.kind not in KINDS or entry.orders < 0:
                raise ValueError(f"no entry can have the kind {entry.kind!r} and {entry.orders} orders")
            session = entry.head.session
            if session not in last:
                last[session] = self._last(entry.head)
            last[session] += 1
            if entry.position != last[session]:
                raise Conflict(f"the next position of {session} is {last[session]}, not {entry.position}")

    def _last(self, head: Head) -> int:
        standing = self._standing(head.session)
        if standing is None:
            return 0
        if standing.tenant != head.tenant:
            raise ValueError(f"the session {head.session} belongs to another tenant")
        return standing.last

    def _gather(self, entry: Entry) -> None:
        session = entry.head.session
        standing = self._standing(session) or self._begun(entry.head)
        key = standing.keys.get(entry.kind)
        if key is None:
            key = self._new_key(session, standing.tenant, standing.number, entry.kind)
            standing = standing._replace(keys={**standing.keys, entry.kind: key})
        payload = seal(AESGCM(key.key), entry.body, payload_place(session, entry.position, entry.kind))
        digest = chain.digest(payload)
        link = chain.link(standing.tip, entry.position, entry.kind, digest)
        self._standings.put(session, standing._replace(last=entry.position, tip=link))
        number = standing.number
        self._rows.records.append((number, entry.position, entry.kind, key.number, payload, digest, link))
        self._rows.tips[number] = (entry.position, link)
        self._rows.orders += [(number, entry.position, item) for item in range(entry.orders)]

    def _begun(self, head: Head) -> Standing:
        self._session += 1
        key = self._new_key(head.session, head.tenant, self._session, HEAD)
        self._rows.session(self._session, head.session, head.tenant, sealed_head(AESGCM(key.key), head))
        return Standing(self._session, head.tenant, 0, chain.origin(head.session), {})

    def _new_key(self, session: str, tenant: str, number: int, kind: str) -> DataKey:
        self._key += 1
        key = new_key()
        wrapped = seal(self._wraps.tenant_key_or_new(tenant), key, key_place(session, kind))
        self._rows.keys.append((self._key, number, kind, wrapped))
        return DataKey(self._key, key)

    def _standing(self, session: str) -> Standing | None:
        known = self._standings.get(session)
        if known is None:
            known = self._stored(session)
            if known is not None:
                self._standings.put(session, known)
        return known

    def _stored(self, session: str) -> Standing | None:
        found = self._db.execute(
            "SELECT number, tenant, last, tip FROM sessions WHERE session = ?", (session,)
        ).fetchone()
        if found is None:
            if self._db.execute("SELECT 1 FROM erased WHERE session = ?", (session,)).fetchone():
                raise Erased(f"the session {session} was erased")
            return None
        number, tenant, last, tip = found
        keys = {}
        rows: list[Any] = self._db.execute(
            "SELECT kind, number, wrapped FROM keys WHERE session = ? AND kind <> ?", (number, HEAD)
        ).fetchall()
        try:
            for kind, key, wrapped in rows:
                opened = unseal(self._wraps.tenant_key(tenant), wrapped, key_place(session, kind))
                keys[kind] = DataKey(key, opened)
        except Unsealable as error:
            raise Broken(f"session {session}: a key does not open: {error}") from None
        return Standing(number, tenant, last, tip, keys)
