import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from plugin.ports import Unwritable
from tests.house import ORIGIN, House


def frame(token: object, kind: str = "pause.press", **fields: object) -> dict[str, object]:
    return {"v": 1, "type": "ask", "id": str(uuid4()), "age_ms": 0, "kind": kind, "token": token, **fields}


async def post(house: House, document: object, **headers: str) -> tuple[int, dict[str, Any]]:
    body = document if isinstance(document, str) else json.dumps(document)
    return await house.say("/v1/asks", body, **headers)


async def test_a_press_by_post_is_accepted_and_shown(house: House) -> None:
    async with await house.open("pra-1", "therapist") as therapist:
        asked = frame(await house.token("pat-1", "client"))
        assert await post(house, asked) == (200, {"v": 1, "type": "answer", "id": asked["id"], "ok": True})
        assert (await therapist.shows("pause-notice"))["pause"] == asked["id"]


async def test_the_same_press_over_both_roads_is_one(house: House) -> None:
    asked = frame(await house.token("pat-1", "client"))
    async with await house.open("pat-1", "client") as client:
        assert (await client.ask("pause.press", id=asked["id"]))["ok"] is True
        assert (await post(house, asked))[0] == 200
        assert (await client.shows("pause-sheet"))["pause"] == asked["id"]
    [(_, session)] = house.service.runner.sessions()
    assert list(session.pauses) == [asked["id"]]


async def test_what_may_not_be_is_refused_by_post_as_well(house: House) -> None:
    pause = frame(await house.token("pat-1", "client"))
    await post(house, pause)
    resume = frame(await house.token("pra-1", "therapist"), "pause.resume", pause=pause["id"], choice="go_on")
    assert await post(house, resume) == (
        403,
        {"v": 1, "type": "answer", "id": resume["id"], "refused": "not_yours"},
    )


async def test_after_the_end_a_token_is_for_the_survey_only(house: House) -> None:
    await house.end()
    status, document = await house.exchange(house.participant("pat-1", "client"))
    assert (status, document["scope"]) == (200, "survey")
    for kind in ("pause.press", "checkin.skip"):
        assert (await post(house, frame(document["token"], kind)))[1]["refused"] == "over"


@pytest.mark.parametrize(
    "origin", ["null", "https://evil.example", "http://calls.example", ORIGIN.upper(), ""]
)
async def test_another_page_is_refused_and_may_not_read_why(house: House, origin: str) -> None:
    headers = {"Origin": origin, "Content-Type": "text/plain"}
    body = json.dumps(frame(await house.token("pat-1", "client")))
    async with house.http.post(f"{house.url}/v1/asks", data=body, headers=headers) as answer:
        assert answer.status == 403
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.content_type == "application/problem+json"


async def test_a_page_of_ours_may_read_every_answer(house: House) -> None:
    for body in (json.dumps(frame(await house.token("pat-1", "client"))), "no ask"):
        headers = {"Origin": ORIGIN, "Content-Type": "text/plain"}
        async with house.http.post(f"{house.url}/v1/asks", data=body, headers=headers) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert "Origin" in answer.headers["Vary"]
            assert answer.headers["Cache-Control"] == "no-store"


async def test_a_form_or_json_post_is_no_ask(house: House) -> None:
    asked = frame(await house.token("pat-1", "client"))
    for kind in (
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ):
        assert (await post(house, asked, **{"Content-Type": kind}))[0] == 415


async def test_only_an_overlay_token_in_its_time_is_heard(house: House) -> None:
    token = await house.token("pat-1", "client")
    for bad in (house.participant("pat-1", "client"), token[:-1], "", "a" * 5000):
        assert (await post(house, frame(bad)))[0] == 401
    house.clock.advance(minutes=6)
    assert (await post(house, frame(token)))[0] == 401
    status, renewed = await house.exchange(token)
    assert status == 200
    assert (await post(house, frame(renewed["token"])))[0] == 200


async def test_what_is_no_ask_is_said_without_an_echo(house: House) -> None:
    token = await house.token("pat-1", "client")
    asked = frame(token)
    bad: list[object] = [
        "",
        "[]",
        "canary",
        "[" * 60000,
        '{"token":"canary","x":NaN}',
        "\ud800".encode("utf-8", "surrogatepass").decode("latin1"),
        {**asked, "token": None},
        {**asked, "token": ["x"]},
        {**asked, "canary": 1},
        {**asked, "age_ms": "0"},
        {**asked, "age_ms": 0.5},
        {**asked, "id": "canary"},
        {**asked, "kind": "pause.end"},
        {**asked, "v": 2},
        {key: value for key, value in asked.items() if key != "age_ms"},
    ]
    for document in bad:
        status, problem = await post(house, document)
        assert status == 400, document
        assert problem == {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": "The body is not an ask with a token.",
        }


async def test_too_much_is_too_much(house: House) -> None:
    assert (await post(house, "x" * (64 * 1024 + 1)))[0] == 413


async def test_what_cannot_be_kept_is_never_accepted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_args: object, **_kwargs: object) -> None:
        raise Unwritable

    token = await house.token("pat-1", "client")
    async with await house.open("pat-1", "client") as client:
        await client.screen(showing="pause-button")
        monkeypatch.setattr(house.service.journal, "append", full)
        headers = {"Origin": ORIGIN, "Content-Type": "text/plain"}
        async with house.http.post(
            f"{house.url}/v1/asks", data=json.dumps(frame(token)), headers=headers
        ) as said:
            assert (said.status, said.headers["Retry-After"]) == (503, "5")
        lost = str(uuid4())
        await client.send(type="ask", id=lost, age_ms=0, kind="pause.press")
        assert await house.deliver(house.body("meeting.started")) == 503
        monkeypatch.undo()
        assert (await client.ask("pause.press", id=lost))["ok"] is True
        assert [each["id"] for each in client.frames if each["type"] == "answer"] == [lost]
        assert (
            len([card for card in await client.screen(showing="pause-sheet") if card.get("pause") == lost])
            == 1
        )


async def test_the_body_may_not_be_packed(house: House, tmp_path: Path) -> None:
    async with house.http.post(
        f"{house.url}/v1/asks",
        data=b"\x1f\x8b" + bytes(64),
        headers={"Origin": ORIGIN, "Content-Type": "text/plain", "Content-Encoding": "gzip"},
        skip_auto_headers={aiohttp.hdrs.CONTENT_TYPE},
    ) as answer:
        assert answer.status == 415
