"""aiohttp's own encoding of HTTP Basic: Pexip's events carry nothing else that could be checked."""

import aiohttp
import pytest
from aiohttp import hdrs

from tests.webhooks.known import known, sample
from tests.webhooks.samples import NOW
from webhooks import pexip
from webhooks.delivery import Delivery, NotAccepted

HOST = known("pexip")


@pytest.mark.parametrize(("user", "password"), [*HOST.keys.items(), ("sink-ü", "pass:word with ü and :")])
def test_what_aiohttp_encodes_is_verified(user: str, password: str) -> None:
    value = aiohttp.encode_basic_auth(user, password, encoding="utf-8")
    delivery = Delivery(((hdrs.AUTHORIZATION, value),), sample("pexip"))

    assert pexip.verify(delivery, {"another": "x" * 20, user: password}, NOW) == user
    with pytest.raises(NotAccepted):
        pexip.verify(delivery, {user: password + "x"}, NOW)


@pytest.mark.parametrize(("user", "password"), [*HOST.keys.items(), ("sink-ü", "pass:word with ü and :")])
def test_aiohttp_would_send_what_we_send(user: str, password: str) -> None:
    value = pexip.sign(b"{}", user, password, NOW, key="").header("authorization")

    assert value == aiohttp.encode_basic_auth(user, password, encoding="utf-8")
