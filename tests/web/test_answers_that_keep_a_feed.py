"""What senders are answered that give up for good, or that want an answer with words."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from plugin.settings import HostSettings
from tests.house import TOKEN_KEY, House, running
from tests.webhooks.known import known
from webhooks.delivery import Delivery

HOSTS = ("daily", "jaas", "whereby")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    hosts = tuple(
        HostSettings(
            tenant="north",
            host=name,
            url="http://127.0.0.1:1",
            webhook_keys=known(name).keys,
            token_keys={"t1": f"{TOKEN_KEY}-{name}"},
        )
        for name in HOSTS
    )
    async with running(tmp_path / "data", hosts=hosts) as it:
        yield it


async def answered(house: House, host: str, delivery: Delivery) -> tuple[int, bytes]:
    address = f"{house.url}/webhooks/north/{host}"
    async with house.http.post(address, data=delivery.body, headers=dict(delivery.headers)) as answer:
        return answer.status, await answer.read()


@pytest.mark.parametrize("host", HOSTS)
async def test_what_is_no_fact_is_kept_and_what_nobody_signed_is_not(house: House, host: str) -> None:
    body = b'{"id":"e1","type":"new","idempotencyKey":"e1","eventType":"NEW"}'
    delivery = known(host).signed(body, house.clock.now)

    assert [await answered(house, host, delivery) for _ in range(2)] == [(200, b"")] * 2
    changed = Delivery(delivery.headers, body.replace(b"new", b"old"))
    assert (await answered(house, host, changed))[0] == 401


@pytest.mark.parametrize(("host", "status"), [("daily", 200), ("jaas", 400), ("whereby", 400)])
async def test_what_is_signed_and_unreadable_is_no_failure_to_who_would_stop_for_it(
    house: House, host: str, status: int
) -> None:
    assert (await answered(house, host, known(host).signed(b"{}", house.clock.now)))[0] == status


@pytest.mark.parametrize(("host", "status"), [("daily", 200), ("jaas", 409), ("whereby", 409)])
async def test_one_id_with_two_bodies_is_no_failure_to_who_would_stop_for_it(
    house: House, host: str, status: int
) -> None:
    bodies = [b'{"id":"e1","type":"new","idempotencyKey":"e1","eventType":"NEW","n":%d}' % n for n in (1, 2)]
    sent = [known(host).signed(body, house.clock.now) for body in bodies]

    assert [(await answered(house, host, delivery))[0] for delivery in sent] == [200, status]


async def test_daily_s_trial_of_the_address_is_answered_before_a_secret_is_shared(house: House) -> None:
    trial = Delivery((("Content-Type", "application/json"),), b'{"test":"test"}')

    assert await answered(house, "daily", trial) == (200, b"{}")
    assert house.service.runner.sessions() == []


async def test_jaas_s_question_about_a_meeting_is_answered_with_nothing(house: House) -> None:
    body = b'{"fqn":"vpaas-magic-cookie-0001/room-1"}'

    assert await answered(house, "jaas", known("jaas").signed(body, house.clock.now)) == (200, b"{}")
    unsigned = Delivery((("Content-Type", "application/json"),), body)
    assert (await answered(house, "jaas", unsigned))[0] == 401


async def test_zoom_s_trial_of_the_address_is_answered_only_when_zoom_signed_it(tmp_path: Path) -> None:
    zoom = known("zoom")
    keys = {"webhook_keys": zoom.keys, "token_keys": {"t1": TOKEN_KEY}}
    host = HostSettings(tenant="north", host="zoom", url="http://127.0.0.1:1", **keys)
    plain = "qgg8vlvZRS6UYooatFL8Aw"
    trial = {"event": "endpoint.url_validation", "event_ts": 1795442400000, "payload": {"plainToken": plain}}
    body = json.dumps(trial).encode()
    async with running(tmp_path / "data", hosts=(host,)) as house:
        status, text = await answered(house, "zoom", zoom.signed(body, house.clock.now))
        forged = zoom.host.sign(body, "token", zoom.other_secret, house.clock.now, key="")
        assert await answered(house, "zoom", forged) != (200, text)
        assert (await answered(house, "zoom", forged))[0] == 401
        assert house.service.runner.sessions() == []
    secret = next(iter(zoom.keys.values())).encode()
    encrypted = hmac.new(secret, plain.encode(), hashlib.sha256).hexdigest()
    assert (status, json.loads(text)) == (
        200,
        {"plainToken": plain, "encryptedToken": encrypted},
    )
