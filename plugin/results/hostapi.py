"""Results at a platform with an API of its own: ``PUT {base}/results/{id}``, one JSON document each.

What the platform has to do stands in ``docs/topics/results-api.md``, what is sent in ``docs/results.schema.json``.
A document is the same over every retry, and putting it twice is putting it once; so nothing is ever in doubt for
long: what got no answer is put again.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from weakref import WeakValueDictionary

from yarl import URL

from plugin.core.orders import Result
from plugin.exchange import Answer, Exchange
from plugin.ports import Hopeless, Postponed
from plugin.results.caller import Caller
from plugin.results.documents import VERSION, document_of, id_of
from plugin.results.identifiers import identifier_of
from plugin.results.place import Place, tokens_for
from plugin.results.verdict import verdict

SCOPE = "results.write"
"""What is asked for where the settings name no scope."""

_JSON = "application/json"


class HostApiResults:
    """Implements ``Results``: each result becomes one document under its own address.

    Raises:
        ValueError: a client needs a token and the place does not say where they are.
    """

    def __init__(
        self, place: Place, *, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._place = place
        self._base = place.base.rstrip("/")
        self._exchange = Exchange(now=now, times=place.times)
        tokens = tokens_for(place, self._exchange, scope=SCOPE, clock=clock)
        self._caller = Caller(self._exchange, tokens, accept=_JSON)
        self._writers: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def save(self, order: str, result: Result) -> None:
        """Return once the host holds the result exactly once; raises ``Postponed`` or ``Hopeless``."""
        place = self._place
        own = identifier_of(order, result, secret=place.secret)
        body = document_of(result, own, order=order, tenant=place.tenant, secret=place.secret)
        writer = self._writers.setdefault(own, asyncio.Lock())
        async with writer:
            await self._put(id_of(own), body)

    async def reach(self) -> None:
        """Ask the base URL, with a token, which versions are taken; raises ``Postponed`` or ``Hopeless``."""
        answer = await self._caller.ask("GET", URL(self._base))
        versions = (answer.document or {}).get("versions")
        if answer.status != 200 or not isinstance(versions, list):
            raise verdict(answer)
        if VERSION not in versions:
            raise Postponed("version_not_taken")

    async def close(self) -> None:
        """Release connections."""
        await self._exchange.close()

    async def _put(self, own: str, body: bytes) -> None:
        url = URL(f"{self._base}/results/{own}")
        answer = await self._caller.ask("PUT", url, {"Content-Type": _JSON}, body)
        if _is_kept(answer, own):
            return
        refusal = verdict(answer)
        if isinstance(refusal, Hopeless):
            # Whoever retries after this may have granted more since.
            self._caller.forget()
        raise refusal


def _is_kept(answer: Answer, own: str) -> bool:
    """Whether the host itself says that it holds this; a log-in page with status 200 does not."""
    return answer.status in {200, 201} and (answer.document or {}).get("id") == own
