"""Running the sandbox and a pretend plugin on real ports."""

import asyncio
import base64
import json
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from plugin.sandbox.app import LINKS, create_app
from plugin.sandbox.settings import SandboxSettings

SECRET = bytes(range(32))
OLD_SECRET = bytes(range(32, 64))
TOKEN_KEY = b"a-token-key-of-at-least-32-bytes!"


def whsec(secret: bytes) -> str:
    """A webhook secret as it is handed over."""
    return "whsec_" + base64.b64encode(secret).decode()


def free_port() -> int:
    """A port nobody listens on just now, and none that the system hands out for a connection meanwhile."""
    while True:
        port = random.randrange(10_000, 20_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def settings_for(data: Path, plugin_url: str, port: int) -> SandboxSettings:
    """Settings for a sandbox on *port* that ends an empty meeting at once."""
    return SandboxSettings(
        port=port,
        data=data,
        public_url=f"http://127.0.0.1:{port}",
        plugin_url=plugin_url,
        tenant="harbour",
        webhook_secrets={"new": SECRET, "old": OLD_SECRET},
        token_keys={"k2": TOKEN_KEY, "k1": b"x" * 32},
        empty_after=timedelta(seconds=0.2),
    )


@asynccontextmanager
async def served(app: web.Application, port: int) -> AsyncIterator[str]:
    """Serve *app* on a real port of this machine; gives its address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@dataclass
class Running:
    """A sandbox that serves."""

    url: str
    links: dict[str, str]
    http: aiohttp.ClientSession

    async def enter(self, page: str) -> dict[str, Any]:
        """Exchange the link of a page, as the page does."""
        secret = self.links[page].partition("#")[2]
        async with self.http.post(f"{self.url}/api/entry", json={"secret": secret}) as answer:
            assert answer.status == 200
            entry: dict[str, Any] = await answer.json()
            return entry

    async def ask(self, method: str, path: str, session: str, **body: Any) -> tuple[int, Any]:
        """Ask the sandbox as a page with a session does."""
        headers = {"Authorization": f"Bearer {session}"}
        async with self.http.request(method, self.url + path, json=body or None, headers=headers) as answer:
            return answer.status, await answer.json()

    @asynccontextmanager
    async def seated(self, page: str, peer: str) -> AsyncIterator["Line"]:
        """Join the call over a socket; the socket is cut at the end, as by a closed tab."""
        entry = await self.enter(page)
        async with self.http.ws_connect(f"{self.url}/api/call", headers={"Origin": self.url}) as line:
            await line.send_json({"type": "hello", "session": entry["session"], "peer": peer})
            welcome = await line.receive_json(timeout=5)
            assert welcome["type"] == "welcome"
            yield Line(line, entry, welcome)


@dataclass
class Line:
    """One signalling socket of a test."""

    socket: aiohttp.ClientWebSocketResponse
    entry: dict[str, Any]
    welcome: dict[str, Any]

    async def next(self, type_: str) -> dict[str, Any]:
        """The next frame of a type; others are passed over."""
        async with asyncio.timeout(10):  # receive's own limit begins anew with every ping
            while True:
                frame: dict[str, Any] = await self.socket.receive_json()
                if frame["type"] == type_:
                    return frame

    async def leave(self) -> None:
        """Press Leave."""
        await self.socket.send_str(json.dumps({"type": "leave"}))
        await self.socket.receive(timeout=5)


@asynccontextmanager
async def running(
    settings: SandboxSettings, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AsyncIterator[Running]:
    """A sandbox with these settings."""
    app = await create_app(settings, now=now)
    async with served(app, settings.port) as url, aiohttp.ClientSession() as http:
        yield Running(url, app[LINKS], http)


async def eventually(check: Callable[[], Awaitable[bool] | bool], within_s: float = 10) -> None:
    """Wait until *check* holds; fails when it does not in time."""
    async with asyncio.timeout(within_s):
        while True:
            held = check()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.02)
