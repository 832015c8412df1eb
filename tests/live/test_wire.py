import asyncio
import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from plugin.live import wheel
from plugin.live.messages import LARGEST
from plugin.ports import Unwritable
from tests.house import ORIGIN, House, running


async def test_a_press_is_delivered_when_a_visible_page_painted_it(house: House) -> None:
    async with (
        await house.open("pra-1", "therapist") as therapist,
        await house.open("pat-1", "client") as client,
    ):
        await client.screen(showing="pause-button")
        pause = str(uuid4())
        assert await client.ask("pause.press", id=pause) == {
            "v": 1,
            "type": "answer",
            "id": pause,
            "ok": True,
        }
        await therapist.screen(showing="pause-notice")
        await therapist.send(type="painted", revision=therapist.revision)
        await client.shows("pause-sheet", says="delivered")


async def test_a_hidden_page_paints_nothing(house: House) -> None:
    async with (
        await house.open("pra-1", "therapist", visible=False) as therapist,
        await house.open("pat-1", "client") as client,
    ):
        await client.ask("pause.press")
        await therapist.screen(showing="pause-notice")
        await therapist.send(type="painted", revision=therapist.revision)
        await client.shows("pause-sheet", says="hidden")
        await therapist.send(type="pong", visible=True)
        await client.shows("pause-sheet", says="on_its_way")
        await therapist.send(type="painted", revision=therapist.revision)
        await client.shows("pause-sheet", says="delivered")


async def test_only_a_screen_that_held_the_pause_can_deliver_it(house: House) -> None:
    async with (
        await house.open("pra-1", "therapist") as therapist,
        await house.open("pat-1", "client") as client,
    ):
        await therapist.screen(showing="pause-ready")
        before = therapist.revision
        await client.ask("pause.press")
        await therapist.screen(showing="pause-notice")
        for revision in (before, 0, 2**52):
            await therapist.send(type="painted", revision=revision)
        answer = await therapist.ask("pause.see", pause="none")
        assert answer["refused"] == "no_such_pause"
        await client.ask("consent.answer", choice="not_now", therapist=False, practice=False)
        shown = [card for frame in client.frames for card in frame.get("cards", [])]
        assert {card["says"] for card in shown if card["card"] == "pause-sheet"} == {"on_its_way"}


async def test_every_window_of_a_person_shows_the_same(house: House) -> None:
    async with await house.open("pat-1", "client") as one, await house.open("pat-1", "client") as other:
        await one.ask("pause.press")
        shown = [await each.shows("pause-sheet", says="unreachable") for each in (one, other)]
        assert shown[0] == shown[1]
        assert one.revision == other.revision


