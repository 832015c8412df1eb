"""Create and update, each a piece of work for one transaction of the store."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import apsw

from plugin.sandbox.record import rows
from plugin.sandbox.record.invariants import hold
from plugin.sandbox.record.json_value import Resource
from plugin.sandbox.record.outcome import Refusal
from plugin.sandbox.record.query import Query
from plugin.sandbox.record.rows import Kept
from plugin.sandbox.record.shapes import check


@dataclass(frozen=True, slots=True)
class Written:
    """What a write left behind; ``created`` is false when the resource was there before."""

    kept: Kept
    created: bool


def acceptable(resource: Resource, kind: str) -> None:
    """Raise ``Refusal`` (400) unless *resource* may be kept as a *kind*."""
    check(resource, kind)
    hold(resource)


def existing(connection: apsw.Connection, unless: Query) -> Kept | None:
    """The one resource that meets the condition of a conditional create; raises ``Refusal`` (412) for several."""
    found = rows.matches(connection, unless)
    if len(found) > 1:
        raise Refusal(412, "multiple-matches", "Several resources meet the condition; nothing was created.")
    return rows.at(connection, found[0]) if found else None


def create(connection: apsw.Connection, resource: Resource, unless: Query | None, at: datetime) -> Written:
    """Keep a resource under a new id, unless one that meets the condition is there."""
    if unless is not None and (kept := existing(connection, unless)):
        return Written(kept, created=False)
    return Written(rows.insert(connection, resource, str(uuid4()), at), created=True)


def update(connection: apsw.Connection, resource: Resource, match: int | None, at: datetime) -> Written:
    """Keep the next version of the resource whose id *resource* carries, if *match* is its version or null.

    Raises ``Refusal``: 412 for another version, 405 where nothing is to update (ids are given out here).
    """
    before = rows.current(connection, str(resource["resourceType"]), str(resource["id"]))
    if match is not None and (before is None or before.version != match):
        raise Refusal(412, "conflict", "The resource is not at the version of If-Match.")
    if before is None:
        text = "There is nothing to update: a resource gets its id here, when it is created."
        raise Refusal(405, "not-supported", text, headers={"Allow": "GET"})
    return Written(rows.revise(connection, before, resource, at), created=False)
