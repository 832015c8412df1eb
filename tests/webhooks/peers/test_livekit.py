"""LiveKit's own package signs what we verify, verifies what we sign, and takes the token we ask with."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from livekit import api

from plugin.hosts import livekit as speaking
from plugin.hosts.host import Call
from tests.webhooks.samples import LIVEKIT, joined
from webhooks import livekit
from webhooks.delivery import Delivery, NotAccepted

EVENT = json.dumps(joined()).encode()
SECRET = LIVEKIT["fermatadev"]


@pytest.fixture
def now() -> datetime:
    """The real time: the package reads the clock itself."""
    return datetime.now(UTC)


@pytest.mark.parametrize("life", [timedelta(minutes=5), timedelta(hours=6)])
def test_what_livekit_api_signs_is_verified(life: timedelta, now: datetime) -> None:
    token = api.AccessToken("fermatadev", SECRET).with_ttl(life)
    jwt = token.with_sha256(b64encode(sha256(EVENT).digest()).decode()).to_jwt()

    assert livekit.verify(Delivery((("Authorization", jwt),), EVENT), LIVEKIT, now) == "fermatadev"
    with pytest.raises(NotAccepted):
        livekit.verify(Delivery((("Authorization", jwt),), EVENT + b" "), LIVEKIT, now)


def test_livekit_api_verifies_and_reads_what_we_sign(now: datetime) -> None:
    headers = dict(livekit.sign(EVENT, "fermatadev", SECRET, now, key="EV_1").headers)
    receiver = api.WebhookReceiver(api.TokenVerifier("fermatadev", SECRET))

    event = receiver.receive(EVENT.decode(), headers["Authorization"])

    assert (event.event, event.id) == ("participant_joined", "EV_1")
    assert event.participant.attributes["role"] == "client"


def test_a_join_token_of_livekit_api_is_no_webhook(now: datetime) -> None:
    grants = api.VideoGrants(room_join=True, room="room-1")
    token = api.AccessToken("fermatadev", SECRET).with_identity("client-1").with_grants(grants)

    with pytest.raises(NotAccepted):
        livekit.verify(Delivery((("Authorization", token.to_jwt()),), EVENT), LIVEKIT, now)


def test_livekit_api_takes_the_token_we_ask_with_and_it_opens_that_room_alone(now: datetime) -> None:
    account = speaking.Account(key="fermatadev", secret=SECRET)
    request = next(speaking.ask("https://livekit.example", Call("room-1", "RM_1", {}), account, now))
    token = request.headers["Authorization"].removeprefix("Bearer ")

    video = api.TokenVerifier("fermatadev", SECRET).verify(token).video

    assert video == api.VideoGrants(room_admin=True, room="room-1", room_list=True)
    with pytest.raises(Exception, match="Signature"):
        api.TokenVerifier("fermatadev", SECRET[::-1]).verify(token)
