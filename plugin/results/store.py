"""Stores one resource at a FHIR server exactly once, with what that server offers.

* Conditional create: one request; the server settles whether it is there.
* Create and search: look first.
* Create alone: write once; a write in doubt is left to an operator, as nobody can tell.

After a write in doubt a search that finds nothing is not believed for a bounded time. A write that may still
be under way is looked for even where the server creates conditionally: several servers settle that by a search
of their own. For the same reason there is one writer per identifier.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4
from weakref import WeakValueDictionary

from yarl import URL

from plugin.exchange import Answer, Lost, Unsure
from plugin.ports import Hopeless, Postponed
from plugin.results.bundle import are_stored, transaction
from plugin.results.caller import Caller
from plugin.results.capability import Capability, Offer
from plugin.results.doubt import Doubts
from plugin.results.elements import Element
from plugin.results.found import Found, carries, found, is_about, is_told_by
from plugin.results.identifiers import SYSTEM
from plugin.results.scopes import allows
from plugin.results.verdict import is_stored, place_in, place_of, verdict

FHIR = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Held:
    """What the server holds: where (``Type/id``, null when it did not say), and whether it came to be just now."""

    place: str | None
    new: bool = False


class Store:
    """Writes to one FHIR server."""

    def __init__(self, caller: Caller, base: str, doubts: Doubts) -> None:
        self._caller = caller
        self._base = base
        self._doubts = doubts
        self._capability = Capability(self._metadata)
        self._writers: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def offer(self, kind: str) -> Offer:
        """What both the server's statement and the granted scopes allow; raises ``Postponed``."""
        said = await self._capability.of(kind)
        granted = await self._caller.granted()
        return Offer(
            create=said.create and allows(granted, kind, "c"),
            search=said.search and allows(granted, kind, "s"),
            conditional=said.conditional and allows(granted, kind, "c"),
            assumed=said.assumed,
        )

    async def reach(self, kind: str) -> None:
        """Return if a resource of this kind would be taken; raises ``Postponed`` or ``Hopeless``."""
        offer = await self.offer(kind)
        if not offer.create:
            raise Hopeless("not_offered")
        if offer.search:
            # Only the record itself can tell whether a token is good; this looks for what nobody holds.
            await self._held(kind, uuid4().urn)

    async def put(self, resource: Element, own: str) -> Held:
        """Return once the server holds the resource under this identifier, exactly once.

        Raises:
            Postponed: not now, or not known yet.
            Hopeless: never as it is; ``reason`` is a short code.
        """
        async with self._writer(own):
            if self._doubts.is_stored(own):
                return Held(self._doubts.place_of(own))
            with self._distrusting():
                held = await self._put(resource, own)
            self._doubts.settled(own, held.place)
            return held

    async def put_beside(self, resource: Element, held: Held, *, own: str, system: str) -> None:
        """Return once the server holds, once for its target, a Provenance by an agent of *system*.

        Args:
            resource: the Provenance.
            held: its target, as ``put`` answered.
            own: a name for the write that is the same over retries; only this process knows it.
            system: the identifier system of our agents.
        """
        async with self._writer(own):
            if self._doubts.is_stored(own):
                return
            with self._distrusting():
                if held.new or not await self._is_told(str(held.place), own, system):
                    await self._create(resource, own, {})
            self._doubts.settled(own, None)

    async def transacts(self) -> bool:
        """Whether the server takes several resources at once; raises ``Postponed``."""
        return await self._capability.transacts()

    async def put_together(self, resources: Sequence[Element]) -> None:
        """Return once the server holds all of these, each exactly once; raises as ``put`` does.

        Only for kinds that are created conditionally: then the same again does no harm, and nothing is in doubt.
        """
        body = json.dumps(transaction(resources), ensure_ascii=False).encode()
        answer = await self._caller.ask("POST", URL(self._base), {"Content-Type": FHIR}, body)
        if not are_stored(answer, len(resources)):
            raise verdict(answer)

    def distrust(self) -> None:
        """Read the server's statement and get a token anew before the next use: what they said did not hold."""
        self._capability.distrust()
        self._caller.forget()

    def _writer(self, own: str) -> asyncio.Lock:
        return self._writers.setdefault(own, asyncio.Lock())

    @contextmanager
    def _distrusting(self) -> Iterator[None]:
        try:
            yield
        except Hopeless:
            self.distrust()
            raise

    async def _put(self, resource: Element, own: str) -> Held:
        offer = await self.offer(resource["resourceType"])
        if not offer.create:
            raise Hopeless("not_offered")
        if offer.search and (not offer.conditional or self._doubts.is_under_way(own)):
            return await self._look_then_create(resource, own, offer)
        if offer.conditional:
            return await self._create_if_absent(resource, own, offer)
        return await self._create_unseen(resource, own)

    async def _create_if_absent(self, resource: Element, own: str, offer: Offer) -> Held:
        condition = {"If-None-Exist": f"identifier={SYSTEM}|{own}"}
        try:
            return await self._create(resource, own, condition)
        except Hopeless as refusal:
            # Two meanings share these codes: it is there already, or it can never be taken. One look tells.
            torn = refusal.reason in {"http_409", "http_412"} and offer.search
            held = await self._held(resource["resourceType"], own) if torn else None
            if held is None:
                raise
            return held

    async def _look_then_create(self, resource: Element, own: str, offer: Offer) -> Held:
        # The order matters: what a search begun after the window does not find is not there.
        left = self._doubts.left(own)
        if held := await self._held(resource["resourceType"], own):
            return held
        if left > 0:
            raise Postponed("in_doubt", left)
        if offer.conditional:
            return await self._create_if_absent(resource, own, offer)
        return await self._create(resource, own, {})

    async def _create_unseen(self, resource: Element, own: str) -> Held:
        if self._doubts.is_doubted(own):
            self._doubts.end(own)  # whoever retries after this has looked at the host
            raise Hopeless("in_doubt")
        return await self._create(resource, own, {})

    async def _create(self, resource: Element, own: str, condition: dict[str, str]) -> Held:
        kind = resource["resourceType"]
        body = json.dumps(resource, ensure_ascii=False).encode()
        headers = {"Content-Type": FHIR, **condition}
        try:
            answer = await self._caller.ask("POST", URL(f"{self._base}/{kind}"), headers, body)
            if not is_stored(answer, kind):
                raise verdict(answer)
        except (Unsure, asyncio.CancelledError) as end:
            self._doubts.begin(own, under_way=not isinstance(end, Unsure) or isinstance(end, Lost))
            raise
        return Held(place_of(answer, kind), new=answer.status == 201)

    async def _held(self, kind: str, own: str) -> Held | None:
        resources = await self._search(kind, identifier=f"{SYSTEM}|{own}")
        if not all(carries(one, kind, own) for one in resources):
            raise Hopeless("search_ignored")
        if len(resources) > 1:
            raise Hopeless("several")
        return Held(place_in(resources[0], kind)) if resources else None

    async def _is_told(self, place: str, own: str, system: str) -> bool:
        left = self._doubts.left(own)
        resources = await self._search("Provenance", target=place)
        if not all(is_about(one, place) for one in resources):
            raise Hopeless("search_ignored")
        if any(is_told_by(one, system) for one in resources):
            return True
        if left > 0:
            raise Postponed("in_doubt", left)
        return False

    async def _search(self, kind: str, **query: str) -> list[Found]:
        return found(await self._caller.ask("GET", URL(f"{self._base}/{kind}").with_query(query)))

    async def _metadata(self) -> Answer:
        url = URL(f"{self._base}/metadata")
        answer = await self._caller.ask_openly("GET", url)
        if answer.status in {401, 403}:
            answer = await self._caller.ask("GET", url)
        return answer
