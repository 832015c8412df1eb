from pathlib import Path
from uuid import uuid4

import pytest

from tests.house import House, running


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
