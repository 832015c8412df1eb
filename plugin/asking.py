"""Asking a host: sends what a host file yields, hands it the replies, and gives what it concludes."""

from collections.abc import Generator
from typing import TypeVar

from plugin.exchange import Exchange, is_guarded
from plugin.hosts.host import NotTold, Reply, Request
from plugin.ports import Postponed

Told = TypeVar("Told")

_MOST_REQUESTS = 20


async def asked(exchange: Exchange, asking: Generator[Request, Reply, Told]) -> Told:
    """What the host file concludes from the host's replies; raises ``NotTold``."""
    try:
        request = next(asking)
        for _ in range(_MOST_REQUESTS):
            request = asking.send(await _reply(exchange, request))
    except StopIteration as done:
        told: Told = done.value
        return told
    finally:
        asking.close()
    raise NotTold("too_many_pages")


async def _reply(exchange: Exchange, request: Request) -> Reply:
    if not is_guarded(request.url):
        raise NotTold("unsafe_address")
    try:
        answer = await exchange.ask(request.method, request.url, headers=request.headers, body=request.body)
    except Postponed as trouble:
        raise NotTold(trouble.reason) from None
    return Reply(answer.status, answer.body)
