"""Registering: tells hosts again and again where to send, because some forget it without a word."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from pydantic import BaseModel

from plugin.asking import asked
from plugin.exchange import Exchange
from plugin.hosts import named
from plugin.hosts.host import NotTold, Registering
from plugin.installed import Installed
from plugin.rollcall import TIMES

EVERY = 300.0
"""Seconds between two registrations."""

_log = structlog.get_logger("fermata.registering")


@dataclass(frozen=True, slots=True)
class _Place:
    tenant: str
    name: str
    host: Registering
    url: str
    hook: str
    keys: Mapping[str, str] = field(repr=False)
    account: BaseModel = field(repr=False)


class Registrations:
    """Keeps the addresses of all hosts that can be told one. ``public_url`` is the service's own."""

    def __init__(self, hosts: Sequence[Installed], now: Callable[[], datetime], *, public_url: str) -> None:
        self._places = [place for each in hosts if (place := _place(each, public_url))]
        self._exchange = Exchange(now=now, times=TIMES)
        self._now = now

    async def run(self) -> None:
        """Register until cancelled."""
        try:
            while self._places:
                async with asyncio.TaskGroup() as tellings:
                    for place in self._places:
                        tellings.create_task(self._register(place))
                await asyncio.sleep(EVERY)
        finally:
            await self._exchange.close()

    async def _register(self, place: _Place) -> None:
        telling = place.host.register(place.url, place.hook, place.keys, place.account, self._now())
        try:
            await asked(self._exchange, telling)
        except NotTold as refusal:
            _log.warning("not_registered", reason=refusal.reason, tenant=place.tenant, host=place.name)
        except Exception:  # a fault in the reading of one host's answers must not end the telling of others
            _log.exception("registering_failed", tenant=place.tenant, host=place.name)


def _place(installed: Installed, public_url: str) -> _Place | None:
    host, account = named(installed.host), installed.as_account()
    if not isinstance(host, Registering) or account is None:
        return None
    hook = installed.webhook_url or f"{public_url}/webhooks/{installed.tenant}/{installed.host}"
    return _Place(
        installed.tenant, installed.host, host, installed.url, hook, installed.webhook_keys, account
    )
