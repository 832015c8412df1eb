import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.live import wheel
from plugin.ports import Unwritable
from tests.house import House, running


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
