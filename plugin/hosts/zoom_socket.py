"""Keeps one connection to Zoom's event socket, so that no event is lost that need not be.

What happens while no connection stands is never told over it. So a token is renewed before it ends by opening the
next connection while the last still brings events, and every connection is followed by a question about the calls
that are open. Events wait in order when they cannot be kept; when too many wait, no more are read.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

import structlog
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from plugin.exchange import Exchange
from plugin.hosts.host import Hear, NotTold, Reply
from plugin.hosts.replies import told
from plugin.hosts.zoom_account import Account, Token, token_request
from plugin.hosts.zoom_line import Line, Over, Pace, opened
from plugin.ports import Postponed, Unwritable
from webhooks.delivery import Delivery

_log = structlog.get_logger("fermata.zoom")

MOST_WAITING = 256
"""Events that wait here to be kept; those behind them wait at Zoom."""

_RENEWAL = 0.9
"""The part of a token's life after which the next one is got."""

_TROUBLE = (NotTold, Postponed, Over, OSError, WebSocketException)


class Feed:
    """The event socket of one account; ``run`` is its whole life."""

    def __init__(
        self,
        account: Account,
        *,
        hear: Hear,
        missed: Callable[[], None],
        now: Callable[[], datetime],
        pace: Pace | None = None,
    ) -> None:
        self._account = account
        self._hear = hear
        self._missed = missed
        self._pace = pace or Pace()
        self._exchange = Exchange(now=now)
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)

    async def run(self) -> None:
        """Hold the connection until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tell())
                await self._keep(group)
        finally:
            await self._exchange.close()

    async def _keep(self, group: asyncio.TaskGroup) -> None:
        tries, line = 0, None
        while True:
            await self._pause(tries)
            found = await self._opened()
            if found is None:
                tries += 1
                continue
            socket, life = found
            last, line = line, group.create_task(Line(socket, self._pace, self._waiting.put).run())
            self._missed()
            since = self._pace.clock()
            if last and not await self._ends(group, last, self._pace.parting):
                last.cancel()
            await self._ends(group, line, life * _RENEWAL)
            tries = 0 if self._pace.clock() - since >= self._pace.steady else tries + 1

    async def _pause(self, tries: int) -> None:
        """The first time at once, then a random part of a span that doubles."""
        if tries:
            span = min(self._pace.first * 2 ** min(tries - 1, 16), self._pace.longest)
            await self._pace.wait(span * self._pace.jitter())

    async def _opened(self) -> tuple[ClientConnection, int] | None:
        try:
            token = await self._token()
            url = f"{self._account.socket}&access_token={quote(token.access_token, safe='')}"
            return await opened(url, self._pace), token.expires_in
        except _TROUBLE as trouble:
            reason = trouble.reason if isinstance(trouble, NotTold | Postponed) else None
            _log.warning("feed_not_open", host="zoom", error=type(trouble).__name__, reason=reason)
            return None

    async def _token(self) -> Token:
        request = token_request(self._account)
        answer = await self._exchange.ask(
            request.method, request.url, headers=request.headers, body=request.body
        )
        return told(Reply(answer.status, json.dumps(answer.document).encode()), Token, "token")

    async def _ends(self, group: asyncio.TaskGroup, line: asyncio.Task[None], within: float) -> bool:
        timer = group.create_task(self._slept(within))
        await asyncio.wait({line, timer}, return_when=asyncio.FIRST_COMPLETED)
        timer.cancel()
        return line.done()

    async def _slept(self, seconds: float) -> None:
        await self._pace.wait(seconds)

    async def _tell(self) -> None:
        while True:
            event = await self._waiting.get()
            while not await self._heard(Delivery((("Content-Type", "application/json"),), event)):
                await self._pace.wait(self._pace.again)

    async def _heard(self, delivery: Delivery) -> bool:
        try:
            await self._hear(delivery)
        except Unwritable:
            return False
        except Exception as defect:  # one event that breaks its hearer must not end all that come behind it
            _log.error("feed_event_dropped", host="zoom", error=type(defect).__name__)
        return True
