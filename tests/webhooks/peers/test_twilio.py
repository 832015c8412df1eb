"""Twilio's own package signs what we verify, verifies what we sign, and makes the access tokens we read."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import ChatGrant, VideoGrant
from twilio.request_validator import RequestValidator, get_signature_algorithm

from plugin.hosts import twilio as speaking
from plugin.signed import Unacceptable
from tests.webhooks.known import Known, known, sample
from webhooks import twilio
from webhooks.delivery import Delivery, NotAccepted
from webhooks.events import Role

HOST: Known = known("twilio")
ACCOUNT, SHARED = HOST.keys
SIGNATURE, SETTINGS = "X-Twilio-Signature", "X-Twilio-Webhooks-Signature-Settings"
API_KEYS = {"SK" + "1" * 32: "api-key-secret-for-tests-0123456789"}


@pytest.fixture
def now() -> datetime:
    """The real time: the package reads the clock itself."""
    return datetime.now(UTC)


def params(delivery: Delivery) -> dict[str, str]:
    return dict(parse_qsl(delivery.body.decode(), keep_blank_values=True))


def theirs(delivery: Delivery, key_id: str, url: str) -> Delivery:
    """The delivery with a signature of Twilio's package in place of ours."""
    settings = f"key={key_id},algorithm=HMAC_SHA256" if key_id == SHARED else ""
    algorithm = get_signature_algorithm(settings)
    signature = RequestValidator(HOST.keys[key_id]).compute_signature(url, params(delivery), algorithm)
    more = ((SETTINGS, settings),) if settings else ()
    return Delivery(((SIGNATURE, signature), *more), delivery.body, HOST.url)


@pytest.mark.parametrize("key_id", HOST.keys)
@pytest.mark.parametrize("port", ["", ":443"])
def test_what_twilio_signs_is_verified(key_id: str, port: str, now: datetime) -> None:
    url = HOST.url.replace(".example", f".example{port}")
    delivery = theirs(HOST.signed(sample("twilio"), now), key_id, url)

    assert twilio.verify(delivery, HOST.keys, now) == key_id
    with pytest.raises(NotAccepted):
        twilio.verify(Delivery(delivery.headers, delivery.body + b"&a=b", HOST.url), HOST.keys, now)


@pytest.mark.parametrize("key_id", HOST.keys)
@pytest.mark.parametrize("port", ["", ":443"])
def test_twilio_verifies_what_we_sign(key_id: str, port: str, now: datetime) -> None:
    url = HOST.url.replace(".example", f".example{port}")
    delivery = twilio.sign(sample("twilio"), key_id, HOST.keys[key_id], now, key="", url=url)
    headers = dict(delivery.headers)
    algorithm = get_signature_algorithm(headers.get(SETTINGS))

    for other, secret in HOST.keys.items():
        right = RequestValidator(secret).validate(HOST.url, params(delivery), headers[SIGNATURE], algorithm)
        assert right is (other == key_id)


def test_an_access_token_of_twilio_s_package_names_its_participant(now: datetime) -> None:
    ((key, secret),) = API_KEYS.items()
    token = AccessToken(ACCOUNT, key, secret, identity="therapist:ther-ana", grants=[VideoGrant("room-1")])

    found = speaking.who(token.to_jwt(), API_KEYS, now)

    assert (found.meeting, found.occurrence, found.person, found.role) == (
        "room-1",
        None,
        "ther-ana",
        Role.THERAPIST,
    )


@pytest.mark.parametrize("grants", [[], [VideoGrant()], [ChatGrant("IS1")]])
def test_an_access_token_for_no_room_is_refused(grants: list[object], now: datetime) -> None:
    ((key, secret),) = API_KEYS.items()
    token = AccessToken(ACCOUNT, key, secret, identity="client:ben", grants=grants)

    with pytest.raises(Unacceptable):
        speaking.who(token.to_jwt(), API_KEYS, now)
