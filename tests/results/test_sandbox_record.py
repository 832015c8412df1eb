"""Results stored into the sandbox's record over HTTP, and read back over its token-authenticated API."""

import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from aiohttp.typedefs import Handler
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from plugin.core.orders import CountedResult, Result
from plugin.exchange import Exchange
from plugin.ports import Postponed
from plugin.results.fhir import FhirResults
from plugin.results.place import Place
from plugin.results.scopes import SCOPES
from plugin.results.smart import discovered
from plugin.results.tokens import ClientTokens
from plugin.sandbox.record import Client, Store, record_app
from tests.results import keys, samples
from tests.results.recorded import Clock
from tests.results.saving import save_until_done, signing
from tests.results.strict import complaints

ALL: tuple[Result, ...] = (
    samples.consent(),
    samples.pulse(),
    samples.mirror(),
    samples.counted(),
    samples.pause(),
    samples.moment_of_the_therapist(),
)

KINDS = ("QuestionnaireResponse", "Observation", "Consent")


def now() -> datetime:
    return samples.AT


@dataclass(slots=True)
class Sandbox:
    base: str
    cut: int = 0
    """How many creates from now on are carried out and never answered."""

    async def read(self, kind: str) -> list[dict[str, Any]]:
        """What another client with read access finds."""
        exchange = Exchange(now=now)
        find = discovered(exchange, self.base)
        tokens = ClientTokens(exchange, find, signing(client="reader"), scope="system/*.rs")
        headers = {"Authorization": f"Bearer {(await tokens.token()).value}"}
        answer = await exchange.ask("GET", f"{self.base}/{kind}", headers=headers)
        await exchange.close()
        assert answer.document is not None
        return [entry["resource"] for entry in answer.document.get("entry", [])]


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    port = unused_port()
    there = Sandbox(f"http://127.0.0.1:{port}/fhir")

    @web.middleware
    async def cutting(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        if there.cut and request.method == "POST" and request.path.startswith("/fhir/") and request.transport:
            there.cut -= 1
            request.transport.abort()
        return answer

    public = {"keys": [_jwk(keys.curve().public_key(), "k1"), _jwk(keys.classic().public_key(), "k2")]}
    clients = {
        "plugin": Client("plugin", SCOPES, jwks=public),
        "reader": Client("reader", "system/*.rs", jwks=public),
    }
    store = Store(tmp_path / "record.sqlite3")
    app = record_app(store, clients, base_url=f"http://127.0.0.1:{port}", now=now, middlewares=[cutting])
    async with TestServer(app, port=port):
        yield there
    store.close()


def _jwk(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, kid: str) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPublicKey):
        return {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key)), "kid": kid}
    return {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key)), "kid": kid}


@asynccontextmanager
async def kept_at(
    sandbox: Sandbox, *, kid: str = "k1", clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[FhirResults]:
    key = keys.curve() if kid == "k1" else keys.classic()
    access = signing(keys.pem(key), client="plugin", kid=kid)
    place = Place(tenant="north", base=sandbox.base, access=access, secret=samples.SECRET)
    kept = FhirResults(place, now=now, clock=clock)
    try:
        yield kept
    finally:
        await kept.close()


def by_instrument(responses: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in responses:
        found.setdefault(one["questionnaire"].rpartition(":")[2], []).append(one)
    return found


@pytest.mark.parametrize("kid", ["k1", "k2"], ids=["ES384", "RS384"])
async def test_every_result_is_found_again_by_another_client(sandbox: Sandbox, kid: str) -> None:
    async with kept_at(sandbox, kid=kid) as kept:
        for place, result in enumerate(ALL):
            await kept.save(samples.order(place), result)
            await kept.save(samples.order(place), result)
    responses = by_instrument(await sandbox.read("QuestionnaireResponse"))
    assert {name: len(found) for name, found in responses.items()} == {
        "session-pulse|1": 2,
        "session-pulse-mirror|1": 1,
    }
    assert [one.get("subject") for one in responses["session-pulse-mirror|1"]] == [
        {"reference": "Practitioner/ben"}
    ]
    assert {str(one.get("subject")) for one in responses["session-pulse|1"]} == {
        "None",
        str({"reference": "Patient/ana"}),
    }
    assert len(await sandbox.read("Observation")) == 2
    assert len(await sandbox.read("Consent")) == 1
    targets = [one["target"][0]["reference"] for one in await sandbox.read("Provenance")]
    named = [one for kind in KINDS for one in await sandbox.read(kind) if "pseudonym" not in json.dumps(one)]
    assert sorted(targets) == sorted(f"{one['resourceType']}/{one['id']}" for one in named)


async def test_definitions_are_published_at_the_sandbox(sandbox: Sandbox) -> None:
    async with kept_at(sandbox) as kept:
        await kept.save(samples.order(), samples.pulse())
    async with kept_at(sandbox) as later:
        await later.save(samples.order(8), samples.pulse())
    published = [*await sandbox.read("Questionnaire"), *await sandbox.read("CodeSystem")]
    assert sorted(one["url"] for one in published) == [
        "urn:fermata:codes",
        "urn:fermata:questionnaire:check-in",
        "urn:fermata:questionnaire:session-pulse",
        "urn:fermata:questionnaire:session-pulse-mirror",
    ]
    assert [complaints(one) for one in published] == [set()] * 4


@pytest.mark.parametrize("result", ALL, ids=lambda result: result.type)
async def test_an_answer_that_got_lost_leaves_one_resource(sandbox: Sandbox, result: Result) -> None:
    async with kept_at(sandbox) as killed:
        sandbox.cut = 1
        with pytest.raises(Postponed, match="no_answer"):
            await killed.save(samples.order(), result)
    clock = Clock()
    async with kept_at(sandbox, clock=clock) as successor:
        await save_until_done(successor, result, clock=clock)
    assert sum([len(await sandbox.read(kind)) for kind in KINDS]) == 1
    assert len(await sandbox.read("Provenance")) == (0 if isinstance(result, CountedResult) else 1)


async def test_a_counted_answer_leads_nobody_back(sandbox: Sandbox) -> None:
    day = samples.AT.date()
    async with kept_at(sandbox) as kept:
        await kept.save(samples.order(1), samples.pulse())
        await kept.save(samples.order(2), samples.counted(day))
        await kept.save(samples.order(3), samples.counted(day - timedelta(days=7)))
    counted = [one for one in await sandbox.read("QuestionnaireResponse") if "subject" not in one]
    pseudonyms = {item["answer"][0]["valueString"] for one in counted for item in one["item"][-1:]}
    assert len(counted) == 2
    assert len(pseudonyms) == 1
    assert not {"author", "source", "encounter"} & {key for one in counted for key in one}
    assert "ana" not in json.dumps(counted)
    places = [f"QuestionnaireResponse/{one['id']}" for one in counted]
    told = json.dumps(await sandbox.read("Provenance"))
    assert "Provenance" in told
    assert not [place for place in places if place in told]
    assert {one["authored"] for one in counted} == {"2026-11-23", "2026-11-16"}
