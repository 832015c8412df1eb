"""Feeds: events of hosts that tell them over a connection which we open, in place of webhooks."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog
from pydantic import BaseModel

from plugin.hosts import listening, named
from plugin.hosts.host import Feeding
from plugin.installed import Installed
from plugin.ports import Contradiction, Received, SeenBefore
from plugin.received import received
from webhooks.delivery import Delivery, Malformed
from webhooks.events import HostFact

_log = structlog.get_logger("fermata.feeds")


class Sessions(Protocol):
    """Whom events are told to."""

    async def tell(self, tenant: str, facts: Sequence[HostFact], received: Received) -> None:
        """Take a delivery. Raises ``SeenBefore``, ``Contradiction``, ``Unwritable``."""


@dataclass(frozen=True, slots=True)
class _Source:
    tenant: str
    name: str
    host: Feeding
    account: BaseModel = field(repr=False)


class Feeds:
    """Holds the connections of all hosts that have one. ``missed`` is called with whose events may be lost."""

    def __init__(
        self,
        hosts: Sequence[Installed],
        sessions: Sessions,
        now: Callable[[], datetime],
        *,
        missed: Callable[[str, str], None],
    ) -> None:
        self._sources = [source for each in hosts if (source := _source(each))]
        self._sessions = sessions
        self._now = now
        self._missed = missed

    async def run(self) -> None:
        """Hear until cancelled."""
        async with asyncio.TaskGroup() as feeds:
            for source in self._sources:
                feeds.create_task(self._feed(source))

    async def _feed(self, source: _Source) -> None:
        async def hear(delivery: Delivery) -> None:
            await self._hear(source, delivery)

        def missed() -> None:
            self._missed(source.tenant, source.name)

        await source.host.feed(source.account, hear=hear, missed=missed, now=self._now)

    async def _hear(self, source: _Source, delivery: Delivery) -> None:
        try:
            came, facts = received(source.tenant, listening(source.name), delivery, self._now())
            await self._sessions.tell(source.tenant, facts, came)
        except SeenBefore:
            return
        except (Malformed, Contradiction) as trouble:
            known = {"tenant": source.tenant, "host": source.name}
            _log.warning("event_dropped", reason=type(trouble).__name__, **known)


def _source(installed: Installed) -> _Source | None:
    host, account = named(installed.host), installed.as_account()
    if not isinstance(host, Feeding) or account is None:
        return None
    return _Source(installed.tenant, installed.host, host, account)
