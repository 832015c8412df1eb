"""The demo as its user gets it: two processes, their links, and the read-only client of the stored record."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
import uuid
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jwt

from plugin.sandbox import links

Resource = dict[str, Any]
TYPES = (
    "QuestionnaireResponse",
    "Observation",
    "Consent",
    "Questionnaire",
    "CodeSystem",
    "Patient",
    "Practitioner",
)
"""Everything that the demo's host keeps."""

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def eventually(check: Callable[[], Awaitable[bool] | bool], within_s: float = 15) -> None:
    """Wait until *check* holds, for what can only be asked again and again; fails when it does not in time."""
    async with asyncio.timeout(within_s):
        while True:
            held = check()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.05)


@dataclass
class Demo:
    """A running demo and what an outsider can do with it."""

    told: dict[str, Any]
    data: Path
    http: aiohttp.ClientSession
    consented: bool = False
    """Whether the client's yes of an earlier call of this demo is remembered."""

    def link(self, who: str) -> str:
        """The call link of ``therapist`` or ``client``, or the link of the ``record`` page."""
        return str(self.told[who])

    def guest(self) -> str:
        """A call link for somebody whom neither of the two expects; the demo hands out none."""
        key = links.link_key(self.data / "sandbox")
        with closing(sqlite3.connect(self.data / "sandbox" / "sandbox.sqlite3")) as db:
            (meeting,) = db.execute("SELECT id FROM meeting").fetchone()
        return f"{self.told['sandbox']}/call#{links.secret_of(key, meeting, 'guest')}"

    async def enter(self, link: str) -> Resource:
        """Exchange a link as its page does; says the person's id at the host, too."""
        secret = link.partition("#")[2]
        async with self.http.post(f"{self.told['sandbox']}/api/entry", json={"secret": secret}) as answer:
            assert answer.status == 200
            entry: Resource = await answer.json()
            return entry

    async def end(self) -> None:
        """The host ends the meeting for everybody; nothing of the pages is touched."""
        session = (await self.enter(self.link("therapist")))["session"]
        headers = {"Authorization": f"Bearer {session}"}
        async with self.http.post(f"{self.told['sandbox']}/api/end", headers=headers) as answer:
            assert answer.status == 200

    async def listing(self) -> str:
        """What the page of what is stored gets, as text."""
        session = (await self.enter(self.link("record")))["session"]
        headers = {"Authorization": f"Bearer {session}"}
        async with self.http.get(f"{self.told['sandbox']}/api/record", headers=headers) as answer:
            assert answer.status == 200
            return await answer.text()

    async def read(self, type_: str) -> list[Resource]:
        """All resources of a type, over the token-authenticated API, page by page, oldest first."""
        headers = {"Authorization": f"Bearer {await self._token()}"}
        found: list[Resource] = []
        url = f"{self.told['fhir']}/{type_}?_count=50"
        while url:
            async with self.http.get(url, headers=headers) as answer:
                assert answer.status == 200
                bundle = await answer.json(content_type=None)
            found += [entry["resource"] for entry in bundle.get("entry", [])]
            url = next((link["url"] for link in bundle.get("link", []) if link["relation"] == "next"), "")
        return sorted(found, key=lambda one: str(one["meta"]["lastUpdated"]))

    async def everything(self) -> str:
        """Every resource that the host holds, as text to search."""
        return json.dumps([await self.read(type_) for type_ in TYPES], ensure_ascii=False)

    async def _token(self) -> str:
        now = datetime.now(UTC)
        claims = {
            "iss": self.told["client_id"],
            "sub": self.told["client_id"],
            "aud": self.told["token_url"],
            "exp": now + timedelta(minutes=4),
            "jti": str(uuid.uuid4()),
        }
        key = Path(self.told["private_key"]).read_text("utf-8")
        signed = jwt.encode(claims, key, algorithm=self.told["alg"], headers={"kid": self.told["kid"]})
        form = {
            "grant_type": "client_credentials",
            "scope": self.told["scope"],
            "client_assertion_type": _ASSERTION,
            "client_assertion": signed,
        }
        async with self.http.post(self.told["token_url"], data=form) as answer:
            assert answer.status == 200
            return str((await answer.json())["access_token"])

    async def command(self, *words: str) -> list[Resource]:
        """Run ``fermata`` on the demo's data and read its lines of JSON."""
        config = str(self.data / "fermata.toml")
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "plugin", *words, "--config", config, stdout=PIPE, stderr=PIPE
        )
        out, wrong = await child.communicate()
        assert child.returncode == 0, wrong.decode()
        return [json.loads(line) for line in out.splitlines()]

    @asynccontextmanager
    async def service_down(self) -> AsyncIterator[None]:
        """Kill the service, and again each time the demo has started it anew, until the block is left."""
        keeping = asyncio.create_task(self._keep_down())
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _keep_down(self) -> None:
        while True:
            with suppress(ProcessLookupError, ValueError):
                os.kill(int((self.data / "plugin.pid").read_text()), signal.SIGKILL)
            await asyncio.sleep(0.05)


@asynccontextmanager
async def running(data: Path) -> AsyncIterator[Demo]:
    """Start the demo in a fresh folder; stops it, and both its processes, at the end."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "plugin", "demo", "--data", str(data), "--json", stdout=PIPE, stderr=PIPE
    )
    assert child.stdout
    async with asyncio.timeout(60):
        line = await child.stdout.readline()
    if not line:
        raise AssertionError((await child.communicate())[1].decode())
    try:
        async with aiohttp.ClientSession() as http:
            yield Demo(json.loads(line), data, http)
    finally:
        child.terminate()
        async with asyncio.timeout(20):
            await child.communicate()
