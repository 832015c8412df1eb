"""Results at a FHIR R4 server.

What is sent, and why, stands in ``docs/topics/record.md`` and ``docs/adr/0006-own-slice-of-fhir.md``.
"""

import time
from collections.abc import Callable
from datetime import datetime

from plugin.core.orders import Result
from plugin.exchange import Exchange
from plugin.ports import Hopeless
from plugin.results.caller import Caller
from plugin.results.doubt import Doubts
from plugin.results.elements import Element
from plugin.results.identifiers import identifier_of
from plugin.results.place import Place, tokens_for
from plugin.results.provenance import Witness
from plugin.results.publish import Publisher
from plugin.results.resources import resource_of
from plugin.results.scopes import SCOPES
from plugin.results.smart import discovered
from plugin.results.spare import spare_of
from plugin.results.store import FHIR, Store


class FhirResults:
    """Implements ``Results``: each result becomes one resource, stored exactly once."""

    def __init__(
        self, place: Place, *, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        base = place.base.rstrip("/")
        self._place = place
        self._exchange = Exchange(now=now, times=place.times)
        find = discovered(self._exchange, base)
        tokens = tokens_for(place, self._exchange, scope=SCOPES, find=find, clock=clock)
        caller = Caller(self._exchange, tokens, accept=FHIR)
        self._store = Store(caller, base, Doubts(window=place.window, clock=clock))
        self._witness = Witness(self._store, now=now)
        self._publisher = Publisher(self._store, clock=clock)

    async def save(self, order: str, result: Result) -> None:
        """Return once the host holds the result exactly once; raises ``Postponed`` or ``Hopeless``."""
        own = identifier_of(order, result, secret=self._place.secret)
        resource = await self._fitting(order, result, own)
        held = await self._store.put(resource, own)
        await self._witness.tell(result, held, own=own, session=order.partition(":")[0])
        await self._publisher.publish()

    async def reach(self) -> None:
        """Read the server's statement, and search for nothing with a token; raises ``Postponed``, ``Hopeless``."""
        await self._store.reach("QuestionnaireResponse")

    async def close(self) -> None:
        """Release connections."""
        await self._exchange.close()

    async def _fitting(self, order: str, result: Result, own: str) -> Element:
        """The proper resource, or the one that the server takes in its place."""
        place = self._place
        proper = resource_of(result, own, order=order, tenant=place.tenant, secret=place.secret)
        if (await self._store.offer(proper["resourceType"])).create:
            return proper
        spare = spare_of(result, own, order=order)
        if spare is None or not (await self._store.offer(spare["resourceType"])).create:
            self._store.distrust()
            raise Hopeless("not_offered")
        return spare
