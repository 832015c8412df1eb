"""Deliveries that were kept of a host, sent over HTTP into the running service as they were."""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from plugin.commands.sessions import told
from plugin.settings import HostSettings
from tests.house import TOKEN_KEY, House
from tests.webhooks.known import FIXTURES, Known
from webhooks.delivery import Delivery
from webhooks.events import MeetingStarted


@dataclass(frozen=True)
class Kept:
    """One delivery: when it came, the address its sender was given, what it put behind that, and the request."""

    at: datetime
    given: str
    behind: str
    query: str
    delivery: Delivery = field(repr=False)


def kept(host: Known, file: str) -> list[Kept]:
    """All deliveries of a file."""
    documents = [
        json.loads(line) for line in (FIXTURES / host.name / f"{file}.jsonl").read_text().splitlines()
    ]
    return [
        _kept(host, document, line.delivery)
        for document, line in zip(documents, host.lines(file), strict=True)
    ]


def _kept(host: Known, document: dict[str, Any], delivery: Delivery) -> Kept:
    url = urlsplit(delivery.url)
    path = document.get("path", "")
    behind = next((f"/{tail}" for tail in host.host.door.paths if tail and path.endswith(tail)), "")
    at = datetime.fromtimestamp(document["received_at"], UTC)
    return Kept(
        at, f"{url.scheme}://{url.netloc}{url.path}" if url.scheme else "", behind, url.query, delivery
    )


def settings(host: Known, deliveries: Iterable[Kept]) -> tuple[HostSettings, ...]:
    """The host as set up for each address that its deliveries were sent to: each is a practice of its own."""
    given = dict.fromkeys(each.given for each in deliveries)
    return tuple(
        HostSettings(
            tenant=f"north-{number}",
            host=host.name,
            url="http://127.0.0.1:1",
            webhook_keys=host.keys,
            webhook_url=address or None,
            token_keys={"t": f"{TOKEN_KEY}-{number}"},
        )
        for number, address in enumerate(given)
    )


async def replay(house: House, host: Known, deliveries: Iterable[Kept]) -> list[int]:
    """Send them, each at its own time by the service's clock; answers the statuses."""
    tenants = {each.webhook_url or "": each.tenant for each in house.settings.hosts}
    statuses = []
    for each in deliveries:
        house.clock.now = each.at
        url = f"{house.url}/webhooks/{tenants[each.given]}/{host.name}{each.behind}"
        headers = [(name, value) for name, value in each.delivery.headers if name.lower() != "content-length"]
        query = f"?{each.query}" if each.query else ""
        async with house.http.post(_as_is(url + query), data=each.delivery.body, headers=headers) as answer:
            statuses.append(answer.status)
    return statuses


def _as_is(url: str) -> Any:
    from yarl import URL

    return URL(url, encoded=True)


def summary(house: House, *, named: bool) -> list[dict[str, Any]]:
    """All sessions, who was in them and when; with the ``named`` occurrences, where the host gives them a name."""
    rows = []
    for head, session in house.service.runner.sessions():
        row = json.loads(json.dumps(told(head, session)))
        row["people"] = sorted(row["people"], key=lambda person: str(person["person"]))
        rows.append({k: v for k, v in row.items() if named or k not in {"session", "occurrence"}})
    return sorted(rows, key=lambda row: (row["tenant"], row["meeting"], str(row["started_at"])))


def shuffled(host: Known, deliveries: Sequence[Kept], seed: int) -> list[Kept]:
    """All twice and in any order; only that a room was made anew is told before what happened in it.

    A host that has no name for a run leaves it open, until then, which of two runs somebody came into.
    """
    mixed: list[Kept] = []
    for number, run in enumerate(_runs(host, deliveries)):
        twice = [*run, *run]
        random.Random(seed).shuffle(twice)
        mixed += [run[0], *twice] if number else twice
    return mixed


def _runs(host: Known, deliveries: Sequence[Kept]) -> list[list[Kept]]:
    runs: list[list[Kept]] = [[]]
    open_rooms: set[str] = set()
    for each in deliveries:
        begun = {
            fact.meeting
            for fact in host.host.read(each.delivery)
            if isinstance(fact, MeetingStarted) and fact.begun
        }
        if begun & open_rooms:
            runs.append([])
            open_rooms.clear()
        open_rooms |= begun
        runs[-1].append(each)
    return runs
