"""One bounded HTTP exchange with somebody else's server.

Bounded in time and in size, no redirect followed, no cookie kept, no proxy of the environment used. What
comes back is read as JSON or not at all: a log-in page with status 200 is an answer that nobody understood.
Nothing of a body ever reaches an error: reasons are short codes.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any

import aiohttp
from yarl import URL

from plugin.ports import Postponed

TIMES = aiohttp.ClientTimeout(total=20, sock_connect=5, sock_read=10)
LARGEST = 4 * 1024 * 1024
"""Bytes of an answer that are read; a CapabilityStatement can come near one million."""

_LONGEST_WAIT = 3600.0


class Unsure(Postponed):
    """The server may have carried the request out; only a look at what it holds can tell."""


class Lost(Unsure):
    """No answer of its own came back: the server may still be carrying the request out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: ``document`` only if the body was one JSON object; ``after``: Retry-After in seconds.

    ``body`` is for those who expect something else than JSON; it may repeat our own token.
    """

    status: int
    document: dict[str, Any] | None
    empty: bool
    location: str | None
    after: float | None
    body: bytes = field(default=b"", repr=False)


class Exchange:
    """An HTTP client for one server; opens its session at the first request."""

    def __init__(self, *, now: Callable[[], datetime], times: aiohttp.ClientTimeout = TIMES) -> None:
        self._now = now
        self._times = times
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self,
        method: str,
        url: str | URL,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send one request and read its answer.

        Raises:
            Postponed: the server surely did nothing.
            Lost: the request went out, and no answer came back.
        """
        try:
            async with self._open().request(
                method, url, headers=headers, data=body, allow_redirects=False
            ) as response:
                return self._answer(response, await _read(response))
        except aiohttp.ClientSSLError:
            raise Postponed("tls") from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            raise Postponed("unreachable") from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise Lost("no_answer") from None

    async def close(self) -> None:
        """Release the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # A kept connection that the server has just closed would leave every rare write in doubt.
                connector=aiohttp.TCPConnector(force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._times,
                headers={"Accept-Encoding": "identity"},
            )
        return self._session

    def _answer(self, response: aiohttp.ClientResponse, body: bytes) -> Answer:
        return Answer(
            status=response.status,
            document=_document(body),
            empty=not body.strip(),
            location=response.headers.get("Location"),
            after=_after(response.headers.get("Retry-After"), self._now()),
            body=body,
        )


async def _read(response: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > LARGEST:
            response.close()
            raise Lost("too_large")
        parts.append(part)
    return b"".join(parts)


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _after(header: str | None, now: datetime) -> float | None:
    """Read Retry-After: seconds or a date; bounded, as a typing error must not stop a result for years."""
    if header is None:
        return None
    try:
        if header.strip().isdecimal():
            wait = float(header)
        else:
            at = parsedate_to_datetime(header)
            wait = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    except (ValueError, OverflowError):
        return None
    return min(max(wait, 0.0), _LONGEST_WAIT)


def is_guarded(url: str) -> bool:
    """Whether a URL is safe to send a secret to: TLS, or this very machine."""
    try:
        parsed = URL(url)
    except ValueError:
        return False
    host = parsed.host or ""
    return bool(host) and (parsed.scheme == "https" or (parsed.scheme == "http" and _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
