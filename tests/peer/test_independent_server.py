"""Every result into a FHIR server that is not ours: Medplum's router, validation and search."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from plugin.core.orders import Result
from plugin.exchange import Exchange
from plugin.ports import Hopeless
from plugin.results.elements import Element
from plugin.results.fhir import FhirResults
from plugin.results.place import Place
from plugin.results.scopes import SCOPES
from plugin.results.smart import discovered
from plugin.results.tokens import ClientTokens
from tests.peer.serving import independent_server
from tests.results import keys, samples
from tests.results.saving import signing

pytestmark = pytest.mark.peer

ALL: tuple[Result, ...] = (
    samples.consent(),
    samples.consent(therapist=False),
    samples.pulse(),
    samples.mirror(),
    samples.counted(),
    samples.pause(),
    samples.moment_of_the_therapist(),
)
KINDS = ("Consent", "QuestionnaireResponse", "Observation", "Provenance", "Questionnaire", "CodeSystem")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def base() -> AsyncIterator[str]:
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(keys.curve().public_key()))
    async with independent_server(json.dumps({"keys": [{**jwk, "kid": "k1"}]})) as base:
        yield base


@asynccontextmanager
async def kept_at(base: str) -> AsyncIterator[FhirResults]:
    place = Place(tenant="north", base=base, access=signing(now=now), secret=samples.SECRET)
    kept = FhirResults(place, now=now)
    try:
        yield kept
    finally:
        await kept.close()


async def held(base: str) -> dict[str, list[dict[str, Any]]]:
    """Everything the server holds, by type, read with a token of its own."""
    exchange = Exchange(now=now)
    reader = signing(client="reader", now=now)
    token = await ClientTokens(exchange, discovered(exchange, base), reader, scope=SCOPES).token()
    found = {}
    for kind in KINDS:
        url = f"{base}/{kind}?_count=100"
        answer = await exchange.ask("GET", url, headers={"Authorization": f"Bearer {token.value}"})
        assert answer.document is not None
        found[kind] = [entry["resource"] for entry in answer.document.get("entry", [])]
    await exchange.close()
    return found


async def test_an_independent_server_takes_one_of_each(base: str) -> None:
    async with kept_at(base) as kept:
        for place, result in enumerate(ALL):
            await kept.save(samples.order(place), result)
    async with kept_at(base) as successor:
        saves = (successor.save(samples.order(place), result) for place, result in enumerate(ALL))
        await asyncio.gather(*saves)
    assert {kind: len(resources) for kind, resources in (await held(base)).items()} == {
        "Consent": 2,
        "QuestionnaireResponse": 3,
        "Observation": 2,
        "Provenance": 6,
        "Questionnaire": 3,
        "CodeSystem": 1,
    }


async def test_an_independent_server_refuses_what_is_broken(
    base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object, **_named: object) -> Element:
        return {"resourceType": "Observation", "status": "final", "answers": []}

    monkeypatch.setattr("plugin.results.fhir.resource_of", broken)
    async with kept_at(base) as kept:
        with pytest.raises(Hopeless, match="http_400"):
            await kept.save(samples.order(), samples.pause())
