"""Statements over one connection; each is part of a piece of work that ``Store.run`` puts into a transaction."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import apsw

from plugin.sandbox.record.documents import instant, written
from plugin.sandbox.record.index import rows as index_rows
from plugin.sandbox.record.json_value import Resource
from plugin.sandbox.record.query import Criterion, Query, Wanted

_READ = (
    "SELECT resource.seq, kind, id, version.version, at, body "
    "FROM resource JOIN version ON version.seq = resource.seq "
)
_NEWEST = "AND version.version = resource.version "


@dataclass(frozen=True, slots=True)
class Kept:
    """One version of a resource, as it is kept. ``seq`` is the order of creation; ``at`` when this version came."""

    seq: int
    kind: str
    id: str
    version: int
    at: datetime
    resource: Resource


def insert(connection: apsw.Connection, resource: Resource, key: str, at: datetime) -> Kept:
    """Keep a new resource under the id *key*."""
    kind = str(resource["resourceType"])
    connection.execute("INSERT INTO resource (kind, id, version) VALUES (?, ?, 0)", (kind, key))
    return _keep(connection, Kept(connection.last_insert_rowid(), kind, key, 1, at, resource))


def revise(connection: apsw.Connection, before: Kept, resource: Resource, at: datetime) -> Kept:
    """Keep the next version of a resource."""
    connection.execute("DELETE FROM found_by WHERE seq = ?", (before.seq,))
    return _keep(connection, replace(before, version=before.version + 1, at=at, resource=resource))


def put(connection: apsw.Connection, resource: Resource, at: datetime) -> Kept:
    """Keep a resource under the id in it; the same content again changes nothing."""
    before = current(connection, str(resource["resourceType"]), str(resource["id"]))
    if before is None:
        return insert(connection, resource, str(resource["id"]), at)
    if _content(before.resource) == _content(resource):
        return before
    return revise(connection, before, resource, at)


def current(connection: apsw.Connection, kind: str, key: str) -> Kept | None:
    """The newest version of a resource."""
    return _one(connection.execute(_READ + _NEWEST + "WHERE kind = ? AND id = ?", (kind, key)))


def version(connection: apsw.Connection, kind: str, key: str, number: int) -> Kept | None:
    """One version of a resource."""
    where = "WHERE kind = ? AND id = ? AND version.version = ?"
    return _one(connection.execute(_READ + where, (kind, key, number)))


def everything(connection: apsw.Connection, kind: str | None) -> list[Kept]:
    """The newest version of every resource, or of every one of a type, oldest first."""
    where = "WHERE ? IS NULL OR kind = ? ORDER BY resource.seq"
    return list(_kept(connection.execute(_READ + _NEWEST + where, (kind, kind))))


def matches(connection: apsw.Connection, query: Query) -> list[int]:
    """The sequence numbers of the resources whose newest version meets every condition, in order."""
    if not query.criteria:
        found = connection.execute("SELECT seq FROM resource WHERE kind = ? ORDER BY seq", (query.kind,))
        return [seq for (seq,) in found]
    sets = [_meeting(connection, query.kind, criterion) for criterion in query.criteria]
    return sorted(set.intersection(*sets))


def at(connection: apsw.Connection, seq: int) -> Kept:
    """The newest version of the resource with a sequence number that was just found."""
    kept = _one(connection.execute(_READ + _NEWEST + "WHERE resource.seq = ?", (seq,)))
    if kept is None:
        raise LookupError(seq)
    return kept


def page(connection: apsw.Connection, query: Query) -> tuple[list[Kept], tuple[int, int] | None, int]:
    """One page of a search: its resources, where the next page begins (null after the last), and the total.

    What is created after the first page was read is left out of the further ones.
    """
    found = matches(connection, query)
    ceiling = query.page.ceiling if query.page.ceiling is not None else (found[-1] if found else 0)
    found = [seq for seq in found if seq <= ceiling]
    coming = [seq for seq in found if seq > query.page.after]
    shown = coming[: query.page.count]
    following = (shown[-1], ceiling) if shown and len(coming) > len(shown) else None
    return [at(connection, seq) for seq in shown], following, len(found)


def _meeting(connection: apsw.Connection, kind: str, criterion: Criterion) -> set[int]:
    found = set[int]()
    for wanted in criterion.any_of:
        found.update(seq for (seq,) in _finding(connection, kind, criterion.parameter, wanted))
    return found


def _finding(connection: apsw.Connection, kind: str, parameter: str, wanted: Wanted) -> apsw.Cursor:
    bound = {"kind": kind, "parameter": parameter, "value": wanted.value, "system": wanted.system}
    if parameter == "_id":
        return connection.execute("SELECT seq FROM resource WHERE kind = :kind AND id = :value", bound)
    where = "SELECT seq FROM found_by WHERE kind = :kind AND parameter = :parameter"
    if wanted.value is not None:
        where += " AND value = :value"
    if wanted.system is not None:
        where += " AND system = :system"
    return connection.execute(where, bound)


def _keep(connection: apsw.Connection, bare: Kept) -> Kept:
    """Write a version, stamped with its id, number and time, and what it is found by."""
    meta = bare.resource.get("meta")
    stamp: Resource = {"versionId": str(bare.version), "lastUpdated": instant(bare.at)}
    stamped = {**(meta if isinstance(meta, dict) else {}), **stamp}
    whole = replace(bare, resource={**bare.resource, "id": bare.id, "meta": stamped})
    body = written(whole.resource).decode()
    connection.execute("UPDATE resource SET version = ? WHERE seq = ?", (whole.version, whole.seq))
    values = (whole.seq, whole.version, instant(whole.at), body)
    connection.execute("INSERT INTO version (seq, version, at, body) VALUES (?, ?, ?, ?)", values)
    connection.executemany(
        "INSERT INTO found_by (kind, parameter, system, value, seq) VALUES (?, ?, ?, ?, ?)",
        [(whole.kind, *row, whole.seq) for row in sorted(index_rows(whole.resource))],
    )
    return whole


def _content(resource: Resource) -> Resource:
    return {key: value for key, value in resource.items() if key != "meta"}


def _kept(found: apsw.Cursor) -> Iterator[Kept]:
    for seq, kind, key, number, stamp, body in found:
        yield Kept(seq, kind, key, number, datetime.fromisoformat(stamp), json.loads(body))


def _one(found: apsw.Cursor) -> Kept | None:
    return next(_kept(found), None)
