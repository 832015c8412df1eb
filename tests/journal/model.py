"""A journal that is obviously right: dictionaries and lists, nothing on a disk."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from plugin.ports import (
    Conflict,
    Contradiction,
    Entry,
    Erased,
    Head,
    Note,
    Owed,
    Received,
    Record,
    SeenBefore,
    Shelf,
)

NEVER_TRIED = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Model:
    heads: dict[str, Head] = field(default_factory=dict)
    records: dict[str, list[Record]] = field(default_factory=dict)
    shelved: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    inbox: dict[tuple[str, str, str], Received] = field(default_factory=dict)
    notes: dict[str, bytes] = field(default_factory=dict)
    orders: dict[str, Owed] = field(default_factory=dict)
    due: dict[str, dict[str, datetime]] = field(default_factory=dict)

    def append(self, entries: Sequence[Entry], received: Received | None, notes: Sequence[Note]) -> None:
        if received is not None:
            known = self.inbox.get((received.tenant, received.host, received.key))
            if known is not None:
                raise SeenBefore if known.digest == received.digest else Contradiction
        last = {session: len(records) for session, records in self.records.items()}
        for entry in entries:
            session = entry.head.session
            if session in self.erased:
                raise Erased
            if entry.position != last.get(session, 0) + 1:
                raise Conflict
            last[session] = entry.position
        for entry in entries:
            self._keep(entry)
        if received is not None:
            self.inbox[received.tenant, received.host, received.key] = received
        self.notes |= {note.key: note.body for note in notes}

    def _keep(self, entry: Entry) -> None:
        session = entry.head.session
        self.heads.setdefault(session, entry.head)
        self.records.setdefault(session, []).append(Record(entry.position, entry.kind, entry.body))
        self.shelved.discard(session)
        for item, order in enumerate(json.loads(entry.body)["orders"]):
            name = f"{session}:{entry.position}:{item}"
            told = json.dumps(order, separators=(",", ":"), ensure_ascii=False).encode()
            self.orders[name] = Owed(name, told, 0, NEVER_TRIED, False, None)

    def shelve(self, session: str) -> None:
        if session in self.records:
            self.shelved.add(session)

    def schedule(self, session: str, due: Mapping[str, datetime]) -> None:
        if session in self.records:
            self.due[session] = dict(due)

    def settle(self, order: str) -> None:
        self.orders.pop(order, None)

    def postpone(self, order: str, due_at: datetime, reason: str) -> None:
        if order in self.orders:
            before = self.orders[order]
            self.orders[order] = replace(before, due_at=due_at, reason=reason, attempts=before.attempts + 1)

    def park(self, order: str, reason: str) -> None:
        if order in self.orders:
            self.orders[order] = replace(self.orders[order], parked=True, reason=reason)

    def retry(self, now: datetime, order: str | None) -> int:
        chosen = [
            name for name, owed in self.orders.items() if name == order or (order is None and owed.parked)
        ]
        for name in chosen:
            self.orders[name] = replace(self.orders[name], parked=False, due_at=now, attempts=0)
        return len(chosen)

    def forget(self, session: str, kind: str | None) -> None:
        records = self.records.get(session)
        if records is None:
            return
        gone = {f"{session}:{record.position}" for record in records if kind in {None, record.kind}}
        self.orders = {
            name: owed for name, owed in self.orders.items() if name.rpartition(":")[0] not in gone
        }
        if kind is None:
            self.erased.add(session)
            self.shelved.discard(session)
            for mapping in (self.records, self.heads, self.due):
                mapping.pop(session, None)
        else:
            self.due.get(session, {}).pop(kind, None)
            self.records[session] = [
                replace(record, body=None) if record.kind == kind else record for record in records
            ]

    def prune(self, before: datetime) -> int:
        old = [key for key, received in self.inbox.items() if received.at < before]
        for key in old:
            del self.inbox[key]
        return len(old)

    def shelves(self) -> list[Shelf]:
        return [
            Shelf(self.heads[session], len(records), session in self.shelved)
            for session, records in self.records.items()
        ]

    def expired(self, now: datetime) -> set[tuple[str, str]]:
        owing = {
            (session, self.records[session][int(position) - 1].kind)
            for session, position, _ in (name.split(":") for name in self.orders)
        }
        over = {(session, kind) for session, due in self.due.items() for kind, at in due.items() if at <= now}
        return over - owing
