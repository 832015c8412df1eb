"""The documents in the record's file.

No order of arrival and no time is kept: either would lead a counted answer back to its neighbours.
"""

import json
from dataclasses import dataclass

import apsw

from plugin.sandbox.record.json_value import Resource


class Taken(Exception):
    """Another document stands under this id."""


@dataclass(frozen=True, slots=True)
class Page:
    """Documents in the order of their ids, and the last id where more follow."""

    documents: list[Resource]
    following: str | None


def put(connection: apsw.Connection, key: str, document: Resource) -> bool:
    """Keep a document; false when the very same is there already. Raises ``Taken``."""
    body = json.dumps(document, sort_keys=True, ensure_ascii=False)
    there = connection.execute("SELECT body FROM result WHERE id = ?", (key,)).fetchone()
    if there is None:
        connection.execute("INSERT INTO result (id, body) VALUES (?, ?)", (key, body))
        return True
    if there[0] != body:
        raise Taken
    return False


def get(connection: apsw.Connection, key: str) -> Resource | None:
    """The document under an id."""
    row = connection.execute("SELECT body FROM result WHERE id = ?", (key,)).fetchone()
    return _read(str(row[0])) if row else None


def page(connection: apsw.Connection, after: str, count: int) -> Page:
    """At most *count* documents whose ids come after one."""
    where = "SELECT id, body FROM result WHERE id > ? ORDER BY id LIMIT ?"
    found = [(str(key), str(body)) for key, body in connection.execute(where, (after, count + 1))]
    shown = found[:count]
    return Page([_read(body) for _, body in shown], shown[-1][0] if len(found) > count else None)


def _read(body: str) -> Resource:
    document: Resource = json.loads(body)
    return document
