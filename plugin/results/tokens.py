"""Access tokens for one server: fetched with a client's credentials, or given once and for all.

Source: RFC 6749, section 4.4 (client credentials), with a client proved as ``credentials`` says. A token is renewed
by a margin relative to its life, as some servers hand out sixty seconds.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Protocol
from urllib.parse import urlencode

from pydantic import BaseModel, Field, ValidationError

from plugin.exchange import Answer, Exchange, Unsure
from plugin.ports import Postponed
from plugin.results.credentials import Credentials
from plugin.results.scopes import spoken, without_extras

_DEFAULT_LIFE = 300.0
_FORM = "application/x-www-form-urlencoded"
_OAUTH_ERRORS = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, what it was granted for, and the monotonic moment from which it is too old to use."""

    value: str = field(repr=False)
    scope: str
    stale_at: float


class Tokens(Protocol):
    """Where a client gets its token for one server."""

    async def token(self, *, refused: str | None = None) -> Token:
        """A token that is good for a while, never the refused one; raises ``Postponed``."""
        ...

    def forget(self) -> None:
        """Get a new token at the next use; a scope may have been granted since."""
        ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where tokens are to be had, and what the server says of itself there (SMART's capabilities)."""

    url: str
    capabilities: tuple[str, ...] = ()


Find = Callable[[], Awaitable[Endpoint]]
"""Finds the token endpoint; raises ``Postponed``."""


def at(url: str) -> Find:
    """The endpoint that the settings name, for a server that publishes none."""

    async def find() -> Endpoint:
        return Endpoint(url)

    return find


class StaticBearer:
    """One token without an end, as a host's operator made it.

    A refusal postpones and never parks: it says that the token is wrong, nothing about a result. Everything owed
    goes out by itself once the operator has set another one.
    """

    def __init__(self, value: str, *, scope: str) -> None:
        self._token = Token(value, scope, float("inf"))

    async def token(self, *, refused: str | None = None) -> Token:
        """The token; raises ``Postponed`` when it is the refused one."""
        if refused == self._token.value:
            raise Postponed("token_refused")
        return self._token

    def forget(self) -> None:
        """Have nothing newer to get."""


class _Grant(BaseModel):
    access_token: Annotated[str, Field(pattern=r"^[\x21-\x7e]+$")]
    token_type: Annotated[str, Field(pattern=r"^(?i:bearer)$")]
    expires_in: Annotated[float, Field(ge=1, le=86_400 * 366, allow_inf_nan=False)] = _DEFAULT_LIFE
    scope: str | None = None


class ClientTokens:
    """Keeps one access token for one server; whoever asks while one is fetched waits for that one."""

    def __init__(
        self,
        exchange: Exchange,
        find: Find,
        credentials: Credentials,
        *,
        scope: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exchange = exchange
        self._find = find
        self._credentials = credentials
        self._scope = scope
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._endpoint: Endpoint | None = None
        self._failures = 0
        self._failure: Postponed | None = None

    async def token(self, *, refused: str | None = None) -> Token:
        """A token that is good for a while, never the refused one; raises ``Postponed``."""
        failures = self._failures
        async with self._lock:
            if self._token and self._token.value != refused and self._clock() < self._token.stale_at:
                return self._token
            if self._failure and self._failures != failures:
                # It failed for the one we waited for; asking again at once would only add to the trouble.
                raise Postponed(self._failure.reason, self._failure.after)
            self._token = None
            self._token = await self._counted_fetch()
            return self._token

    def forget(self) -> None:
        """Get a new token at the next use; a scope may have been granted since."""
        self._token = None

    async def _counted_fetch(self) -> Token:
        try:
            return await self._fetch()
        except Postponed as failure:
            self._failures += 1
            self._failure = failure
            raise

    async def _fetch(self) -> Token:
        found = self._endpoint = self._endpoint or await self._find()
        asked_at = self._clock()
        scope = spoken(self._scope, found.capabilities)
        answer = await self._post(found.url, scope)
        if _error(answer) == "invalid_scope" and without_extras(scope) != scope:
            self._scope = without_extras(self._scope)
            scope = without_extras(scope)
            answer = await self._post(found.url, scope)
        if answer.status != 200:
            # The endpoint may have moved; look it up again next time.
            self._endpoint = None
            raise Postponed(f"token_{_error(answer) or answer.status}", answer.after)
        return _token(answer, scope, asked_at)

    async def _post(self, endpoint: str, scope: str) -> Answer:
        proof = self._credentials.prove(endpoint)
        form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {}), **proof.form}
        headers = {"Accept": "application/json", "Content-Type": _FORM, **proof.headers}
        return await ask_for_token(self._exchange, "POST", endpoint, headers, urlencode(form).encode())


async def ask_for_token(
    exchange: Exchange, method: str, url: str, headers: dict[str, str], body: bytes | None = None
) -> Answer:
    """One exchange on the way to a token; asking twice does no harm, so nothing of it is ever in doubt."""
    try:
        return await exchange.ask(method, url, headers=headers, body=body)
    except Unsure as lost:
        raise Postponed(f"token_{lost.reason}", lost.after) from None


def _error(answer: Answer) -> str | None:
    code = (answer.document or {}).get("error") if answer.status != 200 else None
    return code if isinstance(code, str) and code in _OAUTH_ERRORS else None


def _token(answer: Answer, asked: str, asked_at: float) -> Token:
    try:
        grant = _Grant.model_validate(answer.document)
    except ValidationError:
        raise Postponed("token_unclear", answer.after) from None
    margin = min(max(5.0, grant.expires_in / 10), grant.expires_in / 2)
    scope = asked if grant.scope is None else grant.scope
    return Token(grant.access_token, scope, asked_at + grant.expires_in - margin)
