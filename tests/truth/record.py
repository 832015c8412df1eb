"""A host's record in this process, and the pauses that another client finds in it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
from aiohttp.test_utils import TestServer, unused_port

from plugin.exchange import Exchange
from plugin.results.assertion import Assertions
from plugin.results.scopes import SCOPES
from plugin.results.smart import discovered
from plugin.results.tokens import ClientTokens
from plugin.sandbox.record import Client, Store, record_app
from tests.results import keys


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Recorded:
    """The record's address, what a service needs to write into it, and another client that may read."""

    base: str
    settings: dict[str, str]
    exchange: Exchange
    tokens: ClientTokens

    async def count(self) -> int:
        """How many pauses there are."""
        return int((await self._get(f"{self.base}/Observation?_count=1"))["total"])

    async def pauses(self) -> list[tuple[str, str]]:
        """Pauses and how they ended, read page by page."""
        found: list[tuple[str, str]] = []
        url = f"{self.base}/Observation?_count=100"
        while url:
            bundle = await self._get(url)
            found += [_told(entry["resource"]) for entry in bundle.get("entry", [])]
            url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
        return found

    async def _get(self, url: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {(await self.tokens.token()).value}"}
        document: Any = (await self.exchange.ask("GET", url, headers=headers)).document
        assert isinstance(document, dict)
        return document


def _told(observation: dict[str, Any]) -> tuple[str, str]:
    parts = {part["code"]["coding"][0]["code"]: part for part in observation["component"]}
    return parts["pause_id"]["valueString"], observation["valueCodeableConcept"]["coding"][0]["code"]


@asynccontextmanager
async def recording(folder: Path) -> AsyncIterator[Recorded]:
    """A record on a port of chance."""
    port = unused_port()
    pem = folder / "writer.pem"
    pem.write_bytes(keys.pem(keys.curve()))
    pem.chmod(0o600)
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(keys.curve().public_key()))
    jwks = {"keys": [{**public, "kid": "k1"}]}
    clients = {
        "plugin": Client("plugin", SCOPES, jwks=jwks),
        "reader": Client("reader", "system/*.rs", jwks=jwks),
    }
    store = Store(folder / "record.sqlite3")
    app = record_app(store, clients, base_url=f"http://127.0.0.1:{port}", now=now)
    base = f"http://127.0.0.1:{port}/fhir"
    writer = {"base": base, "client_id": "plugin", "kid": "k1", "key_file": str(pem), "scope": SCOPES}
    exchange = Exchange(now=now)
    signing = Assertions(client_id="reader", kid="k1", key=keys.pem(keys.curve()), now=now)
    tokens = ClientTokens(exchange, discovered(exchange, base), signing, scope="system/*.rs")
    async with TestServer(app, port=port):
        yield Recorded(base, writer, exchange, tokens)
        await exchange.close()
    store.close()
