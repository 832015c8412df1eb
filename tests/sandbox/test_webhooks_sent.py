"""What the sandbox tells the plugin, how it signs it, and how it keeps trying."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from plugin.sandbox.database import Database
from plugin.sandbox.deliveries import pause_after
from plugin.sandbox.outbox import counts
from plugin.sandbox.settings import SandboxSettings
from tests.sandbox.pretend_plugin import PretendPlugin
from tests.sandbox.running import OLD_SECRET, SECRET, Running, eventually, free_port, running, served, whsec


async def test_a_call_is_told_from_its_first_join_to_its_end(sandbox: Running, plugin: PretendPlugin) -> None:
    async with sandbox.seated("therapist", "peer-therapist") as therapist:
        async with sandbox.seated("client", "peer-client") as client:
            await client.leave()
        await eventually(lambda: len(plugin.taken) == 4)
    await eventually(lambda: len(plugin.taken) == 6)
    assert plugin.types() == [
        "meeting.started",
        "participant.joined",
        "participant.joined",
        "participant.left",
        "participant.left",
        "meeting.ended",
    ]
    facts = [event["data"] for event in plugin.taken]
    assert len({fact["occurrence"] for fact in facts}) == len({fact["meeting"] for fact in facts}) == 1
    assert [fact.get("role") for fact in facts] == [None, "therapist", "client", "client", "therapist", None]
    assert [fact.get("reason") for fact in facts] == [None, None, None, "left", "gone", None]
    assert facts[1]["participant"] == therapist.entry["person"] == facts[4]["participant"]
    assert facts[1]["connection"] == facts[4]["connection"] != facts[2]["connection"]
    assert set(facts[0]) == {"meeting", "occurrence"}
    assert all(datetime.fromisoformat(event["timestamp"]).tzinfo for event in plugin.taken)


async def test_both_secrets_sign_while_one_replaces_the_other(
    sandbox: Running, plugin: PretendPlugin
) -> None:
    async with sandbox.seated("client", "peer-client"):
        await eventually(lambda: len(plugin.taken) == 2)
    headers, body = plugin.attempts[0]
    lower = {name.lower(): value for name, value in headers.items()}
    assert lower["content-type"] == "application/json"
    assert len(lower["webhook-signature"].split(" ")) == 2
    for secret in (SECRET, OLD_SECRET):
        assert Webhook(whsec(secret)).verify(body, lower)["type"] == "meeting.started"
    assert plugin.paths[0] == "/hooks/harbour/sandbox"


async def test_only_2xx_is_success_and_a_retry_keeps_id_and_body(
    sandbox: Running, plugin: PretendPlugin
) -> None:
    plugin.answers = [500, 302, 401]
    async with sandbox.seated("client", "peer-client"):
        await eventually(lambda: len(plugin.taken) == 2)
    first = plugin.attempts[:4]
    assert len({headers["webhook-id"] for headers, _ in first}) == len({body for _, body in first}) == 1
    assert "/elsewhere" not in plugin.paths
    assert plugin.types()[:2] == ["meeting.started", "participant.joined"]


async def test_a_receiver_that_is_gone_for_good_blocks_nothing(
    sandbox: Running, plugin: PretendPlugin
) -> None:
    plugin.answers = [410]
    async with sandbox.seated("client", "peer-client"):
        await eventually(lambda: plugin.types() == ["participant.joined"])
    async with sandbox.http.get(f"{sandbox.url}/healthz") as answer:
        assert (await answer.json())["given_up"] == 1


async def test_what_could_not_be_sent_survives_a_restart_and_goes_in_order(
    settings: SandboxSettings, plugin: PretendPlugin, plugin_url: str
) -> None:
    async with running(settings) as first, first.seated("client", "peer-client"):
        await eventually(lambda: len(plugin.taken) == 2)
    away = replace(settings, plugin_url=f"http://127.0.0.1:{free_port()}")
    async with running(away) as second, second.seated("therapist", "peer-therapist") as line:
        await line.leave()
    database = Database(settings.database)
    assert (await database.run(counts))["unsent"] > 0
    database.close()
    plugin.taken.clear()
    async with running(settings):
        await eventually(lambda: plugin.types()[-1:] == ["meeting.ended"])
    assert plugin.types()[-3:] == ["participant.joined", "participant.left", "meeting.ended"]


async def test_an_event_that_the_manifest_does_not_want_is_not_sent(
    sandbox: Running, plugin: PretendPlugin
) -> None:
    plugin.manifest["events"].remove("participant.joined")
    entry = await sandbox.enter("client")
    await sandbox.ask("GET", "/api/embed", entry["session"])  # a page loads: the manifest is read again
    async with sandbox.seated("client", "peer-client"):
        await eventually(lambda: plugin.types() == ["meeting.started"])
    await eventually(lambda: plugin.types() == ["meeting.started", "participant.left", "meeting.ended"])


async def test_without_a_webhook_path_nothing_is_sent(
    settings: SandboxSettings, plugin: PretendPlugin
) -> None:
    del plugin.manifest["entry_points"]["webhooks"]
    async with running(settings) as sandbox:
        await eventually(lambda: _unsent(sandbox, installed=True))
        async with sandbox.seated("client", "peer-client"):
            await eventually(lambda: _unsent(sandbox, installed=True))
        assert plugin.attempts == []


async def _unsent(sandbox: Running, *, installed: bool) -> bool:
    async with sandbox.http.get(f"{sandbox.url}/healthz") as answer:
        health = await answer.json()
    return bool(health["unsent"] == 0 and health["installed"] is installed)


async def test_the_sandbox_starts_before_its_plugin_and_installs_it_later(
    settings: SandboxSettings, plugin: PretendPlugin
) -> None:
    port = free_port()
    later = replace(settings, plugin_url=f"http://127.0.0.1:{port}")
    async with running(later) as sandbox, sandbox.seated("client", "peer-client"):
        assert plugin.attempts == []
        async with served(plugin.app(), port):
            await eventually(lambda: plugin.types() == ["meeting.started", "participant.joined"])


async def test_with_fermata_off_nothing_is_told_and_no_token_is_issued(
    sandbox: Running, plugin: PretendPlugin
) -> None:
    therapist = await sandbox.enter("therapist")
    assert (await sandbox.ask("POST", "/api/fermata", therapist["session"], on=False))[0] == 200
    async with sandbox.seated("client", "peer-client") as client:
        assert client.welcome["fermata"] is False
        assert (await sandbox.ask("POST", "/api/participant-token", client.entry["session"]))[0] == 404
        await sandbox.ask("POST", "/api/end", therapist["session"])
        await client.next("ended")
    assert plugin.attempts == []
    async with sandbox.seated("client", "peer-client") as client:  # the switch was for one session
        assert client.welcome["fermata"] is True
        await eventually(lambda: len(plugin.taken) == 2)


async def test_switching_off_in_the_call_ends_the_session_for_the_plugin_and_on_begins_another(
    sandbox: Running, plugin: PretendPlugin
) -> None:
    therapist = await sandbox.enter("therapist")
    async with sandbox.seated("client", "peer-client") as client:
        await sandbox.ask("POST", "/api/fermata", therapist["session"], on=False)
        assert (await client.next("fermata"))["on"] is False
        await eventually(lambda: plugin.types()[-1:] == ["meeting.ended"])
        await sandbox.ask("POST", "/api/fermata", therapist["session"], on=True)
        assert (await client.next("fermata"))["on"] is True
        await eventually(lambda: plugin.types()[-2:] == ["meeting.started", "participant.joined"])
    occurrences = [event["data"]["occurrence"] for event in plugin.taken]
    assert occurrences[0] == occurrences[2] != occurrences[3] == occurrences[4]


@pytest.mark.parametrize("page", ["client", "guest"])
async def test_only_the_therapist_switches_and_ends(sandbox: Running, page: str) -> None:
    session = (await sandbox.enter(page))["session"]
    assert (await sandbox.ask("POST", "/api/fermata", session, on=False))[0] == 403
    assert (await sandbox.ask("POST", "/api/end", session))[0] == 403


async def test_a_webhook_body_is_what_the_plugin_expects_byte_for_byte(
    sandbox: Running, plugin: PretendPlugin
) -> None:
    async with sandbox.seated("guest", "peer-guest"):
        await eventually(lambda: len(plugin.taken) == 2)
    event = json.loads(plugin.attempts[1][1])
    assert list(event) == ["type", "timestamp", "data"]
    assert set(event["data"]) == {"meeting", "occurrence", "participant", "connection"}, "a guest has no role"
    assert event["timestamp"].endswith("Z")
    assert datetime.fromisoformat(event["timestamp"]) <= datetime.now(UTC)


async def test_a_receiver_may_ask_for_time(
    sandbox: Running, plugin: PretendPlugin, settings: SandboxSettings
) -> None:
    plugin.answers, plugin.retry_after = [503], "600"
    async with sandbox.seated("client", "peer-client"):
        await eventually(lambda: len(plugin.attempts) == 1)

        async def put_off() -> bool:
            return _first_row(settings)["attempts"] == 1

        await eventually(put_off)
    row = _first_row(settings)
    assert 590 < row["due_at"] - row["owed_since"] < 700
    assert len(plugin.attempts) == 1, "what comes later in the meeting waits as well"


def _first_row(settings: SandboxSettings) -> dict[str, float]:
    with closing(sqlite3.connect(settings.database)) as db:
        db.row_factory = sqlite3.Row
        return dict(
            db.execute("SELECT attempts, due_at, owed_since FROM webhook ORDER BY sequence").fetchone()
        )


async def test_after_three_days_a_webhook_is_set_aside_and_the_next_one_goes(
    settings: SandboxSettings, plugin: PretendPlugin
) -> None:
    moment = [datetime.now(UTC)]
    plugin.answers, plugin.retry_after = [503], "3600"
    async with running(settings, now=lambda: moment[0]) as sandbox, sandbox.seated("client", "peer-client"):
        await eventually(lambda: len(plugin.attempts) == 1)
        moment[0] += timedelta(days=3, seconds=1)
        plugin.answers = [503]
        async with sandbox.seated(
            "therapist", "peer-therapist"
        ):  # something new is owed: the sender looks again
            await eventually(lambda: plugin.types()[-1:] == ["participant.joined"])
    assert "meeting.started" not in plugin.types()


@given(st.integers(min_value=0, max_value=10_000))
def test_pauses_double_up_to_a_cap_and_never_vanish(attempts: int) -> None:
    longest = min(0.25 * 2 ** min(attempts, 20), 20)
    assert longest / 2 <= pause_after(attempts) <= longest
