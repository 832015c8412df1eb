"""The package of Standard Webhooks signs what we verify, and verifies what we sign."""

import json
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from plugin.sandbox.webhook_signature import signed_headers
from tests.webhooks.samples import SANDBOX, sandbox_message
from webhooks import sandbox
from webhooks.delivery import Delivery, NotAccepted

MESSAGE = sandbox_message("meeting.started")


@pytest.fixture
def now() -> datetime:
    """The real time: the package reads the clock itself."""
    return datetime.now(UTC)


@pytest.mark.parametrize("key_id", SANDBOX)
def test_what_standardwebhooks_signs_is_verified(key_id: str, now: datetime) -> None:
    stamp = str(int(now.timestamp()))
    # The package takes its time as UTC without a zone.
    signature = Webhook(SANDBOX[key_id]).sign("msg_7", now.replace(tzinfo=None), MESSAGE.decode())
    headers = (("webhook-id", "msg_7"), ("webhook-timestamp", stamp), ("webhook-signature", signature))

    assert sandbox.verify(Delivery(headers, MESSAGE), SANDBOX, now) == key_id
    with pytest.raises(NotAccepted):
        sandbox.verify(Delivery(headers, MESSAGE + b" "), SANDBOX, now)


@pytest.mark.parametrize("key_id", SANDBOX)
def test_standardwebhooks_verifies_what_we_sign(key_id: str, now: datetime) -> None:
    headers = dict(sandbox.sign(MESSAGE, key_id, SANDBOX[key_id], now, key="msg_7").headers)

    assert Webhook(SANDBOX[key_id]).verify(MESSAGE, headers) == json.loads(MESSAGE)
    other: Mapping[str, str] = {name: secret for name, secret in SANDBOX.items() if name != key_id}
    with pytest.raises(WebhookVerificationError):
        Webhook(next(iter(other.values()))).verify(MESSAGE, headers)


def test_what_the_sandbox_signs_with_both_secrets_is_verified_by_either(now: datetime) -> None:
    keys = [b64decode(secret.removeprefix("whsec_")) for secret in SANDBOX.values()]
    delivery = Delivery(tuple(signed_headers("msg_7", MESSAGE, keys, now).items()), MESSAGE)

    for key_id, secret in SANDBOX.items():
        assert sandbox.verify(delivery, {key_id: secret}, now) == key_id
