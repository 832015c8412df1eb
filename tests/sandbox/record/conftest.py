from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer, unused_port
from aiohttp.typedefs import Middleware

from plugin.sandbox.record import Client, Store, record_app
from plugin.sandbox.record.json_value import Resource
from plugin.sandbox.record.offer import KINDS
from tests.sandbox.record import samples
from tests.sandbox.record.stranger import Key, claims, ec_key, form, header, jwks, rsa_key

EVERYTHING = " ".join(f"system/{kind}.cruds" for kind in KINDS)


@dataclass
class Clock:
    at: datetime = datetime(2026, 11, 23, 14, 0, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass
class Record:
    """A record that runs on a port of its own, and the tokens with which to speak to it."""

    base: str
    clock: Clock
    store: Store
    clients: dict[str, Client]
    session: aiohttp.ClientSession
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def fhir(self) -> str:
        return f"{self.base}/fhir"

    @property
    def token_endpoint(self) -> str:
        return f"{self.base}/oauth/token"

    async def ask_token(self, asked: Mapping[str, str]) -> Answer:
        async with self.session.post(self.token_endpoint, data=asked) as answer:
            return Answer(answer.status, answer.headers, await answer.json())

    def assertion(self, client: str = "plugin", key: Key | None = None, /, **changed: object) -> str:
        signer = key or ec_key()
        return signer.sign(header(signer), claims(client, self.token_endpoint, self.clock(), **changed))

    async def token(self, scope: str = EVERYTHING, client: str = "plugin", key: Key | None = None) -> str:
        answer = await self.ask_token(form(self.assertion(client, key), scope))
        assert answer.status == 200, answer.body
        return str(answer.body["access_token"])

    async def sign_in(self, scope: str = EVERYTHING, client: str = "plugin", key: Key | None = None) -> None:
        self.headers = {"Authorization": f"Bearer {await self.token(scope, client, key)}"}

    async def call(self, method: str, path: str, body: Resource | None = None, **headers: str) -> Answer:
        """One request; in a header's name an underscore stands for a dash."""
        url = path if path.startswith("http") else f"{self.fhir}{path}"
        given = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        async with self.session.request(method, url, json=body, headers=given) as answer:
            return Answer(answer.status, answer.headers, await answer.json(content_type=None))


Serve = Callable[..., Awaitable[Record]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def serve(tmp_path: Path, clock: Clock) -> AsyncIterator[Serve]:
    """Starts records; ``file`` names the store, so that a second one can stand where the first one stood."""
    begun = list[Callable[[], Awaitable[None]]]()

    async def start(file: str = "record.sqlite3", middlewares: tuple[Middleware, ...] = ()) -> Record:
        port = unused_port()
        base, store = f"http://127.0.0.1:{port}", Store(tmp_path / file)
        clients = {
            "plugin": Client("plugin", EVERYTHING, jwks=jwks(ec_key(), rsa_key())),
            "reader": Client("reader", "system/*.rs", jwks=jwks(ec_key("reader"))),
        }
        app = record_app(store, clients, base_url=base, now=clock, middlewares=middlewares)
        server, session = TestServer(app, port=port), aiohttp.ClientSession()
        await server.start_server()

        async def stop() -> None:
            await session.close()
            await server.close()
            store.close()

        begun.append(stop)
        return Record(base, clock, store, clients, session)

    yield start
    for stop in begun:
        await stop()


@pytest.fixture
async def record(serve: Serve) -> Record:
    """A record that knows Ana, Ben and one call, with a token for everything."""
    started = await serve()
    for resource in (samples.patient(), samples.practitioner(), samples.encounter()):
        await started.store.seed(resource, at=started.clock())
    await started.sign_in()
    return started
