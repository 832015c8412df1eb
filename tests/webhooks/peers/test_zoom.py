"""Zoom's own library verifies what we sign, and makes signatures that we verify.

It signs nothing but the answer to a trial of its address. As it answers a signed trial of any text, it can be had to
sign a whole delivery: that is why ours answers only for plain tokens.
"""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from tests.peer.serving import serving
from tests.webhooks.samples import session
from tests.webhooks.zoom_samples import BODY, KEYS, SECRET, signed, trial
from webhooks import zoom
from webhooks.delivery import Delivery, Handshake, Headers, NotAccepted

pytestmark = pytest.mark.peer

SESSIONS = ("whole-session", "breakout-session")


@pytest.fixture
async def rivet() -> AsyncIterator[str]:
    async with serving(Path(__file__).parent / "rivet", PEER_SECRET=SECRET) as address:
        yield address


async def answers(address: str, deliveries: Sequence[Delivery]) -> list[tuple[int, dict[str, str]]]:
    """What Zoom's receiver says to each."""
    async with aiohttp.ClientSession() as client:
        found = []
        for delivery in deliveries:
            async with client.post(address, data=delivery.body, headers=list(delivery.headers)) as response:
                found.append((response.status, await response.json()))
        return found


async def test_rivet_verifies_what_we_sign_and_the_deliveries_kept_here(rivet: str) -> None:
    kept = [line.delivery for name in SESSIONS for line in session("zoom", name)]
    compact = json.dumps(
        json.loads(BODY), separators=(",", ":")
    ).encode()  # rivet writes a body anew to check it

    found = await answers(rivet, [signed(compact), *kept])

    assert {status for status, _ in found} == {200}


async def test_rivet_refuses_what_we_refuse(rivet: str) -> None:
    body = json.dumps(json.loads(BODY), separators=(",", ":")).encode()
    good = signed(body)
    bad = [
        signed(body, secret="x" * 22),
        Delivery(good.headers, body.replace(b"167", b"168")),
        Delivery((), body),
    ]

    assert [status for status, _ in await answers(rivet, bad)] == [400, 400, 400]
    for delivery in bad:
        with pytest.raises(NotAccepted):
            zoom.verify(delivery, KEYS, datetime.now(UTC))


def trial_of(token: str, now: datetime) -> Delivery:
    compact = json.dumps(json.loads(trial(token)), separators=(",", ":")).encode()
    return zoom.sign(compact, "token", SECRET, now, key="")


async def test_rivet_and_we_answer_a_trial_alike(rivet: str) -> None:
    now = datetime.now(UTC)
    delivery = trial_of("qgg8vlvZRS6UYooatFL8Aw", now)

    [(status, answer)] = await answers(rivet, [delivery])
    with pytest.raises(Handshake) as ours:
        zoom.verify(delivery, KEYS, now)

    assert (status, answer) == (200, json.loads(ours.value.answer))


async def test_a_signature_that_rivet_makes_over_a_delivery_is_verified_and_ours_cannot_be_had(
    rivet: str,
) -> None:
    now = datetime.now(UTC)
    stamp = str(int(now.timestamp()))
    text = f"v0:{stamp}:{BODY.decode()}"
    delivery = trial_of(text, now)

    [(_, answer)] = await answers(rivet, [delivery])

    headers: Headers = (
        ("x-zm-request-timestamp", stamp),
        ("x-zm-signature", "v0=" + answer["encryptedToken"]),
    )
    assert zoom.verify(Delivery(headers, BODY), KEYS, now) == "token"
    with pytest.raises(NotAccepted):
        zoom.verify(delivery, KEYS, now)