async def test_revisions_are_each_person_s_own(house: House) -> None:
    async with (
        await house.open("pra-1", "therapist") as therapist,
        await house.open("pat-1", "client") as client,
    ):
        await therapist.screen(showing="pause-ready")
        await client.screen(showing="pause-button")
        before = therapist.revision
        assert (await client.ask("pause.press"))["ok"]
        await therapist.screen(showing="pause-notice")
        assert therapist.revision == before + 1


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("pause.resume", "not_yours"), ("pause.withdraw", "not_yours"), ("pause.level", "not_yours")],
)
async def test_the_therapist_cannot_touch_a_client_s_pause(house: House, kind: str, reason: str) -> None:
    fields = {"pause.resume": {"choice": "go_on"}, "pause.level": {"level": "stop"}}.get(kind, {})
    async with (
        await house.open("pra-1", "therapist") as therapist,
        await house.open("pat-1", "client") as client,
    ):
        pause = str(uuid4())
        await client.ask("pause.press", id=pause)
        assert (await therapist.ask(kind, pause=pause, **fields))["refused"] == reason
        assert (await client.ask("pause.see", pause=pause))["refused"] == "not_your_role"


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://evil.example",
        "http://calls.example",
        ORIGIN + ":8443",
        ORIGIN.upper(),
        ORIGIN + ".",
    ],
)
async def test_a_page_of_another_origin_gets_no_socket(house: House, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await house.socket(origin=origin)
    assert refusal.value.response.status_code == 403


async def first_code(socket: ClientConnection, *frames: str | bytes) -> int | None:
    for frame in frames:
        await socket.send(frame)
    await socket.wait_closed()
    return socket.close_code


async def test_without_a_genuine_token_first_there_is_no_conversation(house: House) -> None:
    token = await house.token("pat-1", "client")
    press = json.dumps({"v": 1, "type": "ask", "id": str(uuid4()), "age_ms": 0, "kind": "pause.press"})
    hello: dict[str, Any] = {"v": 1, "type": "hello", "token": token}
    bad: list[str | bytes] = [
        press,
        json.dumps(hello).encode(),
        "{}",
        "",
        "[" * 5000,
        json.dumps({**hello, "token": house.participant("pat-1", "client")}),
        json.dumps({**hello, "token": token[:-2]}),
        json.dumps({**hello, "token": "a" * 5000}),
        json.dumps({**hello, "token": None}),
        json.dumps({**hello, "role": "therapist"}),
        json.dumps({**hello, "v": 2}),
        json.dumps({**hello, "visible": "yes"}),
    ]
    codes = [await first_code(await house.socket(), frame) for frame in bad]
    assert codes == [4401] * len(bad)


async def test_an_expired_token_opens_nothing(house: House) -> None:
    token = await house.token("pat-1", "client")
    house.clock.advance(minutes=6)
    browser = await house.dial(token)
    assert await browser.closed() == 4401


async def test_who_says_nothing_is_hung_up_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.live.wire.HELLO_WITHIN", 0.05)
    assert await first_code(await house.socket()) == 4401


async def test_the_token_is_not_looked_for_in_the_address(house: House) -> None:
    token = await house.token("pat-1", "client")
    url = house.url.replace("http", "ws") + f"/v1/live?token={token}"
    from websockets.asyncio.client import connect

    async with connect(url, origin=Origin(ORIGIN), compression=None) as socket:
        assert await first_code(socket, "{}") == 4401


async def test_the_third_frame_that_cannot_be_read_ends_it(house: House) -> None:
    async with await house.open("pat-1", "client") as client:
        ask = str(uuid4())
        await client.send(type="ask", id=ask, age_ms=0, kind="pause.press", more=1)
        assert await client.next("answer") == {"v": 1, "type": "answer", "id": ask, "refused": "malformed"}
        await client.socket.send(b"\0\1")
        assert (await client.next("answer"))["id"] is None
        await client.socket.send('{"v":1,"type":"who"}')
        await client.next("answer")
        assert await client.closed() == 1008


MALFORMED = {
    "array": "[]",
    "NaN": '{"v":1,"type":"painted","revision":NaN}',
    "text for a number": '{"v":1,"type":"painted","revision":"1"}',
    "float for a number": '{"v":1,"type":"painted","revision":1.0}',
    "true for a number": '{"v":1,"type":"painted","revision":true}',
    "negative": '{"v":1,"type":"painted","revision":-1}',
    "huge": '{"v":1,"type":"painted","revision":1e999}',
    "deep": '{"v":' + "[" * 10000,
    "unknown type": '{"v":1,"type":"screen","revision":1,"cards":[]}',
    "second hello": '{"v":1,"type":"hello","token":"x"}',
    "upper case id": json.dumps(
        {"v": 1, "type": "ask", "id": str(uuid4()).upper() + "A", "age_ms": 0, "kind": "pause.press"}
    ),
    "negative age": json.dumps(
        {"v": 1, "type": "ask", "id": str(uuid4()), "age_ms": -1, "kind": "pause.press"}
    ),
    "unknown kind": json.dumps({"v": 1, "type": "ask", "id": str(uuid4()), "age_ms": 0, "kind": "pause.end"}),
    "other level": json.dumps(
        {
            "v": 1,
            "type": "ask",
            "id": str(uuid4()),
            "age_ms": 0,
            "kind": "pause.level",
            "pause": "x",
            "level": "go",
        }
    ),
    "an edited role": json.dumps(
        {"v": 1, "type": "ask", "id": str(uuid4()), "age_ms": 0, "kind": "pause.press", "role": "therapist"}
    ),
}


@pytest.mark.parametrize("frame", MALFORMED.values(), ids=MALFORMED)
async def test_a_frame_is_read_to_the_letter(house: House, frame: str) -> None:
    async with await house.open("pat-1", "client") as client:
        await client.socket.send(frame)
        assert (await client.next("answer"))["refused"] == "malformed"
        assert (await client.ask("pause.press"))["ok"] is True


@pytest.mark.parametrize("size", [LARGEST + 1, LARGEST * 4])
async def test_a_frame_that_is_too_large_ends_it(house: House, size: int) -> None:
    async with await house.open("pat-1", "client") as client:
        await client.socket.send("x" * size)
        assert await client.closed() == 1009


async def test_the_largest_frame_is_still_read(house: House) -> None:
    async with await house.open("pat-1", "client") as client:
        await client.socket.send("x" * LARGEST)
        assert (await client.next("answer"))["refused"] == "malformed"


async def test_nobody_is_spoken_to_with_compression(house: House) -> None:
    socket = await house.socket(compression="deflate")
    assert socket.protocol.extensions == []
    await socket.close()


async def test_who_floods_is_hung_up_on_and_may_still_ask_by_post(house: House) -> None:
    async with await house.open("pat-1", "client") as client:
        pong = json.dumps({"v": 1, "type": "pong", "visible": True})
        with suppress(ConnectionClosed):
            for _ in range(3000):
                await client.socket.send(pong)
        assert await client.closed() == 4429
    assert (await post(house, await house.token("pat-1", "client"), "pause.press"))[0] == 200


async def test_a_flood_of_pings_is_a_flood(house: House) -> None:
    async with await house.open("pat-1", "client") as client:
        with suppress(ConnectionClosed):
            for _ in range(3000):
                await client.socket.ping()
        assert await client.closed() == 4429


async def test_a_browser_is_pinged_and_lost_when_it_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheel, "TURN", 0.08)
    async with running(tmp_path / "data") as house:
        await house.begin()
        async with (
            await house.open("pra-1", "therapist") as therapist,
            await house.open("pat-1", "client") as client,
        ):
            await client.next("ping")
            await therapist.shows("pause-ready", state="ready")
            [link] = [each for each in house.links if each.visitor.person == "pat-1"]
            link.heard -= wheel.SILENT + 1
            assert await client.closed() == 1006
            house.clock.advance(seconds=11)
            await therapist.shows("pause-ready", state="down")


