import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.house import LIVEKIT_SECRET, ORIGIN, TOKEN_KEY, WHSEC, House, running
from webhooks.livekit import sign as livekit_sign


async def test_a_participant_becomes_an_overlay(house: House) -> None:
    status, document = await house.exchange(house.participant("pat-1", "client"))
    assert status == 200
    assert {key: value for key, value in document.items() if key != "token"} == {
        "expires_in": 300,
        "scope": "call",
        "person": "pat-1",
        "role": "client",
    }


async def test_an_expired_overlay_token_is_renewed_while_its_session_is_open(house: House) -> None:
    token = await house.token("pat-1", "client")
    for _ in range(19):
        house.clock.advance(minutes=5, seconds=1)
        status, document = await house.exchange(token)
        assert (status, document["scope"]) == (200, "call")
        token = document["token"]
    assert (
        await house.exchange(house.participant("pat-1", "client", exp=int(house.clock.now.timestamp()) - 60))
    )[0] == 401


async def test_after_the_end_it_is_for_the_survey_for_a_day(house: House) -> None:
    token = await house.token("pat-1", "client")
    await house.end()
    house.clock.advance(hours=23)
    status, document = await house.exchange(token)
    assert (status, document["scope"]) == (200, "survey")
    house.clock.advance(hours=2)
    assert (await house.exchange(token))[0] == 401
    assert (await house.exchange(document["token"]))[0] == 401


async def test_before_the_beginning_an_expired_one_is_not_renewed(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as house:
        token = await house.token("pat-1", "client")
        assert (await house.exchange(token))[0] == 200
        house.clock.advance(minutes=6)
        assert (await house.exchange(token))[0] == 401


ATTACKS: dict[str, dict[str, Any]] = {
    "other issuer": {"iss": "livekit"},
    "other audience": {"aud": "somebody"},
    "expired": {"exp": 1},
    "no exp": {"exp": None},
    "exp as text": {"exp": "2000000000"},
    "exp far": {"exp": 10**22},
    "no subject": {"sub": ""},
    "no meeting": {"meeting": None},
}


@pytest.mark.parametrize("changes", ATTACKS.values(), ids=ATTACKS)
async def test_a_bent_participant_token_is_401(house: House, changes: dict[str, Any]) -> None:
    status, problem = await house.exchange(house.participant("pat-1", "client", **changes))
    assert (status, problem["detail"]) == (401, "The token is not valid.")


async def test_one_person_s_token_is_no_other_s(house: House) -> None:
    for changes in ({"meeting": "room-2"}, {"occurrence": "run-2"}):
        token = (await house.exchange(house.participant("pat-1", "client", **changes)))[1]["token"]
        ask = {"v": 1, "type": "ask", "id": "5f0d1b8e-6c1c-4a58-9f0f-0d7b1d6f9c11", "age_ms": 0}
        body = json.dumps({**ask, "kind": "pause.press", "token": token})
        assert (await house.say("/v1/asks", body))[1]["refused"] == "alone"
    [(_, session)] = house.service.runner.sessions()
    assert not session.pauses


async def test_a_role_that_the_host_s_deliveries_do_not_give_is_the_weaker_one(house: House) -> None:
    # The client has a token that says therapist: the join said client, and that is what holds.
    async with await house.open("pat-1", "therapist") as client:
        cards = await client.screen(showing="pause-button")
        assert "pause-ready" not in {card["card"] for card in cards}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"token":1}',
        '{"token":null}',
        '{"token":"x","more":1}',
        "[" * 8000,
        '{"token":"' + "x" * 4097 + '"}',
    ],
)
async def test_what_is_no_exchange_is_400(house: House, body: str) -> None:
    assert (await house.say("/v1/overlay-tokens", body))[0] == 400


async def test_only_pages_of_ours_and_servers_without_a_page_may_exchange(house: House) -> None:
    body = json.dumps({"token": house.participant("pat-1", "client")})
    assert (await house.say("/v1/overlay-tokens", body, Origin="https://evil.example"))[0] == 403
    assert (await house.say("/v1/overlay-tokens", body, Origin="null"))[0] == 403
    headers = {"Content-Type": "application/json"}
    async with house.http.post(f"{house.url}/v1/overlay-tokens", data=body, headers=headers) as answer:
        assert answer.status == 200
    headers = {"Content-Type": "text/plain", "Origin": ORIGIN}
    async with house.http.post(f"{house.url}/v1/overlay-tokens", data=body, headers=headers) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def livekit_token(room: str, person: str, now: datetime, *, hours: float = 6) -> str:
    stamp = int(now.timestamp())
    claims = {
        "iss": "fermatadev",
        "sub": person,
        "nbf": stamp,
        "exp": stamp + int(hours * 3600),
        "attributes": {"role": "client"},
        "video": {"roomJoin": True, "room": room},
    }
    return jwt.encode(claims, LIVEKIT_SECRET)


