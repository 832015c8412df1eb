"""Sending deliveries as a host does, signed anew: to try an installation without the host."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from yarl import URL

from plugin.commands.recordings import Unusable
from plugin.exchange import Exchange, is_guarded
from plugin.ports import Postponed
from webhooks.listening import Host


@dataclass(frozen=True, slots=True)
class Sent:
    """What was answered: ``status`` is null when nobody answered, and ``trouble`` says why."""

    status: int | None
    trouble: str | None = None

    @property
    def kept(self) -> bool:
        """Whether the service has it."""
        return self.status is not None and 200 <= self.status < 300

    def in_words(self, n: int) -> str:
        """One line for people."""
        if self.status is None:
            return f"line {n}: no answer, {self.trouble}"
        return f"line {n}: {self.status}, {'kept' if self.kept else _MEANS.get(self.status, 'not kept')}"

    def as_json(self, n: int) -> str:
        """One line of JSON."""
        return json.dumps({"n": n, "status": self.status, "kept": self.kept, "trouble": self.trouble})


_MEANS = {
    400: "the service cannot read it",
    401: "the service does not accept the signature: wrong secret, or no such practice or host",
    403: "the service does not accept the signature: wrong secret, or no such practice or host",
    404: "there is nothing at this address",
    409: "another delivery with this id was kept before",
    413: "it is too large",
    415: "the service takes another content type from this host",
    503: "the service cannot keep it now",
}


async def send(host: Host, secrets: Mapping[str, str], url: str, bodies: Sequence[bytes]) -> list[Sent]:
    """Send each body to *url*, signed with the first secret; raises ``Unusable``."""
    if not is_guarded(url):
        raise Unusable("--url must be https:// anywhere but on this machine")
    exchange = Exchange(now=_now)
    try:
        return [await _sent(exchange, host, secrets, url, body) for body in bodies]
    finally:
        await exchange.close()


async def _sent(exchange: Exchange, host: Host, secrets: Mapping[str, str], url: str, body: bytes) -> Sent:
    key_id, secret = next(iter(secrets.items()))
    try:
        delivery = host.sign(body, key_id, secret, _now(), key=f"try_{uuid4().hex}", url=url)
    except ValueError as flaw:
        raise Unusable(f"it cannot be signed: {flaw}") from None
    try:
        # Written as it was signed: an address that is encoded once more has another signature.
        answer = await exchange.ask(
            "POST", URL(delivery.url, encoded=True), headers=dict(delivery.headers), body=delivery.body
        )
    except Postponed as trouble:
        return Sent(None, trouble.reason)
    return Sent(answer.status)


def _now() -> datetime:
    return datetime.now(UTC)
