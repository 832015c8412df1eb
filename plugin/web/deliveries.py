"""``POST /webhooks/{tenant}/{host}``: a host's deliveries, verified on the bytes as they came, then journaled.

Who cannot prove a delivery learns nothing: one answer for a wrong signature, an unknown practice, an unknown host.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from importlib import import_module
from typing import Protocol, cast

import structlog
from aiohttp import web

from plugin.bodies import body_of
from plugin.errors import Problem, answer, unwritable
from plugin.ports import Contradiction, Received, SeenBefore, Unwritable
from plugin.runner import Runner
from webhooks.delivery import Delivery, Host, Malformed, NotAccepted
from webhooks.events import HostFact

_log = structlog.get_logger("fermata.deliveries")


class Installed(Protocol):
    """One host platform of one practice, as the settings have it."""

    @property
    def tenant(self) -> str:
        """The practice."""

    @property
    def host(self) -> str:
        """The host's name."""

    @property
    def webhook_keys(self) -> Mapping[str, str]:
        """The secrets that sign its deliveries, by id."""


@dataclass(frozen=True, slots=True)
class _Sender:
    listening: Host
    keys: Mapping[str, str] = field(repr=False)


class Deliveries:
    """Takes deliveries of all hosts."""

    def __init__(self, hosts: Sequence[Installed], runner: Runner, now: Callable[[], datetime]) -> None:
        self._senders = {
            (each.tenant, each.host): _Sender(_host(each.host), each.webhook_keys) for each in hosts
        }
        # Whoever knocks at a door that is not there meets the same checks, with no secret that could pass them.
        self._stranger = _Sender(_host("sandbox"), {})
        self._runner = runner
        self._now = now

    async def post(self, request: web.Request) -> web.Response:
        """Keep one delivery: 202 when it is new, 200 when it was kept before."""
        tenant, host = request.match_info["tenant"], request.match_info["host"]
        sender = self._senders.get((tenant, host), self._stranger)
        body = await body_of(request, types=sender.listening.content_types)
        delivery = Delivery(headers=tuple(request.headers.items()), body=body)
        try:
            received, facts = self._read(sender, delivery, tenant, host)
        except NotAccepted as refusal:
            # A path is words of a stranger; only the names of a practice of ours are for the log.
            known = {"tenant": tenant, "host": host} if sender is not self._stranger else {}
            _log.warning("delivery_refused", reason=refusal.reason.value, **known)
            raise _problem(sender.listening, refusal) from None
        return await self._told(tenant, facts, received)

    def _read(
        self, sender: _Sender, delivery: Delivery, tenant: str, host: str
    ) -> tuple[Received, list[HostFact]]:
        now = self._now()
        sender.listening.verify(delivery, sender.keys, now)
        key = sender.listening.key(delivery)
        facts = sender.listening.read(delivery)
        return Received(tenant, host, key, sha256(delivery.body).digest(), now), facts

    async def _told(self, tenant: str, facts: Sequence[HostFact], received: Received) -> web.Response:
        try:
            await self._runner.tell(tenant, facts, received)
        except SeenBefore:
            return web.Response(status=200)
        except Contradiction:
            _log.error("delivery_contradicts", tenant=tenant, host=received.host)
            return answer(409, "A delivery with this id and another body was kept before.")
        except Unwritable:
            return unwritable()
        return web.Response(status=202)


def _host(name: str) -> Host:
    return cast("Host", import_module(f"webhooks.{name}"))


def _problem(listening: Host, refusal: NotAccepted) -> Problem:
    if isinstance(refusal, Malformed):
        return Problem(400, "The delivery cannot be read.")
    return Problem(listening.refusal_status, "The delivery is not verified.")
