"""The plugin's manifest decides how far the record API is open to it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from plugin.sandbox.settings import Misconfigured, SandboxSettings, settings_from
from tests.sandbox.pretend_plugin import PretendPlugin
from tests.sandbox.record.stranger import claims, ec_key, form, header, jwks
from tests.sandbox.running import Running, eventually, running
from tests.sandbox.test_start import ENVIRONMENT

ASKED = "system/Observation.crus system/Consent.crus system/Patient.rs"


@pytest.fixture
def settings(settings: SandboxSettings, plugin: PretendPlugin) -> SandboxSettings:
    plugin.keys = jwks(ec_key("one"))
    settings.data.mkdir()
    clients = settings.data / "clients.json"
    registered = [
        {"client_id": "plugin", "scope": ASKED, "jwks_uri": f"{settings.plugin_url}/keys.json"},
        {"client_id": "reader", "scope": "system/*.rs", "jwks": jwks(ec_key("reader"))},
    ]
    clients.write_text(json.dumps(registered))
    return replace(settings, clients=clients)


async def _token(sandbox: Running, client: str = "plugin", kid: str = "one") -> tuple[int, dict[str, Any]]:
    endpoint = f"{sandbox.url}/oauth/token"
    key = ec_key(kid)
    assertion = key.sign(header(key), claims(client, endpoint, datetime.now(UTC)))
    async with sandbox.http.post(endpoint, data=form(assertion, ASKED)) as answer:
        return answer.status, await answer.json()


async def _installed(sandbox: Running) -> bool:
    async with sandbox.http.get(f"{sandbox.url}/healthz") as answer:
        return bool((await answer.json())["installed"])


async def test_the_plugin_gets_the_scopes_that_its_manifest_asks_for(sandbox: Running) -> None:
    await eventually(lambda: _installed(sandbox))
    status, given = await _token(sandbox)
    assert status == 200, given
    assert given["scope"] == ("system/Observation.crus system/Consent.crus")


async def test_a_scope_that_is_taken_away_is_no_longer_granted(
    sandbox: Running, plugin: PretendPlugin
) -> None:
    await eventually(lambda: _installed(sandbox))
    plugin.manifest["scopes"].remove("system/Consent.crus")
    await sandbox.ask("GET", "/api/embed", (await sandbox.enter("client"))["session"])
    assert (await _token(sandbox))[1]["scope"] == "system/Observation.crus"


async def test_without_a_place_for_its_keys_the_plugin_is_nobody(
    sandbox: Running, plugin: PretendPlugin
) -> None:
    await eventually(lambda: _installed(sandbox))
    del plugin.manifest["entry_points"]["jwks"]
    await sandbox.ask("GET", "/api/embed", (await sandbox.enter("client"))["session"])
    assert (await _token(sandbox))[0] == 401


async def test_other_clients_are_not_the_plugins_business(sandbox: Running, plugin: PretendPlugin) -> None:
    plugin.manifest["scopes"] = []
    status, given = await _token(sandbox, "reader", "reader")
    assert status == 200, given
    assert set(given["scope"].split()) == {
        "system/Consent.rs",
        "system/Observation.rs",
        "system/Patient.rs",
    }


async def test_clients_that_cannot_be_read_stop_the_start(settings: SandboxSettings) -> None:
    assert settings.clients
    settings.clients.write_text('[{"client_id": "x"}]')
    with pytest.raises(Misconfigured, match="SANDBOX_CLIENTS cannot be used"):
        async with running(settings):
            pass


def test_clients_are_optional() -> None:
    assert settings_from(ENVIRONMENT).clients is None
