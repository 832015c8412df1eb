"""Access tokens by SMART Backend Services: a signed assertion in, a short-lived bearer token out.

Source: HL7 SMART App Launch 2.2, "Backend Services" and "Client Authentication: Asymmetric". Every try gets
an assertion of its own (new ``jti``), the audience is the discovered token endpoint to the letter, and a
token is renewed by a margin relative to its life, as some servers hand out sixty seconds.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from pydantic import BaseModel, Field, ValidationError

from plugin.exchange import Answer, Exchange, Unsure, is_guarded
from plugin.ports import Postponed
from plugin.results.assertion import Assertions
from plugin.results.scopes import spoken, without_definitions

_DEFAULT_LIFE = 300.0
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
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

    value: str
    scope: str
    stale_at: float


class _Discovery(BaseModel):
    token_endpoint: str
    capabilities: list[str] = []


class _Grant(BaseModel):
    access_token: Annotated[str, Field(pattern=r"^[\x21-\x7e]+$")]
    token_type: Annotated[str, Field(pattern=r"^(?i:bearer)$")]
    expires_in: Annotated[float, Field(ge=1, le=86_400 * 366, allow_inf_nan=False)] = _DEFAULT_LIFE
    scope: str | None = None


class SmartTokens:
    """Keeps one access token for one server; whoever asks while one is fetched waits for that one."""

    def __init__(
        self,
        exchange: Exchange,
        base: str,
        assertions: Assertions,
        *,
        scope: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exchange = exchange
        self._base = base
        self._assertions = assertions
        self._scope = scope
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._discovery: _Discovery | None = None
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
        found = self._discovery = self._discovery or await self._discover()
        asked_at = self._clock()
        scope = spoken(self._scope, found.capabilities)
        answer = await self._post(found.token_endpoint, scope)
        if _error(answer) == "invalid_scope" and without_definitions(scope) != scope:
            self._scope = without_definitions(self._scope)
            scope = without_definitions(scope)
            answer = await self._post(found.token_endpoint, scope)
        if answer.status != 200:
            # The endpoint may have moved; look it up again next time.
            self._discovery = None
            raise Postponed(f"token_{_error(answer) or answer.status}", answer.after)
        return _token(answer, scope, asked_at)

    async def _discover(self) -> _Discovery:
        url = f"{self._base}/.well-known/smart-configuration"
        answer = await self._ask("GET", url, {})
        if answer.status != 200:
            raise Postponed(f"discovery_{answer.status}", answer.after)
        try:
            found = _Discovery.model_validate(answer.document)
        except ValidationError:
            raise Postponed("discovery_unclear") from None
        if not is_guarded(found.token_endpoint):
            raise Postponed("token_endpoint_unsafe")
        return found

    async def _post(self, endpoint: str, scope: str) -> Answer:
        form = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertions.sign(endpoint),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._ask("POST", endpoint, headers, urlencode(form).encode())

    async def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
        try:
            sent = {"Accept": "application/json", **headers}
            return await self._exchange.ask(method, url, headers=sent, body=body)
        except Unsure as lost:
            # A token asked for twice does no harm; only the record's own writes can be in doubt.
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
