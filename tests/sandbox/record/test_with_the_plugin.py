"""The plugin's own adapter against the record: two implementations that share no code."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientTimeout, web

from plugin.core.orders import Result
from plugin.results.fhir import FhirResults
from plugin.results.place import Place
from plugin.sandbox.record import Client
from plugin.sandbox.record.gate import Next
from tests.results import samples
from tests.results.keys import pem
from tests.results.recorded import Clock
from tests.results.saving import save_until_done, signing
from tests.sandbox.record.conftest import Record, Serve
from tests.sandbox.record.stranger import ec_key, jwks
from tests.sandbox.record.test_interactions import r4b

MANIFEST = json.loads((Path(__file__).parents[3] / "manifest.json").read_text("utf-8"))

RESULTS: list[Result] = [
    samples.pulse(),
    samples.mirror(),
    samples.counted(),
    samples.pause(),
    samples.moment_of_the_therapist(),
    samples.consent(),
]


@asynccontextmanager
async def adapter(record: Record, clock: Clock) -> AsyncIterator[FhirResults]:
    record.clients["fermata"] = Client("fermata", " ".join(MANIFEST["scopes"]), jwks=jwks(ec_key()))
    place = Place(
        tenant="north",
        base=record.fhir,
        access=signing(pem(ec_key().private), kid=ec_key().kid, now=record.clock),
        secret=samples.SECRET,
        times=ClientTimeout(total=2),
    )
    results = FhirResults(place, now=record.clock, clock=clock)
    yield results
    await results.close()


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: f"{result.type}-{getattr(result, 'role', '')}")
async def test_every_result_is_taken_once_and_read_back(record: Record, result: Result) -> None:
    clock = Clock()
    for _ in range(2):
        async with adapter(record, clock) as results:
            await save_until_done(results, result, clock=clock)
    kinds = ("Consent", "Observation", "QuestionnaireResponse")
    (stored,) = [one for kind in kinds for one in await record.store.everything(kind)]
    assert stored.version == 1
    read = await record.call("GET", f"/{stored.kind}/{stored.id}")
    assert read.body == stored.resource
    r4b(read.body)


async def test_the_definitions_that_responses_point_to_are_there(record: Record) -> None:
    clock = Clock()
    async with adapter(record, clock) as results:
        await save_until_done(results, samples.pulse(), clock=clock)
    (response,) = await record.store.everything("QuestionnaireResponse")
    url, _, version = str(response.resource["questionnaire"]).partition("|")
    found = await record.call("GET", f"/Questionnaire?url={url}&version={version}")
    assert found.body["total"] == 1
    assert (await record.call("GET", "/CodeSystem?url=urn:fermata:codes")).body["total"] == 1


async def test_a_call_that_outlasts_its_tokens_is_still_stored(record: Record) -> None:
    clock = Clock()
    async with adapter(record, clock) as results:
        await results.save(samples.order(1), samples.pause())
        clock.seconds += 5700
        record.clock.at += timedelta(seconds=5700)
        await results.save(samples.order(2), samples.pulse())
    assert len(await record.store.everything("QuestionnaireResponse")) == 1


def cut(request: web.Request) -> web.StreamResponse:
    """Close the line without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


FAULTS: dict[str, Callable[[web.Request], web.StreamResponse]] = {
    "the line cut": cut,
    "500": lambda _request: web.Response(status=500),
    "429": lambda _request: web.Response(status=429, headers={"Retry-After": "1"}),
    "HTML": lambda _request: web.Response(text="<html></html>", content_type="text/html"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("path", ["/fhir/Observation", "/oauth/token"])
async def test_a_fault_after_the_work_was_done_doubles_nothing(
    serve: Serve, path: str, fault: Callable[[web.Request], web.StreamResponse]
) -> None:
    left = [3]

    @web.middleware
    async def unlucky(request: web.Request, handler: Next) -> web.StreamResponse:
        answer = await handler(request)
        if request.path != path or request.method != "POST" or not left[0]:
            return answer
        left[0] -= 1
        return fault(request)

    record, clock = await serve(middlewares=(unlucky,)), Clock()
    async with adapter(record, clock) as results:
        reasons = await save_until_done(results, samples.pause(), clock=clock)
    assert reasons
    assert left[0] < 3
    (stored,) = await record.store.everything("Observation")
    assert stored.version == 1
