"""Transactions: all entries are kept, or none.

POST entries (with or without ``ifNoneExist``) and PUT entries are done. An entry may point to another by the
``urn:uuid:`` of its ``fullUrl``; such references are rewritten to where that entry came to lie.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import apsw

from plugin.sandbox.record import rows
from plugin.sandbox.record.etags import version_of
from plugin.sandbox.record.json_value import Json, Resource
from plugin.sandbox.record.offer import KINDS, Interaction
from plugin.sandbox.record.outcome import Issue, Refusal, misshapen
from plugin.sandbox.record.query import Query, condition
from plugin.sandbox.record.writes import Written, acceptable, existing, update

ENTRIES = 100

_URL = re.compile(r"([A-Z][A-Za-z]{0,63})(?:/([A-Za-z0-9\-.]{1,64}))?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One write of a transaction; ``key`` is the id of an update, ``unless`` the condition of a create."""

    place: str
    interaction: Interaction
    kind: str
    resource: Resource
    full_url: str | None
    key: str | None
    unless: Query | None
    match: int | None


def entries(bundle: Resource) -> list[Entry]:
    """Read a transaction; raises ``Refusal`` (400) when it cannot be done as it is written."""
    listed = bundle.get("entry", [])
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "transaction":
        raise misshapen(
            [Issue("not-supported", "Only a Bundle of type transaction is taken here.", "Bundle.type")]
        )
    if not isinstance(listed, list) or len(listed) > ENTRIES:
        raise misshapen([Issue("structure", f"A transaction has at most {ENTRIES} entries.", "Bundle.entry")])
    read = [_entry(entry, f"Bundle.entry[{index}]") for index, entry in enumerate(listed)]
    _distinct(read)
    return read


def perform(connection: apsw.Connection, transaction: Sequence[Entry], at: datetime) -> list[Written]:
    """Do every write, in one transaction of the store; raises ``Refusal`` and leaves nothing then."""
    before = [existing(connection, entry.unless) if entry.unless else None for entry in transaction]
    keys = [
        entry.key or (kept.id if kept else str(uuid4()))
        for entry, kept in zip(transaction, before, strict=True)
    ]
    places = [f"{entry.kind}/{key}" for entry, key in zip(transaction, keys, strict=True)]
    if len(set(places)) < len(places):
        raise Refusal(400, "invalid", "Two entries come down to the same resource.")
    targets = {
        entry.full_url: place for entry, place in zip(transaction, places, strict=True) if entry.full_url
    }
    return [
        Written(kept, created=False) if kept else _write(connection, entry, key, targets, at)
        for entry, key, kept in zip(transaction, keys, before, strict=True)
    ]


def _write(
    connection: apsw.Connection, entry: Entry, key: str, targets: dict[str, str], at: datetime
) -> Written:
    rewritten = {name: _pointing(value, targets, entry.place) for name, value in entry.resource.items()}
    resource: Resource = {**rewritten, "id": key}
    if entry.interaction == "update":
        return update(connection, resource, entry.match, at)
    if entry.unless and existing(connection, entry.unless):
        raise Refusal(400, "invalid", "Two entries come down to the same resource.", expression=entry.place)
    return Written(rows.insert(connection, resource, key, at), created=True)


def _pointing(value: Json, targets: dict[str, str], place: str) -> Json:
    """Copy a value with the references to other entries rewritten; raises ``Refusal`` (400) for a loose one."""
    if isinstance(value, list):
        return [_pointing(one, targets, place) for one in value]
    if not isinstance(value, dict):
        return value
    copy = {name: _pointing(one, targets, place) for name, one in value.items()}
    target = value.get("reference")
    if isinstance(target, str) and (target.startswith("urn:uuid:") or "?" in target):
        if target not in targets:
            raise Refusal(400, "invalid", "A reference points to no entry.", expression=f"{place}.resource")
        copy["reference"] = targets[target]
    return copy


def _entry(value: Json, place: str) -> Entry:
    entry = _object(value, {"fullUrl", "resource", "request"}, place)
    request = _object(entry.get("request"), {"method", "url", "ifNoneExist", "ifMatch"}, f"{place}.request")
    resource = _object(entry.get("resource"), None, f"{place}.resource")
    kind, key = _address(_text(request, "url", place), place)
    interaction = _interaction(_text(request, "method", place), kind, key, place)
    try:
        acceptable(resource, kind)
    except Refusal as refusal:
        raise misshapen([_below(issue, f"{place}.resource") for issue in refusal.issues]) from None
    if key is not None and resource.get("id") != key:
        raise _wrong("The id of the resource is not that of the request.", f"{place}.resource.id")
    return Entry(
        place,
        interaction,
        kind,
        resource,
        full_url=_text(entry, "fullUrl", place) if "fullUrl" in entry else None,
        key=key,
        unless=condition(kind, _text(request, "ifNoneExist", place)) if "ifNoneExist" in request else None,
        match=version_of(_text(request, "ifMatch", place)) if "ifMatch" in request else None,
    )


def _interaction(method: str, kind: str, key: str | None, place: str) -> Interaction:
    if kind not in KINDS:
        raise Refusal(404, "not-supported", "Resources of this type are not kept here.", expression=place)
    if (method, key is None) == ("POST", True):
        return "create"
    if (method, key is None) == ("PUT", False):
        return "update"
    raise _wrong("Entries are POST to a type or PUT to a resource.", f"{place}.request", "not-supported")


def _address(url: str, place: str) -> tuple[str, str | None]:
    parts = _URL.fullmatch(url)
    if parts is None:
        raise _wrong("The url is neither a type nor a type and an id.", f"{place}.request.url")
    return parts[1], parts[2]


def _distinct(read: Sequence[Entry]) -> None:
    urls = Counter(entry.full_url for entry in read if entry.full_url)
    conditions = Counter((entry.kind, entry.unless.criteria) for entry in read if entry.unless)
    if any(count > 1 for count in [*urls.values(), *conditions.values()]):
        raise _wrong("Two entries come down to the same resource.", "Bundle.entry")


def _object(value: Json, known: set[str] | None, place: str) -> Resource:
    if not isinstance(value, dict):
        raise _wrong("An object is wanted here.", place)
    if known is not None and not value.keys() <= known:
        raise _wrong(f"Only {', '.join(sorted(known))} are taken here.", place)
    return value


def _text(holder: Resource, name: str, place: str) -> str:
    value = holder.get(name)
    if not isinstance(value, str) or not value:
        raise _wrong(f"{name} is missing or no text.", place)
    return value


def _below(issue: Issue, place: str) -> Issue:
    inner = (issue.expression or "").partition(".")[2]
    return Issue(issue.code, issue.text, f"{place}.{inner}" if inner else place)


def _wrong(text: str, place: str, code: str = "structure") -> Refusal:
    return Refusal(400, code, text, expression=place)
