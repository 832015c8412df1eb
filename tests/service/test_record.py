"""The record is down, slow or wrong while a whole call is held: nothing is lost, and all is stored exactly once."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest

from plugin.results_settings import BearerResults, SecretResults, SignedResults
from plugin.settings import HostSettings
from plugin.web.wellknown import public_key
from tests.house import TOKEN_KEY, WHSEC, House, running
from tests.peer.serving import independent_server
from tests.results import keys
from tests.results.faults import Fault, fails, html, redirect, status
from tests.results.platforms import PLATFORMS, PlainPlatform
from tests.results.proofs import CLIENT_SECRET, STATIC_TOKEN
from tests.results.record_server import serving
from tests.results.recorded import Clock as Seconds
from tests.results.recorded import RecordServer
from tests.service.calls import RealClock, hold

WANTED = Counter({
    "Consent": 1, "Observation": 1, "check-in": 2, "session-pulse": 2, "session-pulse-mirror": 1,
})  # fmt: skip
FAULTS: dict[str, list[Fault | None]] = {
    "answers in order": [],
    "is busy": [status(429, after="0"), status(503), status(500), status(429, after="1")],
    "wants a new token": [status(401), status(401), None, status(401)],
    "talks HTML": [html(), html(502), redirect()],
    "cuts the line": [fails("cut"), fails("cut"), None, fails("cut")],
    "cuts the line after it has written": [fails("cut after writing")] * 3,
}


@asynccontextmanager
async def storing(folder: Path, base: str) -> AsyncIterator[House]:
    """A service that stores at a FHIR server."""
    folder.mkdir(exist_ok=True)
    (folder / "key.pem").write_bytes(keys.pem(keys.curve()))
    results = SignedResults(
        base=base, client_id="fermata", kid="k1", key_file=folder / "key.pem", scope="system/*.crs"
    )
    async with storing_at(folder, results) as house:
        yield house


@asynccontextmanager
async def storing_at(
    folder: Path, results: SignedResults | SecretResults | BearerResults
) -> AsyncIterator[House]:
    """A service with a record of any kind."""
    host = HostSettings(
        tenant="north", host="sandbox", url="http://127.0.0.1:1", results=results,
        webhook_keys={"w1": WHSEC}, token_keys={"t1": TOKEN_KEY},
    )  # fmt: skip
    async with running(folder / "data", RealClock(), hosts=(host,)) as house:
        yield house


def counted(resources: list[dict[str, Any]]) -> Counter[str]:
    return Counter(
        resource["questionnaire"].removeprefix("urn:fermata:questionnaire:").split("|")[0]
        if resource["resourceType"] == "QuestionnaireResponse"
        else resource["resourceType"]
        for resource in resources
    )


PLAIN = Counter({"consent": 1, "pause": 1, "check-in": 2, "session-pulse": 2, "session-pulse-mirror": 1})


@pytest.mark.parametrize("trouble", ["answers in order", "cuts the line after it has written"])
@pytest.mark.parametrize("name", ["plain, secret in the header", "plain, static token"])
async def test_a_whole_call_is_stored_at_a_platform_that_speaks_no_fhir(
    name: str, trouble: str, tmp_path: Path
) -> None:
    async with PLATFORMS[name](tmp_path) as platform:
        assert isinstance(platform, PlainPlatform)
        platform.faults.extend(FAULTS[trouble])
        base, end = platform.base, platform.base.replace("/v1", "/oauth/token")
        results = (
            BearerResults(kind="hostapi", base=base, auth="bearer", token=STATIC_TOKEN)
            if platform.method == "bearer"
            else SecretResults(
                kind="hostapi", base=base, auth="client_secret_basic", client_id="fermata",
                client_secret=CLIENT_SECRET, token_url=end,
            )
        )  # fmt: skip
        async with storing_at(tmp_path, results) as house:
            await hold(house)
            await settled(house)
        held = (await platform.held()).values()
    assert Counter(one.get("instrument", one["type"]) for one in held) == PLAIN
    (counts,) = [one for one in held if one["type"] == "counted"]
    assert "pat-1" not in json.dumps(counts)


async def settled(house: House) -> None:
    """Wait until nothing is owed any more."""
    for _ in range(1200):
        if not await house.service.journal.outstanding():
            return
        await asyncio.sleep(0.05)
    pytest.fail("the record still lacks something after a minute")


@pytest.mark.parametrize("trouble", FAULTS)
async def test_a_whole_call_is_stored_exactly_once_though_the_record(trouble: str, tmp_path: Path) -> None:
    record = RecordServer(Seconds())
    record.create_faults.extend(FAULTS[trouble])
    async with serving(record), storing(tmp_path, record.base) as house:
        await hold(house)
        await settled(house)
    assert counted(record.resources) == WANTED


async def test_a_refusing_token_endpoint_delays_and_loses_nothing(tmp_path: Path) -> None:
    record = RecordServer(Seconds())
    record.token_faults.extend([status(400), status(401), status(500), html(), status(429, after="1")])
    async with serving(record), storing(tmp_path, record.base) as house:
        await hold(house)
        await settled(house)
    assert counted(record.resources) == WANTED


async def test_results_outlive_a_service_that_stopped_before_the_record_was_back(tmp_path: Path) -> None:
    async with storing(tmp_path, "http://127.0.0.1:9/fhir") as house:
        await hold(house)
        assert len(await house.service.journal.outstanding()) > 0
    record = RecordServer(Seconds())
    async with serving(record), storing(tmp_path, record.base) as house:
        await house.service.journal.retry(RealClock()())
        for order in await house.service.journal.outstanding():
            await house.service.journal.postpone(order.order, due_at=RealClock()(), reason="again")
        house.service.performer.nudge()
        await settled(house)
    assert counted(record.resources) == WANTED


@pytest.mark.peer
async def test_a_whole_call_is_stored_in_an_independent_server(tmp_path: Path) -> None:
    jwks = json.dumps({"keys": [public_key("k1", keys.pem(keys.curve()))]})
    async with independent_server(jwks) as base, storing(tmp_path, base) as house:
        pause = await hold(house)
        await settled(house)
        stored = await _everything(base)
    assert counted(stored) == WANTED
    (observation,) = [one for one in stored if one["resourceType"] == "Observation"]
    assert pause in json.dumps(observation)


async def _everything(base: str) -> list[dict[str, Any]]:
    async with aiohttp.ClientSession() as http:
        discovery = await (await http.get(f"{base}/.well-known/smart-configuration")).json()
        endpoint = discovery["token_endpoint"]
        now = int(RealClock()().timestamp())
        claims = {
            "iss": "fermata",
            "sub": "fermata",
            "aud": endpoint,
            "exp": now + 200,
            "iat": now,
            "jti": "reader",
        }
        form = {
            "grant_type": "client_credentials",
            "scope": "system/*.rs",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode(claims, keys.curve(), "ES384", headers={"kid": "k1"}),
        }
        token = (await (await http.post(endpoint, data=form)).json())["access_token"]
        found = []
        for kind in ("Consent", "Observation", "QuestionnaireResponse"):
            headers = {"Authorization": f"Bearer {token}"}
            async with http.get(f"{base}/{kind}?_count=100", headers=headers) as answer:
                found += [entry["resource"] for entry in (await answer.json()).get("entry", [])]
        return found
