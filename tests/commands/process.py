"""The command line as others use it: a process with arguments and an environment."""

import asyncio
import json
import os
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.house import MASTER, OVERLAY_KEY, TOKEN_KEY, WHSEC

ROOT = Path(__file__).parents[2]


def fermata(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("FERMATA_")}
    return subprocess.run(
        [sys.executable, "-m", "plugin", *args],
        cwd=ROOT,
        env=own | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def config_in(folder: Path, port: int = 0, changes: Mapping[str, str] | None = None) -> Path:
    """A whole installation as a file; its journal lies in ``folder/data``."""
    file = folder / "fermata.toml"
    lines = {
        "data": f'"{folder / "data"}"',
        "port": str(port),
        "master_keys": f'{{ m1 = "{MASTER}" }}',
        "token_keys": f'{{ o1 = "{OVERLAY_KEY}" }}',
        "pseudonym_key": '"pseudonym-key-0123456789-abcdefghij"',
        **(changes or {}),
    }
    host = f"""
        [[hosts]]
        tenant = "north"
        host = "sandbox"
        url = "http://127.0.0.1:9"
        webhook_keys = {{ w1 = "{WHSEC}" }}
        token_keys = {{ t1 = "{TOKEN_KEY}" }}
    """
    file.write_text("\n".join(f"{name} = {value}" for name, value in lines.items()) + host)
    return file


def said(run: subprocess.CompletedProcess[str]) -> str:
    """The one line on standard error; anything more is a failure."""
    assert run.stdout == ""
    [line] = run.stderr.splitlines()
    return line


@asynccontextmanager
async def serving(config: Path, port: int) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "plugin", "serve", "--config", str(config), cwd=ROOT, stdout=PIPE, stderr=PIPE
    )
    try:
        async with aiohttp.ClientSession() as http, asyncio.timeout(20):
            while not await ready(http, port):  # noqa: ASYNC110 - another process can only be asked again
                await asyncio.sleep(0.02)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ready(http: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


def rows(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert run.stderr == ""
    return [json.loads(line) for line in run.stdout.splitlines()]
