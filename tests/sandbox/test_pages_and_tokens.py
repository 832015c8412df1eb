"""Links, page sessions, participant tokens, and the headers of every answer."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from plugin.sandbox.settings import SandboxSettings
from tests.sandbox.pretend_plugin import PretendPlugin
from tests.sandbox.running import TOKEN_KEY, Running, eventually, free_port, running


async def test_links_stay_the_same_over_a_restart_and_lie_nowhere_in_the_open(
    settings: SandboxSettings,
) -> None:
    async with running(settings) as first:
        links = first.links
    async with running(settings) as second:
        assert second.links == links
        assert (await second.enter("client"))["role"] == "client"
    secrets = {link.partition("#")[2] for link in links.values()}
    assert len(secrets) == 4
    kept = b"".join(path.read_bytes() for path in settings.data.iterdir())
    assert not any(secret.encode() in kept for secret in secrets)
    with sqlite3.connect(settings.database) as db:
        assert db.execute("SELECT count(*) FROM link").fetchone() == (4,)
    db.close()


async def test_a_participant_token_says_meeting_run_person_and_role(
    sandbox: Running, plugin: PretendPlugin
) -> None:
    async with sandbox.seated("client", "peer-client") as client:
        status, given = await sandbox.ask("POST", "/api/participant-token", client.entry["session"])
        await eventually(lambda: len(plugin.taken) == 2)
    assert status == 200
    claims = jwt.decode(given["token"], TOKEN_KEY, algorithms=["HS256"], audience="fermata", issuer="sandbox")
    joined = plugin.taken[1]["data"]
    assert claims["sub"] == joined["participant"]
    assert (claims["meeting"], claims["occurrence"]) == (joined["meeting"], joined["occurrence"])
    assert claims["role"] == "client"
    assert claims["exp"] - claims["iat"] == 900
    assert claims["jti"]
    assert jwt.get_unverified_header(given["token"])["kid"] == "k2"


async def test_a_guest_gets_a_token_without_a_role(sandbox: Running) -> None:
    async with sandbox.seated("guest", "peer-guest") as guest:
        _, given = await sandbox.ask("POST", "/api/participant-token", guest.entry["session"])
    assert "role" not in jwt.decode(given["token"], TOKEN_KEY, algorithms=["HS256"], audience="fermata")


async def test_who_was_not_in_the_call_gets_no_token(sandbox: Running) -> None:
    client = await sandbox.enter("client")
    async with sandbox.seated("therapist", "peer-therapist"):
        assert (await sandbox.ask("POST", "/api/participant-token", client["session"]))[0] == 404


async def test_a_link_leads_to_where_the_person_stands(settings: SandboxSettings) -> None:
    moment = [datetime(2026, 11, 23, 14, tzinfo=UTC)]
    async with running(settings, now=lambda: moment[0]) as sandbox:
        assert (await sandbox.enter("client"))["view"] == "lobby"
        async with sandbox.seated("therapist", "peer-therapist") as therapist:
            async with sandbox.seated("client", "peer-one"):
                pass
            assert (await sandbox.enter("client"))["view"] == "lobby", "a reload leads back to the call"
            async with sandbox.seated("client", "peer-two") as client:
                await client.leave()
            assert (await sandbox.enter("client"))["view"] == "left"
            await sandbox.ask("POST", "/api/end", therapist.entry["session"])
        assert (await sandbox.enter("client"))["view"] == "over"
        session = (await sandbox.enter("client"))["session"]
        assert (await sandbox.ask("POST", "/api/participant-token", session))[0] == 200
        moment[0] += timedelta(hours=24, seconds=1)
        entry = await sandbox.enter("client")
        assert entry["view"] == "lobby"
        assert (await sandbox.ask("POST", "/api/participant-token", entry["session"]))[0] == 404


async def test_a_page_session_outlives_a_restart_but_not_half_a_day(settings: SandboxSettings) -> None:
    moment = [datetime(2026, 11, 23, 14, tzinfo=UTC)]
    async with running(settings) as first:
        session = (await first.enter("record"))["session"]
    async with running(settings) as second:
        assert (await second.ask("GET", "/api/record", session))[0] == 200
    moment[0] = datetime.now(UTC) + timedelta(hours=13)
    async with running(settings, now=lambda: moment[0]) as third:
        assert (await third.ask("GET", "/api/record", session))[0] == 401


@pytest.mark.parametrize("page", ["therapist", "client", "guest"])
async def test_a_call_link_does_not_open_the_record_nor_the_other_way_round(
    sandbox: Running, page: str
) -> None:
    call, record = (await sandbox.enter(page))["session"], (await sandbox.enter("record"))["session"]
    assert (await sandbox.ask("GET", "/api/record", call))[0] == 403
    assert (await sandbox.ask("GET", "/api/embed", record))[0] == 403
    assert (await sandbox.ask("POST", "/api/participant-token", record))[0] == 403


@pytest.mark.parametrize(
    ("body", "type_", "status"),
    [
        (b'{"secret":"nobody"}', "application/json", 401),
        (b'{"secret":1}', "application/json", 400),
        (b"{}", "application/json", 400),
        (b"[" * 2000, "application/json", 400),
        (b'{"secret":"x"}', "text/plain", 415),
        (b" " * 5000, "application/json", 413),
    ],
)
async def test_a_bad_entry_is_refused_with_problem_details(
    sandbox: Running, body: bytes, type_: str, status: int
) -> None:
    headers = {"Content-Type": type_}
    async with sandbox.http.post(f"{sandbox.url}/api/entry", data=body, headers=headers) as answer:
        assert answer.status == status
        assert answer.content_type == "application/problem+json"
        assert "nobody" not in await answer.text()


@pytest.mark.parametrize(
    "path", ["/", "/call", "/record", "/pages/call.js", "/healthz", "/nowhere", "/fhir/Nothing"]
)
async def test_every_answer_carries_the_security_headers(sandbox: Running, path: str) -> None:
    async with sandbox.http.get(sandbox.url + path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self' http://127.0.0.1:")
        assert "frame-ancestors 'none'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer.headers["Cache-Control"]


async def test_no_page_holds_anything_inline(sandbox: Running) -> None:
    for path in ("/call", "/record"):
        async with sandbox.http.get(sandbox.url + path) as answer:
            html = await answer.text()
        assert " style=" not in html
        assert "<style" not in html
        assert " on" + "click" not in html
        assert html.count("<script") == html.count('<script type="module" src="/pages/')


async def test_the_embed_names_script_and_hash_freshly_and_says_when_the_plugin_is_away(
    sandbox: Running, settings: SandboxSettings, plugin: PretendPlugin
) -> None:
    session = (await sandbox.enter("client"))["session"]
    status, embed = await sandbox.ask("GET", "/api/embed", session)
    assert (status, embed["tag"]) == (200, "pretend-overlay")
    assert embed["script"] == f"{settings.plugin_url}/e/overlay.js"
    plugin.script += "// newer"
    assert (await sandbox.ask("GET", "/api/embed", session))[1]["integrity"] != embed["integrity"]
    plugin.integrity = "md5-no"
    assert (await sandbox.ask("GET", "/api/embed", session))[0] == 503


async def test_an_entry_point_that_is_taken_away_is_not_loaded(
    sandbox: Running, plugin: PretendPlugin
) -> None:
    del plugin.manifest["entry_points"]["script"]
    session = (await sandbox.enter("client"))["session"]
    assert (await sandbox.ask("GET", "/api/embed", session))[0] == 404


@pytest.mark.parametrize(
    "path", ["https://elsewhere.example/x.js", "//elsewhere.example/x.js", "/../x", "x.js"]
)
async def test_an_entry_point_elsewhere_is_refused(
    sandbox: Running, plugin: PretendPlugin, path: str
) -> None:
    plugin.manifest["entry_points"]["script"] = path
    session = (await sandbox.enter("client"))["session"]
    assert (await sandbox.ask("GET", "/api/embed", session))[0] == 503


async def test_pages_are_served_while_the_plugin_is_away(settings: SandboxSettings) -> None:
    async with running(replace(settings, plugin_url=f"http://127.0.0.1:{free_port()}")) as sandbox:
        async with sandbox.http.get(f"{sandbox.url}/call") as answer:
            assert answer.status == 200
        session = (await sandbox.enter("client"))["session"]
        assert (await sandbox.ask("GET", "/api/embed", session))[0] == 503
