"""What comes over the event socket: kept once and in order, whatever else comes."""

import asyncio
import io
import json
from collections.abc import AsyncIterator

import pytest

from plugin.hosts import named
from plugin.hosts.host import Feeding
from plugin.hosts.zoom import feed
from plugin.hosts.zoom_line import LARGEST
from plugin.hosts.zoom_socket import MOST_WAITING
from tests.hosts.zoom_house import House, account, envelope, fed, now
from tests.hosts.zoom_server import MARKER, PretendZoom, VirtualTime, pretend_zoom, until


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


async def test_events_come_through_in_both_forms_and_in_their_order(zoom: PretendZoom, house: House) -> None:
    async with fed(zoom, house):
        await until(lambda: zoom.lines and house.missed)
        for n in range(20):
            await zoom.tell(envelope(n), bare=n % 2 == 1)
        await until(lambda: len(house.heard) == 20)

    assert house.heard == list(range(20))
    assert house.missed == 1


GARBAGE = [
    "",
    "hello",
    "[]",
    "null",
    '{"module":"message"}',
    '{"module":"message","content":7}',
    '{"module":["message"],"content":"{}"}',
    '{"module":"unheard_of","content":"{}"}',
    '{"module":"message","content":null}',
    "[" * 10_000,
    '{"module":"\\ud800"}',
]


async def test_garbage_says_nothing_and_stops_nothing(zoom: PretendZoom, house: House) -> None:
    async with fed(zoom, house):
        await until(lambda: zoom.lines and house.missed)
        for frame in GARBAGE:
            await zoom.lines[0].send(frame)
        await zoom.lines[0].send(b"\x00\xff")
        await zoom.lines[0].send(json.dumps({"module": "message", "content": envelope(8)}))
        await zoom.tell(envelope(9))
        await until(lambda: house.heard == [8, 9])

    assert zoom.connections == 1


async def test_a_frame_that_is_too_large_ends_the_line_and_not_the_feed(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    async with fed(zoom, house):
        await until(lambda: zoom.lines and house.missed)
        time.advance(11)
        await zoom.lines[0].send("x" * (LARGEST + 1))
        await until(lambda: house.missed == 2 and zoom.lines)
        await zoom.tell(envelope(1))
        await until(lambda: house.heard == [1])


async def test_what_cannot_be_kept_now_is_kept_later_once_and_in_order(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    house.writable = False
    async with fed(zoom, house):
        await until(lambda: zoom.lines and house.missed)
        for n in range(5):
            await zoom.tell(envelope(n))
        for tries in range(1, 4):
            await until(lambda tries: house.refusals == tries and 1 in time.waits, tries)
            time.advance(1)
        await until(lambda: house.refusals == 4 and 1 in time.waits)
        # The line breaks meanwhile: what was received is not forgotten.
        zoom.cut()
        house.writable = True
        time.advance(10)
        await until(lambda: len(house.heard) == 5)

    assert house.heard == list(range(5))


async def test_more_than_can_wait_is_left_with_zoom_and_comes_after(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    """Reading stops, the heart goes on, and silence of our own making ends nothing."""
    house.writable = False
    many = MOST_WAITING + 100
    async with fed(zoom, house):
        await until(lambda: zoom.lines and house.missed)
        for n in range(many):
            await zoom.tell(envelope(n))
        await until(lambda: house.refusals == 1 and 1 in time.waits)
        for _ in range(4):
            beats = zoom.heartbeats
            await until(lambda: 30 in time.waits)
            time.advance(30)
            await until(lambda beats: zoom.heartbeats == beats + 1, beats)
        house.writable = True
        time.advance(1)
        await until(lambda: len(house.heard) == many)

    assert house.heard == list(range(many))
    assert zoom.connections == 1


async def test_no_more_waits_here_than_there_is_room_for(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    """What is too much stays on Zoom's side, which sees that nobody reads; none of it is lost."""
    house.writable = False
    many, heavy = MOST_WAITING + 300, {"pad": "x" * 100_000}
    async with fed(zoom, house):
        await until(lambda: zoom.lines and house.missed)
        telling = asyncio.create_task(_all_of(zoom, many, heavy))
        await until(lambda: house.refusals == 1 and zoom.lines[0].transport.get_write_buffer_size())
        await zoom_is_kept_waiting(zoom)
        assert not telling.done()
        house.writable = True
        time.advance(1)
        await telling
        await until(lambda: len(house.heard) == many)

    assert house.heard == list(range(many))


async def _all_of(zoom: PretendZoom, many: int, heavy: dict[str, str]) -> None:
    for n in range(many):
        await zoom.tell({**envelope(n), **heavy})


async def zoom_is_kept_waiting(zoom: PretendZoom) -> None:
    """What it has to write stays the same over a hundred looks."""
    looks = 0
    before = -1
    while looks < 100:
        waiting = zoom.lines[0].transport.get_write_buffer_size()
        looks = looks + 1 if waiting == before else 0
        before = waiting
        await asyncio.sleep(0.001)


async def test_an_event_that_breaks_its_hearer_is_dropped_and_the_next_one_heard(
    zoom: PretendZoom, house: House
) -> None:
    async with fed(zoom, house):
        await until(lambda: zoom.lines and house.missed)
        await zoom.tell(envelope(666))
        await zoom.tell(envelope(1))
        await until(lambda: house.heard == [666, 1])


async def test_nothing_in_the_log_holds_a_token_or_an_address(
    zoom: PretendZoom, house: House, time: VirtualTime, sink: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    async with fed(zoom, house):
        await until(lambda: zoom.lines and house.missed)
        zoom.cut()
        await until(lambda: 0.25 in time.waits)
        zoom.token_status = 401
        time.advance(0.25)
        await until(lambda: 0.5 in time.waits)
        zoom.token_status, zoom.welcome = 200, lambda: ['{"module":"build_connection","success":false}']
        time.advance(0.5)
        await until(lambda: 1 in time.waits)

    written = sink.getvalue() + caplog.text
    assert "feed_lost" in written
    assert '"reason":"token_401"' in written
    for secret in (MARKER, "subscriptionId", "ws://", "client-secret"):
        assert secret not in written
    assert "client-secret" not in repr(account(zoom))


async def test_an_account_without_a_socket_has_no_feed(zoom: PretendZoom, house: House) -> None:
    assert isinstance(named("zoom"), Feeding)
    await feed(account(zoom, socket=None), hear=house.hear, missed=house.may_be_missing, now=now)

    assert (zoom.connections, house.missed) == (0, 0)
