import asyncio
import json
import os
import signal
import stat
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import jwt

from plugin.commands.demo_processes import PAUSES
from tests.commands.process import ROOT, fermata

FIELDS = {
    "therapist", "client", "record", "fhir", "token_url", "client_id", "kid", "alg", "scope", "private_key", "plugin",
    "sandbox", "plugin_pid", "sandbox_pid",
}  # fmt: skip


@asynccontextmanager
async def demo(data: Path) -> AsyncIterator[tuple[Process, dict[str, Any]]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "plugin",
        "demo",
        "--json",
        "--data",
        str(data),
        cwd=ROOT,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(40):
            yield process, json.loads(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(15):
            await process.wait()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def status(url: str) -> int:
    async with aiohttp.ClientSession() as http:
        try:
            async with http.get(url) as answer:
                return answer.status
        except aiohttp.ClientError:
            return 0


async def test_two_processes_start_and_end_together_and_keep_their_keys(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    async with demo(data) as (process, first):
        assert set(first) == FIELDS
        assert int(first["plugin"].rpartition(":")[2]) == int(first["sandbox"].rpartition(":")[2]) + 1
        assert await status(first["therapist"]) == 200
        assert await status(first["plugin"] + "/manifest.json") == 200
        run = await asyncio.to_thread(fermata, "sessions", "--json", "--data", str(data))
        assert (run.returncode, run.stderr) == (0, "")
        secret = [*data.glob("*.json"), *data.glob("*.pem"), *data.glob("*.toml")]
        assert {stat.S_IMODE(file.stat().st_mode) for file in secret} == {0o600}
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
    assert not alive(first["plugin_pid"])
    assert not alive(first["sandbox_pid"])
    async with demo(data) as (process, again):
        same = FIELDS - {"plugin_pid", "sandbox_pid"}
        assert {name: again[name] for name in same} == {name: first[name] for name in same}
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_a_plugin_that_dies_is_started_again(tmp_path: Path) -> None:
    async with demo(tmp_path / "demo") as (_, links):
        pid = links["plugin_pid"]
        for _ in range(3):
            os.kill(pid, signal.SIGKILL)
            async with asyncio.timeout(30):
                while alive(pid) or await status(links["plugin"] + "/readyz") != 200:  # noqa: ASYNC110 - not ours
                    await asyncio.sleep(0.02)
            pid = int((tmp_path / "demo" / "plugin.pid").read_text())
        assert alive(links["sandbox_pid"])


def test_even_after_many_quick_deaths_a_start_is_never_three_seconds_away() -> None:
    assert max(PAUSES) < 3 - 1
    assert PAUSES[0] == 0


async def test_children_do_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    async with demo(tmp_path / "demo") as (process, links):
        process.kill()
        await process.wait()
        async with asyncio.timeout(10):
            while alive(links["plugin_pid"]) or alive(links["sandbox_pid"]):  # noqa: ASYNC110 - not ours
                await asyncio.sleep(0.05)


async def test_the_second_client_may_read_and_not_write(tmp_path: Path) -> None:
    async with demo(tmp_path / "demo") as (_, links):
        key = Path(links["private_key"]).read_text()
        now = int((await asyncio.to_thread(Path(links["private_key"]).stat)).st_mtime)
        claims = {
            "iss": links["client_id"], "sub": links["client_id"], "aud": links["token_url"], "iat": now,
            "exp": now + 120, "jti": "j1",
        }  # fmt: skip
        assertion = jwt.encode(claims, key, links["alg"], headers={"kid": links["kid"]})
        form = {
            "grant_type": "client_credentials",
            "scope": links["scope"],
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        }
        async with aiohttp.ClientSession() as http:
            async with http.post(links["token_url"], data=form) as answer:
                assert answer.status == 200
                bearer = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
            async with http.get(f"{links['fhir']}/Observation", headers=bearer) as answer:
                assert answer.status == 200
            observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
            fhir = {**bearer, "Content-Type": "application/fhir+json"}
            async with http.post(f"{links['fhir']}/Observation", json=observation, headers=fhir) as answer:
                assert answer.status == 403
