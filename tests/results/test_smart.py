"""Tokens by SMART Backend Services, against an endpoint that checks every assertion to the letter."""

import asyncio
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plugin.ports import Postponed
from tests.results import keys, samples
from tests.results.faults import Fault, html, redirect, status
from tests.results.record_server import serving
from tests.results.recorded import Clock, RecordServer
from tests.results.saving import results, save_until_done, signing

TROUBLE: dict[str, Fault] = {
    "token_invalid_client": status(400, body='{"error":"invalid_client","error_description":"Ana"}'),
    "token_400": status(400, body='{"error":"marker of the host"}'),
    "token_401": status(401),
    "token_403": html(403),
    "token_404": status(404),
    "token_429": status(429, after="3"),
    "token_500": status(500),
    "token_307": redirect(),
}
UNCLEAR = {
    "HTML": "<html>",
    "empty": "",
    "a list": "[]",
    "no token": '{"token_type":"bearer"}',
    "another type": '{"access_token":"x","token_type":"mac"}',
    "a token with a line break": '{"access_token":"x\\ny","token_type":"bearer"}',
    "a life that is over": '{"access_token":"x","token_type":"bearer","expires_in":0}',
    "no number": '{"access_token":"x","token_type":"bearer","expires_in":NaN}',
}


@pytest.mark.parametrize(
    ("key", "algorithm"), [(keys.curve, "ES384"), (keys.classic, "RS384")], ids=["ES384", "RS384"]
)
async def test_the_key_decides_how_an_assertion_is_signed(
    key: Callable[[], ec.EllipticCurvePrivateKey], algorithm: str
) -> None:
    record = RecordServer(Clock())
    async with serving(record), results(record, access=signing(keys.pem(key()))) as kept:
        await kept.save(samples.order(), samples.pulse())
    assert [one["alg"] for one in record.assertions] == [algorithm]
    issued = int(samples.AT.timestamp())
    assert record.assertions[0]["iat"] == issued
    assert record.assertions[0]["exp"] - issued <= 300


async def test_every_try_has_an_assertion_of_its_own() -> None:
    record = RecordServer(Clock())
    record.token_faults.extend([status(500), status(429), status(401), html()])
    async with serving(record), results(record) as kept:
        await save_until_done(kept, samples.pulse(), clock=record.clock)
    assert len({one["jti"] for one in record.assertions}) == len(record.assertions) == 5


@pytest.mark.parametrize("life", [60, "60", 300, 10, 1], ids=str)
async def test_a_token_is_used_for_most_of_its_life_and_never_beyond_it(life: object) -> None:
    record = RecordServer(Clock(), token_life=life)
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(1), samples.pulse())
        record.clock.seconds += float(str(life)) * 0.49
        await kept.save(samples.order(2), samples.pulse())
        assert record.times("token") == 1
        record.clock.seconds += float(str(life)) * 0.51
        await kept.save(samples.order(3), samples.pulse())
    assert record.times("token") == 2
    assert len(record.of("QuestionnaireResponse")) == 3


async def test_a_token_of_sixty_seconds_is_renewed_before_it_ends() -> None:
    record = RecordServer(Clock(), token_life=60)
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(1), samples.pulse())
        record.clock.seconds += 53
        await kept.save(samples.order(2), samples.pulse())
        assert record.times("token") == 1
        record.clock.seconds += 2
        await kept.save(samples.order(3), samples.pulse())
    assert record.times("token") == 2


async def test_a_refused_token_is_replaced_once() -> None:
    record = RecordServer(Clock(), token_life=3600)
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(1), samples.pulse())
        record.tokens.append("revoked by somebody else")
        await kept.save(samples.order(2), samples.pulse())
        assert record.times("token") == 2
        record.create_faults.extend([status(401), status(401)])
        with pytest.raises(Postponed, match="http_401"):
            await kept.save(samples.order(3), samples.pulse())
    assert record.times("token") == 3


@pytest.mark.parametrize("reason", TROUBLE)
async def test_a_token_endpoint_in_trouble_only_postpones(reason: str) -> None:
    record = RecordServer(Clock())
    record.token_faults.extend([TROUBLE[reason]] * 3)
    async with serving(record), results(record) as kept:
        reasons = await save_until_done(kept, samples.pulse(), clock=record.clock)
    assert reasons == [reason] * 3
    assert len(record.of("QuestionnaireResponse")) == 1


@pytest.mark.parametrize("body", UNCLEAR)
async def test_a_token_that_cannot_be_understood_only_postpones(body: str) -> None:
    record = RecordServer(Clock())
    record.token_faults.append(status(200, body=UNCLEAR[body]))
    async with serving(record), results(record) as kept:
        assert await save_until_done(kept, samples.pulse(), clock=record.clock) == ["token_unclear"]
    assert len(record.of("QuestionnaireResponse")) == 1


async def test_the_wait_that_a_token_endpoint_asks_for_is_passed_on() -> None:
    record = RecordServer(Clock())
    record.token_faults.append(status(429, after="17"))
    async with serving(record), results(record) as kept:
        with pytest.raises(Postponed) as caught:
            await kept.save(samples.order(), samples.pulse())
    assert caught.value.after == 17


async def test_whoever_waits_for_a_token_shares_its_fate() -> None:
    record = RecordServer(Clock())
    record.token_faults.append(status(500))
    async with serving(record), results(record) as kept:
        saves = (kept.save(samples.order(at), samples.pulse()) for at in range(1, 6))
        ends = await asyncio.gather(*saves, return_exceptions=True)
        assert [end.reason for end in ends if isinstance(end, Postponed)] == ["token_500"] * 5
        assert record.times("token") == 1
        await asyncio.gather(*(kept.save(samples.order(at), samples.pulse()) for at in range(1, 6)))
    assert record.times("token") == 2
    assert len(record.of("QuestionnaireResponse")) == 5


async def test_an_unknown_scope_is_asked_for_again_without_what_is_not_needed() -> None:
    record = RecordServer(Clock(), granted=None)
    record.token_faults.append(status(400, body='{"error":"invalid_scope"}'))
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(), samples.pulse())
    assert "system/CodeSystem.crs" in record.scopes_asked[0]
    assert record.scopes_asked[1] == (
        "system/Consent.crs system/Observation.crs system/QuestionnaireResponse.crs"
    )


async def test_a_server_of_the_first_version_is_asked_in_its_own_words() -> None:
    record = RecordServer(
        Clock(), capabilities=("permission-v1",), granted="system/*.read system/QuestionnaireResponse.*"
    )
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(), samples.pulse())
    assert set(record.scopes_asked[0].split()) >= {"system/Consent.read", "system/Consent.write"}
    assert ".crs" not in record.scopes_asked[0]


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nnothing\n-----END PRIVATE KEY-----\n",
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
    ],
    ids=["empty", "damaged", "another curve"],
)
def test_a_key_that_cannot_sign_is_said_so_at_once(key: bytes) -> None:
    with pytest.raises(ValueError, match="the record's key"):
        signing(key)


@pytest.mark.parametrize("base", ["http://record.example/fhir", "ftp://record.example", "", "https://"])
async def test_a_record_without_tls_is_refused_off_this_machine(base: str) -> None:
    with pytest.raises(ValueError, match="https"):
        async with results(RecordServer(Clock(), base=base)):
            pass
