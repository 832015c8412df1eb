"""Asks one server with an access token; one that is refused is replaced once."""

from collections.abc import Mapping

from yarl import URL

from plugin.exchange import Answer, Exchange
from plugin.results.tokens import Tokens


class Caller:
    """A client of one server: what it sends carries its token."""

    def __init__(self, exchange: Exchange, tokens: Tokens, *, accept: str) -> None:
        self._exchange = exchange
        self._tokens = tokens
        self._accept = accept

    async def ask(
        self, method: str, url: URL, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """The answer, still 401 when the new token was refused too; raises ``Postponed`` and ``Lost``."""
        token = await self._tokens.token()
        answer = await self._ask_with(token.value, method, url, headers, body)
        if answer.status != 401:
            return answer
        token = await self._tokens.token(refused=token.value)
        return await self._ask_with(token.value, method, url, headers, body)

    async def ask_openly(self, method: str, url: URL) -> Answer:
        """The answer to a request without a token."""
        return await self._exchange.ask(method, url, headers={"Accept": self._accept})

    async def _ask_with(
        self, token: str, method: str, url: URL, headers: Mapping[str, str] | None, body: bytes | None
    ) -> Answer:
        sent = {"Accept": self._accept, "Authorization": f"Bearer {token}", **(headers or {})}
        return await self._exchange.ask(method, url, headers=sent, body=body)

    async def granted(self) -> str:
        """The scope that was granted; raises ``Postponed`` while no token can be had."""
        return (await self._tokens.token()).scope

    def forget(self) -> None:
        """Get a new token at the next use."""
        self._tokens.forget()
