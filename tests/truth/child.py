"""The service as a process of its own, to be killed at any moment and begun anew on the same port and journal."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from plugin.journal.dump import dump
from plugin.journal.masters import masters_of
from tests.house import MASTER, ORIGIN, OVERLAY_KEY, TOKEN_KEY, WHSEC, Clock, House, settings_for
from tests.sandbox.running import free_port

ROOT = Path(__file__).parents[2]
SERVE = ("plugin", "serve")
STARTS_WITHIN = 60.0


@dataclass
class Child:
    """``fermata serve`` on a port that stays the same; ``data`` outlives each of its processes."""

    data: Path
    port: int
    environment: dict[str, str]
    module: Sequence[str]
    http: aiohttp.ClientSession
    process: asyncio.subprocess.Process | None = None
    kills: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def journal(self) -> Path:
        return self.data / "journal.db"

    async def start(self) -> None:
        """Start a process; returns once it serves."""
        with (self.data.parent / f"{self.data.name}.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *self.module, cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        async with asyncio.timeout(STARTS_WITHIN):
            while not await self._ready():  # noqa: ASYNC110 - another process can only be asked again
                await asyncio.sleep(0.01)

    async def _ready(self) -> bool:
        assert self.process
        assert self.process.returncode is None, "the service ended by itself"
        with suppress(aiohttp.ClientError):
            async with self.http.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        return False

    async def kill(self) -> None:
        """SIGKILL; returns once the process is gone."""
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
            self.kills += 1

    def call(self, name: str = "1") -> House:
        """The host's side of one call, now."""
        settings = settings_for(self.data)
        clock = Clock(datetime.now(UTC))
        return House(web.Application(), self.url, clock, self.http, settings, f"run-{name}", f"room-{name}")

    def bodies(self, journal: Path | None = None) -> list[dict[str, Any]]:
        """Every record of the journal, or of a copy of it, opened."""
        rows = list(dump(journal or self.journal, masters_of({"m1": MASTER})))
        assert [row["broken"] for row in rows if row["broken"]] == []
        return [body for row in rows if isinstance(body := row["body"], dict)]


def environment_for(
    data: Path, port: int, origins: Sequence[str], results: dict[str, str] | None
) -> dict[str, str]:
    host: dict[str, Any] = {
        "tenant": "north",
        "host": "sandbox",
        "url": "http://127.0.0.1:1",
        "webhook_keys": {"w1": WHSEC},
        "token_keys": {"t1": TOKEN_KEY},
        **({"results": results} if results else {}),
    }
    own = {name: value for name, value in os.environ.items() if not name.startswith("FERMATA_")}
    return own | {
        "FERMATA_DATA": str(data),
        "FERMATA_PORT": str(port),
        "FERMATA_ORIGINS": " ".join((ORIGIN, *origins)),
        "FERMATA_MASTER_KEYS": f"m1={MASTER}",
        "FERMATA_TOKEN_KEYS": f"o1={OVERLAY_KEY}",
        "FERMATA_PSEUDONYM_KEY": "pseudonym-key-0123456789-abcdefghij",
        "FERMATA_HOSTS": json.dumps([host]),
    }


@asynccontextmanager
async def serving(
    data: Path,
    *,
    origins: Sequence[str] = (),
    results: dict[str, str] | None = None,
    module: Sequence[str] = SERVE,
) -> AsyncIterator[Child]:
    """A running service; whatever process it has at the end is killed."""
    port = free_port()
    async with aiohttp.ClientSession() as http:
        child = Child(data, port, environment_for(data, port, origins, results), module, http)
        try:
            await child.start()
            yield child
        finally:
            await child.kill()
