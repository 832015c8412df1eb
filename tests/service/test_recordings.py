"""All deliveries that were kept of all hosts, replayed over HTTP into the running service."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plugin.journal.dump import reader, record_rows
from plugin.journal.masters import masters_of
from tests.house import Clock, running
from tests.service.replaying import kept, replay, settings, shuffled, summary
from tests.webhooks.known import HOSTS, known
from webhooks.events import MeetingEnded, PersonJoined

SESSIONS = [(host, file) for host in HOSTS for file in known(host).about.sessions]
FILES = SESSIONS + [(host, file) for host in HOSTS for file in known(host).about.others]
REFUSED = [(host, file) for host in HOSTS for file in known(host).about.refused]
every_session = pytest.mark.parametrize(("name", "file"), SESSIONS, ids=[f"{h}-{f}" for h, f in SESSIONS])
every_file = pytest.mark.parametrize(("name", "file"), FILES, ids=[f"{h}-{f}" for h, f in FILES])
every_refused = pytest.mark.parametrize(("name", "file"), REFUSED, ids=[f"{h}-{f}" for h, f in REFUSED])


async def replayed(
    folder: Path, name: str, file: str, *, seed: int | None = None, times: int = 1
) -> list[Any]:
    """What the service knows after it was sent a file: in its order, each so many times, or shuffled and doubled."""
    host = known(name)
    deliveries = kept(host, file)
    sent = [each for each in deliveries for _ in range(times)]
    if seed is not None:
        sent = shuffled(host, deliveries, seed)
    async with running(folder, Clock(deliveries[0].at), hosts=settings(host, deliveries)) as house:
        statuses = await replay(house, host, sent)
        assert set(statuses) <= {200, 202}
        named = all(fact.occurrence for fact in host.facts(file))
        return summary(house, named=named)


@every_session
async def test_sessions_people_and_ends_are_those_of_the_recording(
    name: str, file: str, tmp_path: Path
) -> None:
    facts = known(name).facts(file)
    rows = await replayed(tmp_path / "data", name, file)

    joined = {(fact.meeting, fact.person) for fact in facts if isinstance(fact, PersonJoined)}
    assert {row["meeting"] for row in rows} == {fact.meeting for fact in facts}
    assert joined <= {(row["meeting"], person["person"]) for row in rows for person in row["people"]}
    roles = {(f.meeting, f.person): f.role for f in facts if isinstance(f, PersonJoined) and f.role}
    for row in rows:
        for person in row["people"]:
            assert roles.get((row["meeting"], person["person"])) is None or person["role"]
    ends = {(fact.meeting, fact.at) for fact in facts if isinstance(fact, MeetingEnded) and not fact.partly}
    told = {(row["meeting"], datetime.fromisoformat(row["ended_at"])) for row in rows if row["ended_at"]}
    assert {(meeting, at.astimezone(UTC)) for meeting, at in ends} <= told
    for row in rows:
        assert not row["ended_at"] or not any(person["present"] for person in row["people"])


@every_file
async def test_doubled_and_shuffled_they_lead_to_the_same(name: str, file: str, tmp_path: Path) -> None:
    once = await replayed(tmp_path / "once", name, file)

    assert await replayed(tmp_path / "doubled", name, file, times=2) == once
    # Odd deliveries that were made up contradict each other here and there: then the first one told counts.
    about = known(name).about
    for seed in range(3 if file in about.sessions or about.evidence != "documented" else 0):
        assert await replayed(tmp_path / str(seed), name, file, seed=seed) == once


@every_refused
async def test_what_proves_too_little_is_refused_and_leaves_nothing(
    name: str, file: str, tmp_path: Path
) -> None:
    host = known(name)
    deliveries = kept(host, file)
    async with running(tmp_path / "data", Clock(), hosts=settings(host, deliveries)) as house:
        assert set(await replay(house, host, deliveries)) <= {host.host.door.refused, 400}
        assert house.service.runner.sessions() == []


@pytest.mark.parametrize("name", HOSTS)
async def test_no_secret_name_or_token_of_a_delivery_is_kept_logged_or_answered(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    host = known(name)
    files = [*host.about.sessions, *host.about.others]
    deliveries = [each for file in files for each in kept(host, file)]
    async with running(tmp_path / "data", Clock(), hosts=settings(host, deliveries)) as house:
        await replay(house, host, deliveries)
        config = house.settings
    people = {fact.person for file in files for fact in host.facts(file) if isinstance(fact, PersonJoined)}
    with reader(config.journal_file, masters_of(config.master_keys)) as reading:
        shelves, _, _ = reading.shelves(0)
        text = json.dumps([row for shelf in shelves for row in record_rows(reading, shelf)])
    assert people
    assert any(json.dumps(person) in text for person in people), "the search would find what is there"
    printed = capfd.readouterr()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in {*host.keys.values(), *host.about.private}:
        assert secret not in text + caplog.text + printed.out + printed.err
        assert secret.encode() not in written
    assert not any(person.encode() in written for person in people if len(person) > 5), (
        "the journal is sealed"
    )