async def test_tokens_are_renewed_over_the_open_link_by_age(house: House) -> None:
    async with await house.open("pat-1", "client") as client:
        await client.screen(showing="pause-button")
        [link] = house.links
        conversation = house.service.wire._conversation
        conversation.renew(link)
        house.clock.advance(minutes=95)
        conversation.renew(link)
        renewed = (await client.next("token"))["token"]
        assert [frame["type"] for frame in client.frames].count("token") == 1
    async with await house.dial(renewed) as again:
        assert (await again.ask("pause.press"))["ok"] is True


async def test_the_end_of_the_call_narrows_the_token_on_the_open_link(house: House) -> None:
    async with await house.open("pat-1", "client") as client:
        await client.screen(showing="pause-button")
        await house.end()
        await client.screen(without="pause-button")
        [link] = house.links
        house.service.wire._conversation.renew(link)
        narrowed = (await client.next("token"))["token"]
        assert (await client.ask("pause.press"))["refused"] == "over"
        assert (await client.ask("checkin.skip"))["refused"] == "over"
    status, document = await house.exchange(narrowed)
    assert (status, document["scope"]) == (200, "survey")


async def test_a_day_after_the_end_nothing_is_left(house: House) -> None:
    async with await house.open("pat-1", "client") as client:
        await client.screen(showing="pause-button")
        await house.end()
        house.clock.advance(hours=24, minutes=1)
        async with asyncio.timeout(10):
            while house.service.runner.sessions():  # noqa: ASYNC110 - the alarm looks at the moved clock by itself
                await asyncio.sleep(0.05)
        [link] = house.links
        house.service.wire._conversation.renew(link)
        assert await client.closed() == 4401


async def test_a_stop_tells_browsers_to_come_back(house: House) -> None:
    async with await house.open("pat-1", "client") as client:
        await client.screen(showing="pause-button")
        await asyncio.gather(house.service.wire.drain(), client.closed())
        assert client.socket.close_code == 1012


async def test_a_browser_that_does_not_read_is_closed_and_holds_up_nobody(house: House) -> None:
    async with (
        await house.open("pat-1", "client") as slow,
        await house.open("pra-1", "therapist") as therapist,
    ):
        await slow.screen(showing="pause-button")
        await therapist.screen(showing="pause-ready")
        [link] = [each for each in house.links if each.visitor.person == "pat-1"]
        slow.socket.transport.pause_reading()
        for _ in range(4000):
            house.service.hub.say(link, b'{"v":1,"type":"ping","pad":"' + b"x" * 4000 + b'"}')
            if link.closing is not None:
                break
            await asyncio.sleep(0)
        assert link.closing == 1013
        assert (await therapist.ask("pause.press"))["ok"] is True
        slow.socket.transport.abort()


