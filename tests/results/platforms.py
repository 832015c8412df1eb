"""Every kind of record that results are stored at, each a real server that can be told to misbehave."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from aiohttp import ClientTimeout, web
from aiohttp.test_utils import TestServer, unused_port
from aiohttp.typedefs import Handler

from plugin.ports import Results
from plugin.results.credentials import ClientSecret, Credentials, SecretMethod
from plugin.results.hostapi import HostApiResults
from plugin.results.place import Bearer, Place
from plugin.sandbox import results as plain
from plugin.sandbox.record import Client, Store, record_app
from plugin.sandbox.results import rows
from tests.results import samples
from tests.results.faults import Fault
from tests.results.proofs import CLIENT_SECRET, STATIC_TOKEN
from tests.results.record_server import serving
from tests.results.recorded import KINDS, Clock, RecordServer
from tests.results.saving import PATIENT, now, results, signing


class Platform(Protocol):
    """One server, and a client of the plugin's for it."""

    @property
    def clock(self) -> Clock:
        """The clock of both."""
        ...

    @property
    def faults(self) -> deque[Fault | None]:
        """What goes wrong with the next writes."""
        ...

    def client(self, times: ClientTimeout = PATIENT) -> AbstractAsyncContextManager[Results]:
        """A client as a start of the service makes it."""
        ...

    async def held(self) -> dict[str, dict[str, Any]]:
        """What the server holds, by its identifier value; fails when it holds one twice."""
        ...

    async def sent(self) -> str:
        """Everything that was sent here until now, as text."""
        ...

    def most_writing(self) -> int:
        """How many writes were under way at once."""
        ...


def access_by(method: str) -> Credentials | Bearer:
    if method == "bearer":
        return Bearer(STATIC_TOKEN)
    if method == "private_key_jwt":
        return signing()
    return ClientSecret("fermata", CLIENT_SECRET, method=_named(method))


def _named(method: str) -> SecretMethod:
    return "client_secret_basic" if method == "client_secret_basic" else "client_secret_post"


@dataclass
class FhirPlatform:
    """A FHIR server with more or less to offer."""

    record: RecordServer

    @property
    def clock(self) -> Clock:
        return self.record.clock

    @property
    def faults(self) -> deque[Fault | None]:
        return self.record.create_faults

    async def sent(self) -> str:
        return "\n".join(self.record.wire)

    def client(self, times: ClientTimeout = PATIENT) -> AbstractAsyncContextManager[Results]:
        return results(self.record, access=access_by(self.record.method), times=times)

    async def held(self) -> dict[str, dict[str, Any]]:
        results = [one for one in self.record.resources if one["resourceType"] != "Provenance"]
        found = [(_value(one["identifier"]), one) for one in results]
        assert len({own for own, _ in found}) == len(found)
        return dict(found)

    def most_writing(self) -> int:
        return self.record.most_writing


def _value(identifier: Any) -> str:
    return str((identifier[0] if isinstance(identifier, list) else identifier)["value"])


@dataclass
class PlainPlatform:
    """The sandbox's results API, with faults put before and after it."""

    base: str
    method: str
    store: Store
    clock: Clock = field(default_factory=Clock)
    faults: deque[Fault | None] = field(default_factory=deque)
    wire: list[str] = field(default_factory=list)
    writing: int = 0
    most: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def client(self, times: ClientTimeout = PATIENT) -> AsyncIterator[Results]:
        url = None if self.method == "bearer" else self.base.replace("/v1", "/oauth/token")
        access = access_by(self.method)
        place = Place("north", self.base, access, samples.SECRET, token_url=url, times=times)
        kept = HostApiResults(place, now=now, clock=self.clock)
        try:
            yield kept
        finally:
            await kept.close()

    async def held(self) -> dict[str, dict[str, Any]]:
        page = await self.store.run(lambda db: rows.page(db, "", 500))
        return {f"urn:uuid:{one['id']}": one for one in page.documents}

    async def sent(self) -> str:
        # A body that is taken is stored as it came; the server refuses whatever holds more.
        return "\n".join([*self.wire, json.dumps(await self.held())])

    def most_writing(self) -> int:
        return self.most

    async def disturbed(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """One write, and what goes wrong with it."""
        self.writing += 1
        self.most = max(self.most, self.writing)
        try:
            fault = self.faults.popleft() if self.faults else None
            faulty = fault(self, request) if fault else None
            if faulty is None:
                return await handler(request)
            return await self._misdone(faulty, request, handler)
        finally:
            self.writing -= 1

    async def _misdone(
        self, faulty: web.StreamResponse, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        how = faulty.headers.get("X-Fault", "")
        if "after writing" in how:
            await handler(request)
        if "slow" in how:
            await self.released.wait()
        if "cut" in how and request.transport:
            request.transport.abort()
        return faulty


@asynccontextmanager
async def _fhir(_folder: Path, **offers: Any) -> AsyncIterator[Platform]:
    record = RecordServer(Clock(), lag=2, **offers)
    async with serving(record):
        yield FhirPlatform(record)


@asynccontextmanager
async def _plain(folder: Path, method: str) -> AsyncIterator[Platform]:
    port = unused_port()
    store = Store(folder / "record.sqlite3")
    there = PlainPlatform(f"http://127.0.0.1:{port}{plain.BASE}", method, store)

    @web.middleware
    async def disturbing(request: web.Request, handler: Handler) -> web.StreamResponse:
        there.wire.append(f"{request.path_qs} {dict(request.headers)}")
        return await (there.disturbed(request, handler) if request.method == "PUT" else handler(request))

    app = record_app(
        store,
        {"fermata": _registered(method)},
        base_url=f"http://127.0.0.1:{port}",
        now=now,
        middlewares=[disturbing],
    )
    plain.mount(app)
    async with TestServer(app, port=port):
        yield there
        there.released.set()
    store.close()


def _registered(method: str) -> Client:
    if method == "bearer":
        return Client("fermata", "results.write", token_sha256=sha256(STATIC_TOKEN.encode()).hexdigest())
    return Client("fermata", "results.write", secret_sha256=sha256(CLIENT_SECRET.encode()).hexdigest())


PLATFORMS: dict[str, Callable[[Path], AbstractAsyncContextManager[Platform]]] = {
    "FHIR, signed assertion": partial(_fhir, method="private_key_jwt"),
    "FHIR, secret in the header": partial(_fhir, method="client_secret_basic"),
    "FHIR, secret in the form": partial(_fhir, method="client_secret_post"),
    "FHIR, static token": partial(_fhir, method="bearer"),
    "FHIR without conditional create": partial(_fhir, conditional=False),
    "FHIR without Observation": partial(_fhir, kinds=("QuestionnaireResponse", "Consent")),
    "FHIR with Provenance": partial(_fhir, kinds=(*KINDS, "Provenance")),
    "plain, secret in the header": partial(_plain, method="client_secret_basic"),
    "plain, secret in the form": partial(_plain, method="client_secret_post"),
    "plain, static token": partial(_plain, method="bearer"),
}
