"""The public keys of clients: given at registration, or fetched from their own address.

A fetch is bounded in time and size and follows no redirect. Keys are kept for five minutes; an unknown key id asks
again at once, but not more than once in ten seconds, so that a stranger cannot make us ask. When the address does
not answer, the keys of the last answer still hold for a day.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp
import jwt

from plugin.sandbox.record.clients import Client

FRESH = timedelta(minutes=5)
SPACING = timedelta(seconds=10)
LASTING = timedelta(days=1)
TIMEOUT = aiohttp.ClientTimeout(total=5)
MOST_BYTES = 64 * 1024
MOST_KEYS = 20

KEY_TYPES = {"ES384": "EC", "RS384": "RSA"}
"""The algorithms that are accepted, each with the type of its keys."""

RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class Fetched:
    """The keys of the last answer, when it came, and when was last asked."""

    keys: Sequence[jwt.PyJWK]
    answered: datetime | None
    asked: datetime


class Keyring:
    """Finds the key that a client signs with. One HTTP session, owned by whoever opened it."""

    def __init__(self, session: aiohttp.ClientSession, now: Callable[[], datetime]) -> None:
        self._session = session
        self._now = now
        self._fetched: dict[str, Fetched] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def find(self, client: Client, kid: str, algorithm: str) -> jwt.PyJWK | None:
        """The client's public key of this id that fits the algorithm, if there is one."""
        if client.jwks is not None:
            return _choose(usable(client.jwks), kid, algorithm)
        url = str(client.jwks_uri)
        async with self._asking.setdefault(url, asyncio.Lock()):
            known = self._fetched.get(url)
            if (
                known is None
                or _choose(known.keys, kid, algorithm) is None
                or self._older(known.answered, FRESH)
            ):
                known = await self._refreshed(url, known)
        return _choose(known.keys, kid, algorithm)

    async def _refreshed(self, url: str, known: Fetched | None) -> Fetched:
        if known is not None and not self._older(known.asked, SPACING):
            return known
        keys = await self._fetch(url)
        now = self._now()
        if keys is not None:
            latest = Fetched(keys, now, now)
        elif known is None or self._older(known.answered, LASTING):
            latest = Fetched((), None, now)
        else:
            latest = Fetched(known.keys, known.answered, now)
        self._fetched[url] = latest
        return latest

    async def _fetch(self, url: str) -> Sequence[jwt.PyJWK] | None:
        try:
            async with self._session.get(url, allow_redirects=False, timeout=TIMEOUT) as answer:
                if answer.status != 200:
                    return None
                body = await _bounded(answer.content)
                document = json.loads(body) if body is not None else None
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError):
            return None
        return usable(document) if isinstance(document, dict) else None

    def _older(self, at: datetime | None, age: timedelta) -> bool:
        return at is None or self._now() - at >= age


def usable(document: Mapping[str, object]) -> list[jwt.PyJWK]:
    """The keys of a JWK set that can verify a signature here; others are passed over."""
    listed = document.get("keys")
    keys = [_key(entry) for entry in listed[:MOST_KEYS]] if isinstance(listed, list) else []
    return [key for key in keys if key is not None]


def _key(entry: object) -> jwt.PyJWK | None:
    if not isinstance(entry, dict) or "d" in entry or entry.get("use", "sig") != "sig":
        return None
    algorithm = next((name for name, kind in KEY_TYPES.items() if kind == entry.get("kty")), None)
    if algorithm is None or entry.get("alg", algorithm) != algorithm:
        return None
    try:
        key = jwt.PyJWK(entry, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return key if _strong(key) else None


def _strong(key: jwt.PyJWK) -> bool:
    size = getattr(key.key, "key_size", 0)
    return bool(size == 384 if key.key_type == "EC" else size >= RSA_BITS)


def _choose(keys: Sequence[jwt.PyJWK], kid: str, algorithm: str) -> jwt.PyJWK | None:
    fitting = [key for key in keys if key.key_id == kid and key.key_type == KEY_TYPES[algorithm]]
    return fitting[0] if len(fitting) == 1 else None


async def _bounded(content: aiohttp.StreamReader) -> bytes | None:
    body = b""
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return body
