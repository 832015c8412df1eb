"""``POST /webhooks/{tenant}/{host}``: a host's deliveries, verified on the bytes as they came, then journaled.

Who cannot prove a delivery learns nothing: one answer for a wrong signature, an unknown practice, an unknown host.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from aiohttp import web

from plugin.bodies import body_of
from plugin.errors import Problem, answer, unwritable
from plugin.hosts import NAMES, listening
from plugin.installed import Installed
from plugin.ports import Contradiction, Received, SeenBefore, Unwritable
from plugin.received import received
from plugin.runner import Runner
from webhooks.delivery import Delivery, Handshake, Malformed, NotAccepted, Window
from webhooks.events import HostFact
from webhooks.listening import Host

_log = structlog.get_logger("fermata.deliveries")


@dataclass(frozen=True, slots=True)
class _Sender:
    host: Host
    keys: Mapping[str, str] = field(repr=False)
    window: Window
    url: str | None


class Deliveries:
    """Takes deliveries of all hosts. ``public_url`` is the service's address as the hosts know it."""

    def __init__(
        self, hosts: Sequence[Installed], runner: Runner, now: Callable[[], datetime], *, public_url: str
    ) -> None:
        self._senders = {(each.tenant, each.host): _sender(each) for each in hosts}
        self._runner = runner
        self._now = now
        self._public_url = public_url

    async def post(self, request: web.Request) -> web.Response:
        """Keep one delivery: 2xx when it is new or was kept before."""
        tenant, host = request.match_info["tenant"], request.match_info["host"]
        sender = self._senders.get((tenant, host)) or _stranger(host)
        if request.match_info.get("rest", "") not in sender.host.door.paths:
            raise Problem(404)
        body = await body_of(request, types=sender.host.door.content_types)
        delivery = Delivery(tuple(request.headers.items()), body, self._address(sender, request))
        try:
            came, facts = self._read(sender, delivery, tenant)
        except Handshake as trial:
            return web.Response(body=trial.answer, content_type="application/json")
        except NotAccepted as refusal:
            # A path is words of a stranger; only the names of a practice of ours are for the log.
            known = {"tenant": tenant, "host": host} if (tenant, host) in self._senders else {}
            _log.warning("delivery_refused", reason=refusal.reason.value, **known)
            raise _problem(sender.host, refusal) from None
        return await self._told(sender, facts, came)

    def _address(self, sender: _Sender, request: web.Request) -> str:
        """The address as the sender wrote it: what it signed, not what a gateway made of it."""
        path, mark, query = request.raw_path.partition("?")
        return (sender.url or self._public_url + path) + mark + query

    def _read(self, sender: _Sender, delivery: Delivery, tenant: str) -> tuple[Received, list[HostFact]]:
        now = self._now()
        sender.host.verify(delivery, sender.keys, now, sender.window)
        try:
            return received(tenant, sender.host, delivery, now)
        except Malformed as refusal:
            raise Unreadable(refusal.reason) from None

    async def _told(self, sender: _Sender, facts: Sequence[HostFact], came: Received) -> web.Response:
        try:
            await self._runner.tell(came.tenant, facts, came)
        except SeenBefore:
            return web.Response(status=200)
        except Contradiction:
            _log.error("delivery_contradicts", tenant=came.tenant, host=came.host)
            return _contradicted(sender.host.door.contradicted)
        except Unwritable:
            return unwritable()
        return web.Response(status=sender.host.door.accepted)


class Unreadable(Malformed):
    """The host vouches for the delivery, and we cannot read it."""


def _sender(installed: Installed) -> _Sender:
    host = listening(installed.host)
    window, past = host.door.window, installed.webhook_window
    if past is not None:
        window = replace(window, past=timedelta(seconds=past))
    return _Sender(host, installed.webhook_keys, window, installed.webhook_url)


def _stranger(host: str) -> _Sender:
    """Whoever knocks at a door that is not there meets the same checks, with no secret that could pass them."""
    return _Sender(listening(host if host in NAMES else "sandbox"), {}, Window(), None)


def _contradicted(status: int) -> web.Response:
    if status < 300:
        return web.Response(status=status)
    return answer(status, "A delivery with this id and another body was kept before.")


def _problem(host: Host, refusal: NotAccepted) -> Exception:
    status = host.door.unreadable if isinstance(refusal, Unreadable) else 400
    if status < 300:
        return web.HTTPOk()
    if isinstance(refusal, Malformed):
        return Problem(status, "The delivery cannot be read.")
    return Problem(host.door.refused, "The delivery is not verified.")
