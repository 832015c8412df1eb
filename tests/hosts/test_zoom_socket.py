"""The event socket's life: heartbeats, tokens, and what follows when it breaks."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.hosts.zoom_house import House, envelope, fed
from tests.hosts.zoom_server import PretendZoom, VirtualTime, pretend_zoom, until


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
async def zoom(time: VirtualTime) -> AsyncIterator[PretendZoom]:
    async with pretend_zoom(time) as zoom:
        yield zoom


@pytest.fixture
def house(time: VirtualTime) -> House:
    return House(time)


async def test_the_heartbeat_is_sent_every_thirty_seconds_and_its_answer_keeps_the_line(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    async with fed(zoom, house):
        await until(lambda: zoom.lines and house.missed)
        for beats in range(1, 8):
            await until(lambda: 30 in time.waits)
            time.advance(29.9)
            assert zoom.heartbeats == beats - 1
            time.advance(0.1)
            await until(lambda beats: zoom.heartbeats == beats, beats)
            await zoom.answered()

    assert zoom.connections == 1


async def test_a_line_that_is_silent_for_forty_five_seconds_is_opened_anew(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    zoom.answers_heartbeats = False
    async with fed(zoom, house):
        await until(lambda: zoom.lines and {30, 45} <= set(time.waits))
        time.advance(30)
        await until(lambda: zoom.heartbeats == 1)
        assert zoom.connections == 1
        time.advance(15)
        await until(lambda: house.missed == 2 and len(zoom.lines) == 1)
        await zoom.tell(envelope(1))
        await until(lambda: house.heard == [1])


async def test_a_token_is_renewed_before_it_ends_without_an_event_lost(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    """The next connection stands before the last one is given up: events in between come over one of the two."""
    zoom.life = 100
    told = 0
    async with fed(zoom, house):
        await until(lambda: zoom.lines and 90 in time.waits)
        for _ in range(3):
            before = zoom.connections
            for beats in (1, 2):
                time.advance(30)
                await until(lambda beats: zoom.heartbeats % 3 == beats, beats)
                await zoom.answered()
            time.advance(30)
            while before in (zoom.connections, house.missed):
                await zoom.tell(envelope(told))
                told += 1
                await asyncio.sleep(0)
            await until(lambda: len(zoom.lines) == 1 and 90 in time.waits)
            zoom.heartbeats = 0
        await until(lambda: len(house.heard) == told)

    assert house.heard == list(range(told))
    assert told > 30
    assert zoom.lost == []
    assert len(zoom.tokens) == zoom.connections == 4


async def test_a_last_connection_that_zoom_keeps_is_closed_by_us(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    zoom.life, zoom.keeps_old = 20, True
    async with fed(zoom, house):
        await until(lambda: zoom.lines and 18 in time.waits)
        time.advance(18)
        await until(lambda: len(zoom.lines) == 2 and 5 in time.waits)
        time.advance(5)
        await until(lambda: len(zoom.lines) == 1)

    assert zoom.connections == 2


async def test_a_token_that_zoom_ends_early_is_replaced(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    async with fed(zoom, house):
        await until(lambda: zoom.lines and house.missed)
        time.advance(11)
        zoom.tokens = dict.fromkeys(zoom.tokens, 0)
        zoom.cut()
        await until(lambda: house.missed == 2)

    assert len(zoom.tokens) == 2


async def test_a_short_life_of_tokens_is_renewed_by_its_part_and_not_in_a_storm(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    zoom.life = 1
    async with fed(zoom, house):
        await until(lambda: zoom.lines and 0.9 in time.waits)
        time.advance(0.9)
        await until(lambda: 0.25 in time.waits)

        assert zoom.connections == 1


async def test_a_cut_in_the_middle_of_a_burst_is_followed_at_once_and_said(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    async with fed(zoom, house):
        await until(lambda: zoom.lines and house.missed)
        time.advance(11)
        for n in range(10):
            await zoom.tell(envelope(n))
        await until(lambda: len(house.heard) == 10)
        zoom.cut()
        await zoom.tell(envelope(10))
        await until(lambda: house.missed == 2 and zoom.lines)
        await zoom.tell(envelope(11))
        await until(lambda: len(house.heard) == 11)

    assert [event["event_ts"] for event in zoom.lost] == [10]
    assert house.heard == [*range(10), 11]
    assert 0.25 not in time.waits


async def test_closing_at_once_again_and_again_is_met_with_growing_waits(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    zoom.closes_at_once = 10
    house.pace = replace(house.pace, jitter=lambda: 0.9)  # so that no wait is as long as the heart's
    waited = []
    async with fed(zoom, house):
        for tries in range(1, 11):
            wait = round(min(0.25 * 2 ** (tries - 1), 30) * 0.9, 6)
            await until(lambda tries, wait: zoom.connections == tries and wait in time.waits, tries, wait)
            waited.append(wait)
            time.advance(wait)
        await until(lambda: zoom.lines and house.missed == 11)
        # It stays long enough to count as steady: the next time is at once again.
        time.advance(10)
        zoom.cut()
        await until(lambda: zoom.lines and house.missed == 12)

    assert waited == [0.225, 0.45, 0.9, 1.8, 3.6, 7.2, 14.4, 27, 27, 27]


@pytest.mark.parametrize(
    "first",
    [
        '{"module":"build_connection","success":false,"content":"Invalid Token"}',
        '{"module":"message","content":"{}"}',
        "<html>hello</html>",
        '{"success":true}',
    ],
)
async def test_a_connection_that_is_not_welcomed_is_tried_again_and_nothing_is_heard(
    zoom: PretendZoom, house: House, time: VirtualTime, first: str
) -> None:
    zoom.welcome = lambda: [first]
    async with fed(zoom, house):
        await until(lambda: zoom.connections == 1 and 0.25 in time.waits)
        assert (house.missed, house.heard) == (0, [])
        time.advance(0.25)
        await until(lambda: zoom.connections == 2 and 0.5 in time.waits)


async def test_a_server_that_says_nothing_is_not_waited_for_for_ever(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    zoom.welcome = list
    house.pace = replace(house.pace, welcome=0.2)
    async with fed(zoom, house):
        await until(lambda: zoom.connections == 1 and 0.25 in time.waits)

    assert house.missed == 0


@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_a_token_that_is_refused_is_asked_for_again_with_growing_waits(
    zoom: PretendZoom, house: House, time: VirtualTime, status: int
) -> None:
    zoom.token_status = status
    async with fed(zoom, house):
        await until(lambda: 0.25 in time.waits)
        time.advance(0.25)
        await until(lambda: 0.5 in time.waits)
        zoom.token_status = 200
        time.advance(0.5)
        await until(lambda: zoom.lines and house.missed)


async def test_a_second_service_on_one_subscription_is_met_with_patience_and_not_with_a_storm(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    """Each closes the other's connection; the waits grow, so that one of them stays a while."""
    other = House(time)
    async with fed(zoom, house), fed(zoom, other):
        await until(lambda: zoom.connections == 2 and 0.25 in time.waits)
        assert len(zoom.lines) == 1