async def test_a_browser_waits_for_its_session_and_is_woken_when_it_begins(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as house, await house.open("pat-1", "client") as client:
        [card] = await client.screen()
        assert (card["card"], card["state"], card["why"]) == ("pause-button", "alone", "not_yet")
        assert (await client.ask("pause.press"))["refused"] == "alone"
        await house.begin()
        await client.shows("pause-button", state="ready")
        assert (await client.ask("pause.press"))["ok"] is True


async def test_a_visitor_of_a_room_is_pinned_to_the_call_that_runs(house: House) -> None:
    # A host whose tokens name only the meeting: the occurrence is taken from the session that is found.
    async with await house.open("pat-1", "client") as client:
        await client.screen(showing="pause-button")
        [link] = house.links
        assert link.visitor.occurrence == house.occurrence


async def test_a_link_that_is_gone_is_told_with_when_it_was_last_heard(house: House) -> None:
    async with await house.open("pra-1", "therapist") as therapist:
        async with await house.open("pat-1", "client") as client:
            await client.screen(showing="pause-button")
            await therapist.shows("pause-ready", state="ready")
        house.clock.advance(seconds=11)
        await therapist.shows("pause-ready", state="down")


async def test_the_screen_frame_says_what_time_it_is_here(house: House) -> None:
    async with await house.open("pat-1", "client") as client:
        frame = await client.next("screen")
        assert frame["now"] == "2026-11-23T14:00:00.000Z"
        assert frame.keys() == {"v", "type", "revision", "now", "cards"}


async def test_after_a_restart_the_same_token_shows_the_same_screen(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as house:
        await house.begin()
        token = await house.token("pat-1", "client")
        async with await house.dial(token) as client:
            await client.ask("pause.press", id="5f0d1b8e-6c1c-4a58-9f0f-0d7b1d6f9c11")
            before = client.revision
    clock = house.clock
    clock.advance(seconds=2)
    async with running(tmp_path / "data", clock) as house, await house.dial(token) as client:
        cards = await client.screen(showing="pause-sheet")
        assert [card["pause"] for card in cards if card["card"] == "pause-sheet"] == [
            "5f0d1b8e-6c1c-4a58-9f0f-0d7b1d6f9c11"
        ]
        assert client.revision >= before


async def post(house: House, token: str, kind: str, **fields: object) -> tuple[int, dict[str, Any]]:
    frame = {"v": 1, "type": "ask", "id": str(uuid4()), "age_ms": 0, "kind": kind, "token": token, **fields}
    return await house.say("/v1/asks", json.dumps(frame))


def says_of(frame: dict[str, Any]) -> str | None:
    cards = frame.get("cards", [])
    return next((card["says"] for card in cards if card["card"] == "pause-sheet"), None)


def ready_of(frame: dict[str, Any]) -> str | None:
    cards = frame.get("cards", [])
    return next((card["state"] for card in cards if card["card"] == "pause-ready"), None)


def test_a_token_lives_longer_than_it_takes_to_renew_it() -> None:
    from plugin.live.conversation import RENEW_AFTER
    from plugin.tokens import LIFE

    assert RENEW_AFTER + timedelta(seconds=wheel.TURN * 2) < LIFE


async def test_a_link_that_could_not_be_kept_is_kept_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_args: object, **_kwargs: object) -> None:
        raise Unwritable

    monkeypatch.setattr(wheel, "TURN", 0.08)
    async with running(tmp_path / "data") as house:
        await house.begin()
        token = await house.token("pat-1", "client")
        monkeypatch.setattr(house.service.journal, "append", full)
        async with await house.dial(token) as client:
            await client.next("ping")
            [(_, session)] = house.service.runner.sessions()
            assert not session.people["pat-1"].linked
            monkeypatch.delattr(house.service.journal, "append")
            await client.screen(showing="pause-button")
            async with asyncio.timeout(5):
                while not house.service.runner.sessions()[0][1].people["pat-1"].linked:
                    await client.next("ping")
                    await client.send(type="pong", visible=True)


async def test_nobody_is_kept_in_mind_who_has_gone(house: House) -> None:
    house.meeting = "room-9"
    token = (await house.exchange(house.participant("pat-9", "client", occurrence="run-9")))[1]["token"]
    async with await house.dial(token) as waiting:
        await waiting.screen(showing="pause-button")
        assert len(house.links) == 1
    async with await house.dial(token) as again:
        await again.screen(showing="pause-button")
        assert len(house.links) == 1
    async with asyncio.timeout(5):
        while house.links:  # noqa: ASYNC110 - the server's side ends a little later
            await asyncio.sleep(0)
    assert not house.service.wire._conversation._unsettled
