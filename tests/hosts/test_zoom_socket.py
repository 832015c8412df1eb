"""The event socket against a Zoom that behaves as documented, and against one that does not."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from plugin.hosts import named
from plugin.hosts.host import Feeding
from plugin.hosts.zoom import feed
from plugin.hosts.zoom_account import Account
from plugin.hosts.zoom_line import LARGEST, Pace
from plugin.hosts.zoom_socket import MOST_WAITING, Feed
from plugin.ports import Unwritable
from tests.hosts.zoom_server import MARKER, PretendZoom, VirtualTime, pretend_zoom, until
from webhooks.delivery import Delivery


def now() -> datetime:
    return datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def envelope(n: int) -> dict[str, Any]:
    return {"event": "meeting.sharing_started", "event_ts": n, "payload": {"object": {"text": 'é "quoted"'}}}


class House:
    """A service that hears: what came in which order, how often it was told that something may be missing."""

    def __init__(self, time: VirtualTime) -> None:
        self.heard: list[int] = []
        self.missed = 0
        self.writable = True
        self.refusals = 0
        self.pace = Pace(clock=time.clock, wait=time.wait, jitter=lambda: 1.0)

    async def hear(self, delivery: Delivery) -> None:
        n = json.loads(delivery.body)["event_ts"]
        if not self.writable:
            self.refusals += 1
            raise Unwritable
        self.heard.append(n)
        if n == 666:
            raise ZeroDivisionError

    def may_be_missing(self) -> None:
        self.missed += 1


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


def account(zoom: PretendZoom, **changes: Any) -> Account:
    return Account(
        client_id="client-id",
        client_secret="client-secret",
        account_id="account-1",
        api=f"{zoom.rest}/v2",
        token_url=f"{zoom.rest}/oauth/token",
        **{"socket": zoom.socket, **changes},
    )


@asynccontextmanager
async def fed(zoom: PretendZoom, house: House) -> AsyncIterator[asyncio.Task[None]]:
    """A feed that runs, and is cancelled at the end without a trace."""
    feeding = Feed(account(zoom), hear=house.hear, missed=house.may_be_missing, now=now, pace=house.pace)
    task = asyncio.create_task(feeding.run())
    try:
        yield task
    finally:
        ended = task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not ended


async def test_events_come_through_in_both_forms_and_in_their_order(zoom: PretendZoom, house: House) -> None:
    async with fed(zoom, house):
        await until(lambda: zoom.lines and house.missed)
        for n in range(20):
            await zoom.tell(envelope(n), bare=n % 2 == 1)
        await until(lambda: len(house.heard) == 20)

    assert house.heard == list(range(20))
    assert house.missed == 1


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


async def test_an_event_that_breaks_its_hearer_is_dropped_and_the_next_one_heard(
    zoom: PretendZoom, house: House
) -> None:
    async with fed(zoom, house):
        await until(lambda: zoom.lines and house.missed)
        await zoom.tell(envelope(666))
        await zoom.tell(envelope(1))
        await until(lambda: house.heard == [666, 1])


async def test_a_second_service_on_one_subscription_is_met_with_patience_and_not_with_a_storm(
    zoom: PretendZoom, house: House, time: VirtualTime
) -> None:
    """Each closes the other's connection; the waits grow, so that one of them stays a while."""
    other = House(time)
    async with fed(zoom, house), fed(zoom, other):
        await until(lambda: zoom.connections == 2 and 0.25 in time.waits)
        assert len(zoom.lines) == 1


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
