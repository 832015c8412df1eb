"""A running service for tests: the real application on a real port, with a clock that the test moves."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import jwt
from aiohttp import web
from websockets.asyncio.client import ClientConnection, connect

import webhooks.sandbox
from plugin.app import SERVICE, Service, create_app
from plugin.live.link import Link
from plugin.settings import HostSettings, Settings, load
from plugin.web.connections import listen
from tests.browser_end import Browser

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
MASTER = base64.b64encode(bytes((i * 37 + 11) % 256 for i in range(32))).decode()
WHSEC = "whsec_" + base64.b64encode(bytes(range(40, 72))).decode()
OLD_WHSEC = "whsec_" + base64.b64encode(bytes(range(90, 122))).decode()
TOKEN_KEY = "participant-key-0123456789-abcdefgh"
OVERLAY_KEY = "overlay-signing-key-0123456789-abcd"
LIVEKIT_SECRET = "devsecret-devsecret-devsecret-0001"
ORIGIN = "https://calls.example"


class Clock:
    """The clock of the wall, moved by hand."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


def settings_for(data: Path, **changes: Any) -> Settings:
    whole: dict[str, Any] = {
        "data": data,
        "port": 0,
        "origins": (ORIGIN,),
        "master_keys": {"m1": MASTER},
        "token_keys": {"o1": OVERLAY_KEY},
        "pseudonym_key": "pseudonym-key-0123456789-abcdefghij",
        "hosts": (
            HostSettings(
                tenant="north",
                host="sandbox",
                url="http://127.0.0.1:1",
                webhook_keys={"w1": WHSEC, "w0": OLD_WHSEC},
                token_keys={"t1": TOKEN_KEY},
            ),
            HostSettings(
                tenant="north",
                host="livekit",
                url="http://127.0.0.1:1",
                webhook_keys={"fermatadev": LIVEKIT_SECRET},
                token_keys={"fermatadev": LIVEKIT_SECRET},
            ),
        ),
        **changes,
    }
    return load(Settings, **whole)


@dataclass
class House:
    """The service, its address, and short words for what hosts and browsers do."""

    app: web.Application
    url: str
    clock: Clock
    http: aiohttp.ClientSession
    settings: Settings
    occurrence: str = "run-1"
    meeting: str = "room-1"
    _seen: list[str] = field(default_factory=list)

    @property
    def service(self) -> Service:
        return self.app[SERVICE]

    @property
    def links(self) -> list[Link]:
        """All browsers that said hello."""
        return list(self.service.wire._lines)

    def body(self, kind: str, **data: object) -> bytes:
        document = {
            "type": kind,
            "timestamp": self.clock.now.isoformat(),
            "data": {"meeting": self.meeting, "occurrence": self.occurrence, **data},
        }
        return json.dumps(document).encode()

    def signed(self, body: bytes, key: str = "", secret: str = WHSEC) -> dict[str, str]:
        return dict(webhooks.sandbox.sign(body, "w1", secret, self.clock.now, key=key or uuid4().hex).headers)

    async def deliver(self, body: bytes, **headers: str) -> int:
        headers = headers or self.signed(body)
        async with self.http.post(f"{self.url}/webhooks/north/sandbox", data=body, headers=headers) as answer:
            return answer.status

    async def begin(self, *people: tuple[str, str]) -> None:
        """The host opens the meeting and these people (id, role) join it."""
        assert await self.deliver(self.body("meeting.started")) == 202
        for person, role in people or (("pat-1", "client"), ("pra-1", "therapist")):
            await self.join(person, role)

    async def join(self, person: str, role: str) -> None:
        body = self.body("participant.joined", participant=person, connection=f"c-{person}", role=role)
        assert await self.deliver(body) == 202

    async def end(self) -> None:
        assert await self.deliver(self.body("meeting.ended")) == 202

    def participant(self, person: str, role: str | None, **changes: object) -> str:
        """The host's participant token."""
        stamp = int(self.clock.now.timestamp())
        claims = {
            "iss": "sandbox", "aud": "fermata", "sub": person, "meeting": self.meeting, "occurrence": self.occurrence,
            "role": role, "iat": stamp, "exp": stamp + 900, "jti": uuid4().hex, **changes,
        }  # fmt: skip
        return jwt.encode(claims, TOKEN_KEY, headers={"kid": "t1"})

    async def exchange(self, token: str) -> tuple[int, dict[str, Any]]:
        """``POST /v1/overlay-tokens``."""
        return await self.say("/v1/overlay-tokens", json.dumps({"token": token}))

    async def say(self, path: str, body: str | bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        """A browser's simple POST."""
        headers = {"Origin": ORIGIN, "Content-Type": "text/plain;charset=UTF-8", **headers}
        async with self.http.post(self.url + path, data=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def token(self, person: str, role: str | None) -> str:
        """An overlay token for a participant."""
        status, document = await self.exchange(self.participant(person, role))
        assert status == 200, document
        return str(document["token"])

    async def open(self, person: str, role: str | None, **hello: object) -> Browser:
        """A browser that has said hello."""
        return await self.dial(await self.token(person, role), **hello)

    async def dial(self, token: str, **hello: object) -> Browser:
        browser = Browser(await self.socket())
        await browser.send(type="hello", token=token, **hello)
        return browser

    async def socket(self, **options: Any) -> ClientConnection:
        url = self.url.replace("http", "ws") + "/v1/live"
        return await connect(url, **{"origin": ORIGIN, "compression": None, **options})


@asynccontextmanager
async def running(data: Path, clock: Clock | None = None, **changes: Any) -> AsyncIterator[House]:
    """Start the service on a port of chance; stop it at the end."""
    clock = clock or Clock()
    settings = settings_for(data, **changes)
    app = create_app(settings, now=clock)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    server = await listen(runner, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with aiohttp.ClientSession() as http:
        try:
            yield House(app, url, clock, http, settings)
        finally:
            server.close()
            await runner.cleanup()
