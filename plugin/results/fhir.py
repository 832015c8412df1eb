"""Results at a FHIR R4 server behind SMART Backend Services.

What is sent, and why, stands in ``docs/topics/record.md`` and ``docs/adr/0006-own-slice-of-fhir.md``.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from plugin.core.orders import Result
from plugin.exchange import TIMES, Exchange, is_guarded
from plugin.ports import Hopeless
from plugin.results.assertion import Assertions
from plugin.results.doubt import WINDOW, Doubts
from plugin.results.elements import Element
from plugin.results.identifiers import identifier_of
from plugin.results.publish import Publisher
from plugin.results.resources import resource_of
from plugin.results.scopes import SCOPES
from plugin.results.smart import SmartTokens
from plugin.results.spare import spare_of
from plugin.results.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """One practice's record at one host.

    ``base`` is the FHIR base URL, ``key`` a PEM private key (EC P-384 or RSA) whose public half the host
    knows as ``kid``. ``secret`` keys the pseudonyms and identifiers of counted answers: at least 32 bytes,
    the same for the life of the practice, known to nobody who reads the record.
    """

    tenant: str
    base: str
    client_id: str
    kid: str
    key: bytes = field(repr=False)
    secret: bytes = field(repr=False)
    scope: str = SCOPES
    window: float = WINDOW
    times: aiohttp.ClientTimeout = TIMES


class FhirResults:
    """Implements ``Results``: each result becomes one resource, stored exactly once.

    Raises:
        ValueError: the place's URL, key or secret cannot be used; says which.
    """

    def __init__(
        self, place: Place, *, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        if not is_guarded(place.base):
            raise ValueError("the record's base URL must be https, or http on this machine")
        if len(place.secret) < 32:
            raise ValueError("the record's secret must have at least 32 bytes")
        base = place.base.rstrip("/")
        signing = Assertions(client_id=place.client_id, kid=place.kid, key=place.key, now=now)
        self._place = place
        self._exchange = Exchange(now=now, times=place.times)
        self._tokens = SmartTokens(self._exchange, base, signing, scope=place.scope, clock=clock)
        self._store = Store(self._exchange, base, self._tokens, Doubts(window=place.window, clock=clock))
        self._publisher = Publisher(self._store, clock=clock)

    async def save(self, order: str, result: Result) -> None:
        """Return once the host holds the result exactly once; raises ``Postponed`` or ``Hopeless``."""
        own = identifier_of(order, result, secret=self._place.secret)
        resource = await self._fitting(order, result, own)
        await self._store.put(resource, own)
        await self._publisher.publish()

    async def reach(self) -> None:
        """Read the server's statement and get a token; raises ``Postponed`` with the reason if either fails."""
        await self._store.offer("QuestionnaireResponse")

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
