"""Vonage's own package checks the signatures we make, and signs the client tokens we read.

It has no signing side for callbacks and never looks at the hash of the body: that check is ours alone.
"""

import json
from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from vonage_jwt import JwtClient, verify_signature

from plugin.hosts import vonage as speaking
from plugin.hosts.host import Call
from plugin.signed import Unacceptable
from tests.webhooks.known import known, sample
from webhooks import vonage
from webhooks.delivery import NotAccepted, Reason
from webhooks.events import Role

HOST = known("vonage")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PUBLIC = (
    KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
CLIENT = {
    "session_id": "2_MX4",
    "role": "publisher",
    "connection_data": json.dumps({"person": "client-ben", "role": "client"}),
    "scope": "session.connect",
    "subject": "video",
    "acl": {"paths": {"/session/**": {}}},
}


@pytest.fixture
def now() -> datetime:
    """The real time: the package reads the clock itself."""
    return datetime.now(UTC)


@pytest.mark.parametrize("key_id", HOST.keys)
def test_vonage_jwt_verifies_what_we_sign(key_id: str, now: datetime) -> None:
    delivery = vonage.sign(sample("vonage"), key_id, HOST.keys[key_id], now, key="j-1")
    token = delivery.header("authorization").removeprefix("Bearer ")

    for other, secret in HOST.keys.items():
        assert verify_signature(token, secret) is (other == key_id)


def test_what_vonage_jwt_takes_is_not_enough_for_us(now: datetime) -> None:
    secret = HOST.keys["archive"]
    token = jwt.encode({"iss": "Vonage", "iat": int(now.timestamp())}, secret, "HS256")
    delivery = vonage.sign(b"{}", "archive", secret, now, key="j-1")
    bare = type(delivery)((("Authorization", f"Bearer {token}"),), b"{}")

    assert verify_signature(token, secret) is True
    with pytest.raises(NotAccepted) as refusal:
        vonage.verify(bare, HOST.keys, now)
    assert refusal.value.reason is Reason.BODY_NOT_COVERED


def test_a_client_token_that_vonage_jwt_makes_names_its_participant(now: datetime) -> None:
    token = JwtClient("app-1", PRIVATE).generate_application_jwt(dict(CLIENT)).decode()

    found = speaking.who(token, {"app-1": PUBLIC}, now)

    assert (found.meeting, found.occurrence, found.person, found.role) == (
        "2_MX4",
        None,
        "client-ben",
        Role.CLIENT,
    )
    with pytest.raises(Unacceptable):
        speaking.who(token, {"app-2": PUBLIC}, now)


def test_the_token_we_ask_with_says_what_that_of_vonage_jwt_says(now: datetime) -> None:
    account = speaking.Account(application_id="app-1", private_key=PRIVATE)
    request = next(speaking.ask("https://video.api.vonage.com", Call("2_MX4", "run-1", {}), account, now))
    ours = request.headers["Authorization"].removeprefix("Bearer ")
    theirs = JwtClient("app-1", PRIVATE).generate_application_jwt().decode()

    read = [jwt.decode(token, PUBLIC, algorithms=["RS256"]) for token in (ours, theirs)]

    assert read[0].keys() == read[1].keys()
    assert {claims["application_id"] for claims in read} == {"app-1"}
    assert jwt.get_unverified_header(ours) == jwt.get_unverified_header(theirs)
    with pytest.raises(Unacceptable):  # it opens no session, whoever holds it
        speaking.who(ours, {"app-1": PUBLIC}, now)
