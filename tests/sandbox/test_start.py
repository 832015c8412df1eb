"""Starting and stopping: clear refusals, a line for whoever started it, nothing lost by a kill."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from plugin.sandbox.settings import Misconfigured, settings_from
from tests.sandbox.pretend_plugin import PretendPlugin
from tests.sandbox.running import OLD_SECRET, SECRET, Running, eventually, free_port, whsec

ENVIRONMENT = {
    "SANDBOX_PORT": "8000",
    "SANDBOX_DATA": "data",
    "SANDBOX_PLUGIN_URL": "http://127.0.0.1:8001/",
    "SANDBOX_TENANT": "harbour",
    "SANDBOX_WEBHOOK_SECRETS": f"a={whsec(SECRET)},b={whsec(OLD_SECRET)}",
    "SANDBOX_TOKEN_KEYS": "k=0123456789abcdef0123456789abcdef",
}


def test_settings_are_read_from_the_environment() -> None:
    settings = settings_from(ENVIRONMENT)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.plugin_url == "http://127.0.0.1:8001"
    assert list(settings.webhook_secrets.values()) == [SECRET, OLD_SECRET]
    assert "0123456789abcdef" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SANDBOX_PORT", "", "SANDBOX_PORT is not set"),
        ("SANDBOX_PORT", "many", "not a port number"),
        ("SANDBOX_PORT", "70000", "not a port number"),
        ("SANDBOX_TENANT", "", "SANDBOX_TENANT is not set"),
        ("SANDBOX_PLUGIN_URL", "ftp://x", "not an address"),
        ("SANDBOX_PLUGIN_URL", "http://x/path", "not an address"),
        ("SANDBOX_WEBHOOK_SECRETS", "just-one", "not a list"),
        ("SANDBOX_WEBHOOK_SECRETS", "a=whsec_YQ==", "24 to 64 bytes"),
        ("SANDBOX_WEBHOOK_SECRETS", "a=secret", "24 to 64 bytes"),
        ("SANDBOX_WEBHOOK_SECRETS", ",".join(f"{k}={whsec(SECRET)}" for k in "abc"), "more than two"),
        ("SANDBOX_TOKEN_KEYS", "k=short", "shorter than 32 bytes"),
        ("SANDBOX_EMPTY_SECONDS", "soon", "not a number of seconds"),
        ("SANDBOX_EMPTY_SECONDS", "nan", "not between"),
    ],
)
def test_a_setting_that_cannot_be_right_is_named(name: str, value: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=words) as refused:
        settings_from({**ENVIRONMENT, name: value})
    assert name in str(refused.value)
    assert value not in str(refused.value) or not value


@asynccontextmanager
async def _process(environment: Mapping[str, str]) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "plugin.sandbox", stdout=PIPE, stderr=PIPE, env={**os.environ, **environment}
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _ready(process: Process) -> dict[str, Any]:
    assert process.stdout
    line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
    word, _, document = line.partition(" ")
    assert word == "SANDBOX_READY"
    ready: dict[str, Any] = json.loads(document)
    return ready


async def test_a_missing_secret_stops_the_start_with_one_line(tmp_path: Path) -> None:
    environment = {**ENVIRONMENT, "SANDBOX_DATA": str(tmp_path), "SANDBOX_TOKEN_KEYS": ""}
    async with _process(environment) as process:
        _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert errors.decode() == "sandbox: SANDBOX_TOKEN_KEYS is not set\n"


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_when_it_is_ready_and_stops_cleanly(tmp_path: Path, stop: signal.Signals) -> None:
    environment = {**ENVIRONMENT, "SANDBOX_DATA": str(tmp_path), "SANDBOX_PORT": str(free_port())}
    async with _process(environment) as process:
        ready = await _ready(process)
        assert set(ready) == {"therapist", "client", "guest", "record", "fhir", "token_url", "sandbox"}
        async with aiohttp.ClientSession() as http, http.get(f"{ready['sandbox']}/healthz") as answer:
            assert answer.status == 200
        process.send_signal(stop)
        _, errors = await asyncio.wait_for(process.communicate(), 10)
    assert (process.returncode, errors) == (0, b"")


async def test_a_kill_loses_no_webhook(tmp_path: Path, plugin: PretendPlugin, plugin_url: str) -> None:
    environment = {
        **ENVIRONMENT,
        "SANDBOX_DATA": str(tmp_path),
        "SANDBOX_PORT": str(free_port()),
        "SANDBOX_PLUGIN_URL": plugin_url,
        "SANDBOX_EMPTY_SECONDS": "0.2",
    }
    plugin.answers = [503] * 10_000
    async with _process(environment) as process, aiohttp.ClientSession() as http:
        ready = await _ready(process)
        sandbox = Running(ready["sandbox"], ready, http)
        async with sandbox.seated("client", "peer-client"):
            process.kill()
            await process.wait()
    with sqlite3.connect(tmp_path / "sandbox.sqlite3") as db:
        assert db.execute("SELECT count(*) FROM webhook").fetchone() == (2,)
    db.close()
    plugin.answers = []
    async with _process(environment) as process:
        await _ready(process)
        await eventually(lambda: plugin.types()[-1:] == ["meeting.ended"], within_s=20)
    assert plugin.types() == ["meeting.started", "participant.joined", "participant.left", "meeting.ended"]