async def room(house: House, event: str, run: str, *, person: str = "") -> None:
    """A LiveKit delivery about one run of the room called lounge."""
    stamp = str(int(house.clock.now.timestamp()))
    document: dict[str, Any] = {
        "event": event,
        "id": f"EV_{run}_{event}_{person}",
        "createdAt": stamp,
        "room": {"sid": run, "name": "lounge", "creationTime": stamp},
    }
    if person:
        document["participant"] = {
            "sid": f"PA_{run}_{person}", "identity": person, "state": "ACTIVE", "joinedAt": stamp,
            "attributes": {"role": "client"}, "permission": {"canPublish": True},
        }  # fmt: skip
    body = json.dumps(document).encode()
    headers = dict(
        livekit_sign(body, "fermatadev", LIVEKIT_SECRET, house.clock.now, key=document["id"]).headers
    )
    async with house.http.post(f"{house.url}/webhooks/north/livekit", data=body, headers=headers) as answer:
        assert answer.status == 202


def occurrence_in(token: str) -> object:
    return jwt.decode(token, options={"verify_signature": False})["occurrence"]


async def test_nobody_drifts_into_the_next_call_of_the_same_room(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as house:
        await room(house, "room_started", "RM_1")
        await room(house, "participant_joined", "RM_1", person="ana")
        _, first = await house.exchange(livekit_token("lounge", "ana", house.clock.now))
        assert occurrence_in(first["token"]) == "RM_1"
        await room(house, "room_finished", "RM_1")
        house.clock.advance(minutes=10)
        await room(house, "room_started", "RM_2")
        await room(house, "participant_joined", "RM_2", person="ben")
        status, again = await house.exchange(first["token"])
        assert (status, again["scope"], occurrence_in(again["token"])) == (200, "survey", "RM_1")
        async with await house.dial(again["token"]) as ana:
            assert (await ana.ask("pause.press"))["refused"] == "over"


async def test_who_comes_early_to_a_room_is_moved_when_its_next_call_begins(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as house:
        await room(house, "room_started", "RM_1")
        await room(house, "participant_joined", "RM_1", person="ana")
        await room(house, "room_finished", "RM_1")
        house.clock.advance(minutes=10)
        _, early = await house.exchange(livekit_token("lounge", "ana", house.clock.now))
        assert (early["scope"], occurrence_in(early["token"])) == ("survey", None)
        async with await house.dial(early["token"]) as ana:
            await ana.screen(without="pause-button")
            await room(house, "room_started", "RM_2")
            await room(house, "participant_joined", "RM_2", person="ana")
            await ana.screen(showing="pause-button")
            [link] = house.links
            assert link.visitor.occurrence == "RM_2"


async def test_a_token_for_a_room_alone_outlives_the_host_s_own_in_no_way(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as house:
        token = livekit_token("lounge", "ana", house.clock.now, hours=0.1)
        _, document = await house.exchange(token)
        for _ in range(2):
            house.clock.advance(minutes=4)
            status, document = await house.exchange(document["token"])
        assert status == 401


async def test_a_key_of_one_practice_opens_no_other_one(tmp_path: Path) -> None:
    from plugin.settings import HostSettings

    shared: dict[str, Any] = {"url": "http://127.0.0.1:1", "webhook_keys": {"w": WHSEC}}
    hosts = (
        HostSettings(tenant="north", host="sandbox", token_keys={"t1": TOKEN_KEY}, **shared),
        HostSettings(tenant="south", host="sandbox", token_keys={"t1": TOKEN_KEY[::-1]}, **shared),
    )
    async with running(tmp_path / "data", hosts=hosts) as house:
        for key, tenant in ((TOKEN_KEY, "north"), (TOKEN_KEY[::-1], "south")):
            claims = jwt.decode(house.participant("pat-1", "client"), options={"verify_signature": False})
            _, document = await house.exchange(jwt.encode(claims, key, headers={"kid": "t1"}))
            assert jwt.decode(document["token"], options={"verify_signature": False})["tenant"] == tenant


async def test_livekit_s_own_clock_is_ours(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as house:
        house.clock.now = datetime(2030, 1, 1, tzinfo=UTC)
        token = livekit_token("lounge", "ana", datetime(2026, 11, 23, tzinfo=UTC))
        assert (await house.exchange(token))[0] == 401
