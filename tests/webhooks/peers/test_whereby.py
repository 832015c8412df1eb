"""Stripe signs its webhooks as Whereby does, but for the header's name: its library checks ours, and ours its."""

import json
from datetime import UTC, datetime

import pytest
from stripe import SignatureVerificationError, WebhookSignature

from tests.webhooks.known import known
from webhooks import whereby
from webhooks.delivery import Delivery, NotAccepted

KEYS = known("whereby").keys
BODY = json.dumps({"id": "ev-1", "data": {"displayName": "Bén Exämple"}}, ensure_ascii=False)


@pytest.fixture
def now() -> datetime:
    """The real time: the package reads the clock itself."""
    return datetime.now(UTC)


@pytest.mark.parametrize("key_id", KEYS)
def test_what_stripe_s_library_signs_is_verified(key_id: str, now: datetime) -> None:
    header = WebhookSignature.generate_signature_header(BODY, KEYS[key_id], int(now.timestamp()))
    delivery = Delivery((("Whereby-Signature", header),), BODY.encode())

    assert whereby.verify(delivery, KEYS, now) == key_id
    with pytest.raises(NotAccepted):
        whereby.verify(Delivery(delivery.headers, BODY.encode() + b" "), KEYS, now)


@pytest.mark.parametrize("key_id", KEYS)
def test_stripe_s_library_verifies_what_we_sign(key_id: str, now: datetime) -> None:
    delivery = whereby.sign(BODY.encode(), key_id, KEYS[key_id], now, key="ev-1")
    header = delivery.header("whereby-signature")

    assert WebhookSignature.verify_header(BODY, header, KEYS[key_id], tolerance=300)
    for body, secret in ((BODY + " ", KEYS[key_id]), (BODY, "x" * 64)):
        with pytest.raises(SignatureVerificationError):
            WebhookSignature.verify_header(body, header, secret, tolerance=300)


def test_stripe_s_library_verifies_every_kept_delivery() -> None:
    for line in known("whereby").everything():
        header, body = line.delivery.header("whereby-signature"), line.delivery.body
        signers = [
            key_id for key_id, secret in KEYS.items() if _verified_by_stripe(body.decode(), header, secret)
        ]
        assert signers == [whereby.verify(line.delivery, KEYS, line.at)]


def _verified_by_stripe(body: str, header: str, secret: str) -> bool:
    try:
        return bool(WebhookSignature.verify_header(body, header, secret))
    except SignatureVerificationError:
        return False
