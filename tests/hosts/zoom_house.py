"""A service that hears Zoom's events, and a feed that runs for a test."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from plugin.hosts.zoom_account import Account
from plugin.hosts.zoom_line import Pace
from plugin.hosts.zoom_socket import Feed
from plugin.ports import Unwritable
from tests.hosts.zoom_server import PretendZoom, VirtualTime
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
