import asyncio
from datetime import timedelta

import pytest

from plugin.app import REMEMBER_DELIVERIES
from plugin.ports import Unwritable
from tests.house import House


async def test_a_delivery_is_remembered_longer_than_anybody_repeats_it(house: House) -> None:
    body = house.body("meeting.started", colour="red")
    headers = house.signed(body)
    assert await house.deliver(body, **headers) == 202
    await house.service.sweep(house.clock.now + REMEMBER_DELIVERIES - timedelta(minutes=1))
    assert await house.deliver(body, **headers) == 200
    await house.service.sweep(house.clock.now + REMEMBER_DELIVERIES + timedelta(minutes=1))
    assert await house.deliver(body, **headers) == 202


async def test_a_sweep_that_fails_ends_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = asyncio.Event()

    async def full(*_: object) -> int:
        tried.set()
        raise Unwritable

    monkeypatch.setattr(house.service.journal, "prune", full)
    monkeypatch.setattr("plugin.app.SWEEP_EVERY", timedelta(0))
    from plugin.app import _sweeping

    sweeper = asyncio.create_task(_sweeping(house.service, house.clock))
    await tried.wait()
    tried.clear()
    await tried.wait()
    assert not sweeper.done()
    sweeper.cancel()
    assert not house.service.failed.is_set()
