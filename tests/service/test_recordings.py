"""Deliveries recorded from a real LiveKit server, replayed over HTTP into the running service."""

import json
import logging
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plugin.commands.sessions import told
from plugin.journal.dump import reader
from plugin.journal.masters import masters_of
from tests.house import Clock, House, running

RECORDINGS = Path(__file__).parents[1] / "fixtures" / "livekit"
NAMES = ["ordinary-session", "outage-session", "removed-and-doubled-session"]
PEOPLE = {"ther-1": "therapist", "client-1": "client"}
Delivery = dict[str, Any]


def recorded(name: str) -> list[Delivery]:
    return [json.loads(line) for line in (RECORDINGS / f"{name}.jsonl").read_text().splitlines()]


def moment(delivery: Delivery) -> datetime:
    return datetime.fromtimestamp(delivery["received_at"], UTC)


async def replay(house: House, deliveries: Iterable[Delivery], *, at: datetime | None = None) -> None:
    for delivery in deliveries:
        house.clock.now = at or moment(delivery)
        headers = {key: value for key, value in delivery["headers"] if key != "Content-Length"}
        url = f"{house.url}/webhooks/north/livekit"
        async with house.http.post(url, data=delivery["body"].encode(), headers=headers) as answer:
            assert answer.status in (200, 202), delivery["event"]


def summary(house: House) -> dict[str, Any]:
    ((head, session),) = house.service.runner.sessions()
    row = json.loads(json.dumps(told(head, session)))
    row["people"] = sorted(row["people"], key=lambda person: str(person["person"]))
    for person in row["people"]:
        person["connections"] = sorted(person["connections"])
    return dict(row)


def room(deliveries: list[Delivery]) -> Delivery:
    found: Delivery = json.loads(deliveries[0]["body"])["room"]
    return found


@pytest.mark.parametrize("name", NAMES)
async def test_sessions_people_roles_and_ends_are_right(tmp_path: Path, name: str) -> None:
    deliveries = recorded(name)
    async with running(tmp_path / "data", Clock()) as house:
        await replay(house, deliveries)
        row = summary(house)
    assert (row["meeting"], row["occurrence"]) == (room(deliveries)["name"], room(deliveries)["sid"])
    started = datetime.fromtimestamp(int(room(deliveries)["creationTimeMs"]) / 1000, UTC)
    assert datetime.fromisoformat(row["started_at"]) == started
    assert abs((datetime.fromisoformat(row["ended_at"]) - moment(deliveries[-1])).total_seconds()) < 2
    assert {person["person"]: person["role"] for person in row["people"]} == PEOPLE
    assert not any(person["present"] for person in row["people"])
    joined = {
        body["participant"]["sid"]
        for delivery in deliveries
        if (body := json.loads(delivery["body"]))["event"] == "participant_joined"
    }
    assert {sid for person in row["people"] for sid in person["connections"]} == joined


@pytest.mark.parametrize("name", NAMES)
async def test_doubled_and_reordered_deliveries_lead_to_the_same(tmp_path: Path, name: str) -> None:
    deliveries = recorded(name)
    end = moment(deliveries[-1])
    async with running(tmp_path / "once", Clock()) as house:
        await replay(house, deliveries)
        once = summary(house)
    for seed in range(4):
        shuffled = [*deliveries, *deliveries]
        random.Random(seed).shuffle(shuffled)
        async with running(tmp_path / str(seed), Clock()) as house:
            await replay(house, shuffled, at=end)
            assert summary(house) == once


async def test_what_an_outage_swallowed_is_missed_but_nobody_stays_for_ever(tmp_path: Path) -> None:
    came = [delivery for delivery in recorded("outage-session") if delivery["answered"] == 200]
    async with running(tmp_path / "data", Clock()) as house:
        await replay(house, came[:-2])
        client = house.service.runner.sessions()[0][1].people["client-1"]
        assert not client.present
        await replay(house, came[-2:])
        row = summary(house)
    assert row["ended_at"]
    assert {person["person"]: person["role"] for person in row["people"]} == PEOPLE


async def test_presence_follows_the_recording_step_by_step(tmp_path: Path) -> None:
    seen: list[tuple[str, list[str]]] = []
    async with running(tmp_path / "data", Clock()) as house:
        for delivery in recorded("ordinary-session"):
            await replay(house, [delivery])
            if delivery["event"].startswith(("participant", "room")):
                people = house.service.runner.sessions()[0][1].people.values()
                seen.append((delivery["event"], sorted(p.id for p in people if p.present)))
    both, therapist = ["client-1", "ther-1"], ["ther-1"]
    assert seen == [
        ("room_started", []),
        ("participant_joined", therapist),
        ("participant_joined", both),
        ("participant_left", therapist),
        ("participant_joined", both),
        ("participant_left", therapist),
        ("participant_left", []),
        ("room_finished", []),
    ]


async def test_no_secret_name_or_token_of_a_delivery_is_kept_logged_or_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    deliveries = [d for name in NAMES for d in recorded(name)]
    async with running(tmp_path / "data", Clock()) as house:
        await replay(house, deliveries)
        settings = house.settings
    secrets = {"Dr Example"}
    for delivery in deliveries:
        secrets.add(dict(delivery["headers"])["Authorization"])
        body = json.loads(delivery["body"])
        secrets |= {
            body["room"].get("turnPassword", "Dr Example"),
            body.get("participant", {}).get("name", "Dr Example"),
        }
    with reader(settings.journal_file, masters_of(settings.master_keys)) as reading:
        assert "client-1" in _opened(reading), "the search would find what is there"
        text = _opened(reading)
    printed = capfd.readouterr()
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in secrets:
        assert secret not in text + caplog.text + printed.out + printed.err
        assert secret.encode() not in files
    assert b"client-1" not in files, "the journal is sealed"


def _opened(reading: Any) -> str:
    from plugin.journal.dump import record_rows

    shelves, _, _ = reading.shelves(0)
    return json.dumps([row for shelf in shelves for row in record_rows(reading, shelf)])
