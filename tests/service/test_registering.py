"""The service tells BigBlueButton where to send, again and again, in the ways that its recorded API allows."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import pytest
from aiohttp import web

from plugin.settings import HostSettings
from tests.house import TOKEN_KEY, Clock, running
from tests.webhooks.known import known

SECRET = next(iter(known("bigbluebutton").keys.values()))
CREATED = "<response><returncode>SUCCESS</returncode><hookID>h1</hookID></response>"
REFUSED = "<response><returncode>FAILED</returncode><messageKey>checksumError</messageKey></response>"


@dataclass
class Api:
    """A server's API: it checks each checksum by itself and remembers the addresses it was told."""

    url: str = ""
    hooks: list[str] = field(default_factory=list)
    refused: int = 0
    told: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event | None = None

    async def create(self, request: web.Request) -> web.Response:
        if self.hold:
            await self.hold.wait()
        query, _, checksum = request.raw_path.partition("?")[2].rpartition("&checksum=")
        digest = hashlib.sha256(f"hooks/create{query}{SECRET}".encode()).hexdigest()
        self.told.set()
        if checksum != digest:
            self.refused += 1
            return web.Response(text=REFUSED, content_type="text/xml")
        self.hooks.append(unquote(query.partition("callbackURL=")[2]))
        return web.Response(text=CREATED, content_type="text/xml")


@asynccontextmanager
async def serving() -> AsyncIterator[Api]:
    api, app = Api(), web.Application()
    app.router.add_get("/bigbluebutton/api/hooks/create", api.create)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield api
    finally:
        await runner.cleanup()


def settings(api: Api, secret: str = SECRET, tenant: str = "north") -> HostSettings:
    return HostSettings(
        tenant=tenant,
        host="bigbluebutton",
        url=api.url,
        webhook_keys={"shared": SECRET},
        token_keys={"t": TOKEN_KEY + tenant},
        account={"secret": secret},
    )


@pytest.mark.parametrize("again", [False, True])
async def test_it_is_told_at_the_start_and_when_it_is_due_again(
    again: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if again:
        monkeypatch.setattr("plugin.registering.EVERY", 0.01)
    public = "https://fermata.example"
    async with (
        serving() as api,
        asyncio.timeout(10),
        running(tmp_path / "data", Clock(), hosts=(settings(api),), public_url=public),
    ):
        while len(api.hooks) < 1 + again:
            await api.told.wait()
            api.told.clear()
    assert set(api.hooks) == {f"{public}/webhooks/north/bigbluebutton"}


async def test_a_wrong_secret_is_said_in_the_log_and_ends_nothing(tmp_path: Path, sink: io.StringIO) -> None:
    wrong = SECRET.upper()
    async with serving() as api, running(tmp_path / "data", Clock(), hosts=(settings(api, wrong),)) as house:
        await api.told.wait()
        async with asyncio.timeout(10):
            while "not_registered" not in sink.getvalue():  # noqa: ASYNC110 - a log tells nobody that it grew
                await asyncio.sleep(0.01)
        async with house.http.get(f"{house.url}/readyz") as answer:
            assert answer.status == 200
    assert '"reason":"wrong_secret"' in sink.getvalue()
    assert wrong not in sink.getvalue()


async def test_a_host_that_hangs_keeps_no_other_from_being_told(tmp_path: Path) -> None:
    async with serving() as dead, serving() as alive, asyncio.timeout(5):
        dead.hold = asyncio.Event()
        hosts = (settings(dead, tenant="north"), settings(alive, tenant="south"))
        async with running(tmp_path / "data", Clock(), hosts=hosts):
            await alive.told.wait()
        dead.hold.set()
