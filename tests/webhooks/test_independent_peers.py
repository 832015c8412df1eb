"""Programs that share no code with ours sign what we verify, and verify what we sign."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from livekit import api
from standardwebhooks import Webhook, WebhookVerificationError

from plugin.sandbox.webhook_signature import signed_headers
from tests.webhooks.samples import LIVEKIT, SANDBOX, joined, sandbox_message
from webhooks import livekit, sandbox
from webhooks.delivery import Delivery, NotAccepted

MESSAGE = sandbox_message("meeting.started")
EVENT = json.dumps(joined()).encode()


@pytest.fixture
def now() -> datetime:
    """The real time: these packages read the clock themselves."""
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


@pytest.mark.parametrize("life", [timedelta(minutes=5), timedelta(hours=6)])
def test_what_livekit_api_signs_is_verified(life: timedelta, now: datetime) -> None:
    token = api.AccessToken("fermatadev", LIVEKIT["fermatadev"]).with_ttl(life)
    jwt = token.with_sha256(b64encode(sha256(EVENT).digest()).decode()).to_jwt()

    assert livekit.verify(Delivery((("Authorization", jwt),), EVENT), LIVEKIT, now) == "fermatadev"
    with pytest.raises(NotAccepted):
        livekit.verify(Delivery((("Authorization", jwt),), EVENT + b" "), LIVEKIT, now)


def test_livekit_api_verifies_and_reads_what_we_sign(now: datetime) -> None:
    headers = dict(livekit.sign(EVENT, "fermatadev", LIVEKIT["fermatadev"], now, key="EV_1").headers)
    receiver = api.WebhookReceiver(api.TokenVerifier("fermatadev", LIVEKIT["fermatadev"]))

    event = receiver.receive(EVENT.decode(), headers["Authorization"])

    assert (event.event, event.id) == ("participant_joined", "EV_1")
    assert event.participant.attributes["role"] == "client"


def test_a_join_token_of_livekit_api_is_no_webhook(now: datetime) -> None:
    grants = api.VideoGrants(room_join=True, room="room-1")
    token = api.AccessToken("fermatadev", LIVEKIT["fermatadev"]).with_identity("client-1").with_grants(grants)

    with pytest.raises(NotAccepted):
        livekit.verify(Delivery((("Authorization", token.to_jwt()),), EVENT), LIVEKIT, now)
