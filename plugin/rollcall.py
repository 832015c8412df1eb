"""The roll call: asks hosts who is inside, because they lose events, and we are away now and then.

Right after a start, whenever somebody says that something was missed, and every half minute of a call. A host
that gives no answer, a late one or nonsense changes nothing. An answer that a newer event of the host has overtaken
is left alone; the next one comes soon. Each host is asked by itself, so that one that hangs keeps no other waiting.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import aiohttp
import structlog
from pydantic import BaseModel

from plugin.asking import asked
from plugin.core.session import Session
from plugin.exchange import Exchange
from plugin.hosts import named
from plugin.hosts.host import Askable, Call, NotTold
from plugin.installed import Installed
from plugin.ports import Head, Unwritable
from webhooks.events import HostFact

EVERY = 30.0
"""Seconds between two questions about one call."""

AT_ONCE = 8
"""Questions to one host under way at a time."""

TIMES = aiohttp.ClientTimeout(total=10, sock_connect=3)

_log = structlog.get_logger("fermata.rollcall")


class Calls(Protocol):
    """What a roll call needs to know of the calls, and to tell them."""

    def sessions(self) -> list[tuple[Head, Session]]:
        """All sessions in memory."""

    async def recount(self, session: str, facts: Sequence[HostFact], *, known: int) -> None:
        """Take a host's answer, unless the session knows more facts by now than when it was asked."""


@dataclass(frozen=True, slots=True)
class _Place:
    host: Askable
    url: str
    account: BaseModel = field(repr=False)
    missed: asyncio.Event = field(default_factory=asyncio.Event)


class RollCall:
    """Asks about every open call of the hosts that can be asked."""

    def __init__(self, hosts: Sequence[Installed], calls: Calls, now: Callable[[], datetime]) -> None:
        self._places = {(each.tenant, each.host): place for each in hosts if (place := _place(each))}
        self._calls = calls
        self._now = now
        self._exchange = Exchange(now=now, times=TIMES)

    def missed(self, tenant: str, host: str) -> None:
        """Ask this host at once: deliveries of it may have been lost."""
        if place := self._places.get((tenant, host)):
            place.missed.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        try:
            async with asyncio.TaskGroup() as rounds:
                for name, place in self._places.items():
                    rounds.create_task(self._rounds(name, place))
        finally:
            await self._exchange.close()

    async def _rounds(self, name: tuple[str, str], place: _Place) -> None:
        while True:
            place.missed.clear()
            await self._round(name, place)
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await place.missed.wait()

    async def ask_all(self) -> None:
        """Ask about every open call once."""
        async with asyncio.TaskGroup() as rounds:
            for name, place in self._places.items():
                rounds.create_task(self._round(name, place))

    async def _round(self, name: tuple[str, str], place: _Place) -> None:
        turns = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as questions:
            for head, state in self._calls.sessions():
                if (head.tenant, head.host) == name and not state.over:
                    questions.create_task(self._ask(turns, place, head, state))

    async def _ask(self, turns: asyncio.Semaphore, place: _Place, head: Head, state: Session) -> None:
        call = _call(head, state)
        async with turns:
            try:
                facts = await asked(
                    self._exchange, place.host.ask(place.url, call, place.account, self._now())
                )
                await self._calls.recount(head.session, facts, known=len(state.keys))
            except NotTold as refusal:
                _log.warning("not_told", reason=refusal.reason, tenant=head.tenant, host=head.host)
            except Unwritable:
                return  # what cannot be kept now is asked again soon
            except Exception:  # a fault in reading one host's answers must not end the questions to others
                _log.exception("roll_call_failed", tenant=head.tenant, host=head.host)


def _call(head: Head, state: Session) -> Call:
    stays = [(name, p.id, open_) for p in state.people.values() for name, open_ in p.connections.items()]
    closed = frozenset(name for name, _, open_ in stays if not open_)
    return Call(head.meeting, head.occurrence, {name: person for name, person, _ in stays}, closed)


def _place(installed: Installed) -> _Place | None:
    host, account = named(installed.host), installed.as_account()
    if not isinstance(host, Askable) or account is None:
        return None
    return _Place(host, installed.url, account)
