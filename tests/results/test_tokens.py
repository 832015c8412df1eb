"""Tokens of every method: with a secret in the header or in the form, from an endpoint that is given, or static."""

import pytest

from plugin.ports import Postponed
from plugin.results.credentials import ClientSecret, SecretMethod
from plugin.results.place import Bearer
from tests.results import samples
from tests.results.faults import status
from tests.results.proofs import CLIENT_SECRET, STATIC_TOKEN
from tests.results.record_server import serving
from tests.results.recorded import Clock, RecordServer
from tests.results.saving import results, save_until_done

METHODS: tuple[SecretMethod, ...] = ("client_secret_basic", "client_secret_post")


def secret(method: SecretMethod) -> ClientSecret:
    return ClientSecret("fermata", CLIENT_SECRET, method=method)


@pytest.mark.parametrize("method", METHODS)
async def test_a_secret_stands_where_the_method_says_and_nowhere_else(method: SecretMethod) -> None:
    record = RecordServer(Clock(), method=method)
    async with serving(record), results(record, access=secret(method)) as kept:
        await kept.save(samples.order(), samples.pulse())
    assert record.seen[:3] == ["metadata", "discovery", "token"]
    assert len(record.of("QuestionnaireResponse")) == 1


@pytest.mark.parametrize("method", METHODS)
async def test_a_server_without_discovery_is_asked_where_the_settings_say(method: SecretMethod) -> None:
    record = RecordServer(Clock(), method=method, discovery=False)
    async with serving(record):
        elsewhere = record.base.replace("127.0.0.1", "localhost").replace("/fhir", "/oauth/token")
        async with results(record, access=secret(method), token_url=elsewhere) as kept:
            await kept.save(samples.order(), samples.pulse())
    assert record.times("discovery") == 0
    assert len(record.of("QuestionnaireResponse")) == 1


@pytest.mark.parametrize("token_type", ["bearer", "BEARER", "Bearer"])
async def test_the_word_bearer_is_read_in_any_case(token_type: str) -> None:
    record = RecordServer(Clock(), token_type=token_type)
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(), samples.pulse())
    assert len(record.of("QuestionnaireResponse")) == 1


async def test_a_token_that_does_not_say_how_long_it_lives_is_renewed_after_five_minutes() -> None:
    record = RecordServer(Clock(), token_life=None)
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(1), samples.pulse())
        record.clock.seconds += 265
        await kept.save(samples.order(2), samples.pulse())
        assert record.times("token") == 1
        record.clock.seconds += 10
        await kept.save(samples.order(3), samples.pulse())
    assert record.times("token") == 2


@pytest.mark.parametrize("granted", [None, "system/QuestionnaireResponse.crs"], ids=["absent", "narrower"])
async def test_a_scope_that_is_absent_is_what_was_asked_and_a_narrower_one_is_kept_to(
    granted: str | None,
) -> None:
    record = RecordServer(Clock(), granted=granted)
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(), samples.pause())
    assert len(record.of("Observation" if granted is None else "QuestionnaireResponse")) == 1


@pytest.mark.parametrize("scope", ["", "api"])
async def test_a_server_with_scopes_of_its_own_is_asked_in_them_and_believed_by_its_statement(
    scope: str,
) -> None:
    record = RecordServer(Clock(), granted=None)
    async with serving(record), results(record, scope=scope) as kept:
        await kept.save(samples.order(), samples.pause())
    assert record.scopes_asked == [scope]
    assert len(record.of("Observation")) == 1


async def test_a_static_token_is_sent_and_no_other_is_asked_for() -> None:
    record = RecordServer(Clock(), method="bearer", discovery=False)
    async with serving(record), results(record, access=Bearer(STATIC_TOKEN)) as kept:
        await kept.save(samples.order(1), samples.pulse())
        record.clock.seconds += 10**6
        await kept.save(samples.order(2), samples.pause())
    assert record.times("token") == record.times("discovery") == 0
    assert len(record.resources) == 2


async def test_a_refused_static_token_postpones_until_there_is_another_one() -> None:
    record = RecordServer(Clock(), method="bearer")
    async with serving(record):
        async with results(record, access=Bearer(STATIC_TOKEN)) as kept:
            record.tokens.append("of-today-" + STATIC_TOKEN)
            with pytest.raises(Postponed, match="token_refused"):
                await kept.save(samples.order(), samples.pulse())
            assert record.times("create QuestionnaireResponse") == 1
        async with results(record, access=Bearer(record.tokens[-1])) as restarted:
            await save_until_done(restarted, samples.pulse(), clock=record.clock)
    assert len(record.of("QuestionnaireResponse")) == 1


async def test_reaching_the_record_shows_that_a_static_token_is_refused() -> None:
    record = RecordServer(Clock(), method="bearer")
    async with serving(record), results(record, access=Bearer("of-yesterday-" + STATIC_TOKEN)) as kept:
        with pytest.raises(Postponed, match="token_refused"):
            await kept.reach()
    assert record.resources == []


@pytest.mark.parametrize("method", METHODS)
async def test_no_secret_is_in_what_is_raised_or_printed(method: SecretMethod) -> None:
    record = RecordServer(Clock(), method=method)
    record.token_faults.append(status(401, body=f'{{"error":"invalid_client","x":"{CLIENT_SECRET}"}}'))
    async with serving(record), results(record, access=secret(method)) as kept:
        with pytest.raises(Postponed, match="token_invalid_client") as caught:
            await kept.save(samples.order(), samples.pulse())
    shown = [repr(caught.value), repr(secret(method).prove("https://x")), repr(Bearer(STATIC_TOKEN))]
    assert not [one for one in shown if CLIENT_SECRET in one or STATIC_TOKEN in one]


@pytest.mark.parametrize("url", ["http://record.example/token", "ftp://x", ""])
async def test_a_token_endpoint_without_tls_is_refused_off_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="token_url must be https"):
        async with results(RecordServer(Clock(), base="https://record.example/fhir"), token_url=url):
            pass
