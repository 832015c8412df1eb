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
from collections.abc import Sequence
from typing import Any
from uuid import uuid4
from weakref import WeakValueDictionary

from pydantic import BaseModel, ValidationError
from yarl import URL

from plugin.exchange import Answer, Lost, Unsure
from plugin.ports import Hopeless, Postponed
from plugin.results.bundle import are_stored, transaction
from plugin.results.caller import Caller
from plugin.results.capability import Capability, Offer
from plugin.results.doubt import Doubts
from plugin.results.elements import Element
from plugin.results.identifiers import SYSTEM
from plugin.results.scopes import allows
from plugin.results.verdict import is_stored, verdict

FHIR = "application/fhir+json"


class _Entry(BaseModel):
    resource: dict[str, Any] = {}


class _Bundle(BaseModel):
    resourceType: str
    entry: list[_Entry] = []


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
            await self._is_there(kind, uuid4().urn)

    async def put(self, resource: Element, own: str) -> None:
        """Return once the server holds the resource under this identifier, exactly once.

        Raises:
            Postponed: not now, or not known yet.
            Hopeless: never as it is; ``reason`` is a short code.
        """
        writer = self._writers.setdefault(own, asyncio.Lock())
        async with writer:
            if self._doubts.is_stored(own):
                return
            try:
                await self._put(resource, own)
            except Hopeless:
                self.distrust()
                raise
            self._doubts.settled(own)

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

    async def _put(self, resource: Element, own: str) -> None:
        offer = await self.offer(resource["resourceType"])
        if not offer.create:
            raise Hopeless("not_offered")
        if offer.search and (not offer.conditional or self._doubts.is_under_way(own)):
            await self._look_then_create(resource, own, offer)
        elif offer.conditional:
            await self._create_if_absent(resource, own, offer)
        else:
            await self._create_unseen(resource, own)

    async def _create_if_absent(self, resource: Element, own: str, offer: Offer) -> None:
        condition = {"If-None-Exist": f"identifier={SYSTEM}|{own}"}
        try:
            await self._create(resource, own, condition)
        except Hopeless as refusal:
            # Two meanings share these codes: it is there already, or it can never be taken. One look tells.
            torn = refusal.reason in {"http_409", "http_412"} and offer.search
            if not torn or not await self._is_there(resource["resourceType"], own):
                raise

    async def _look_then_create(self, resource: Element, own: str, offer: Offer) -> None:
        # The order matters: what a search begun after the window does not find is not there.
        left = self._doubts.left(own)
        if await self._is_there(resource["resourceType"], own):
            return
        if left > 0:
            raise Postponed("in_doubt", left)
        if offer.conditional:
            await self._create_if_absent(resource, own, offer)
        else:
            await self._create(resource, own, {})

    async def _create_unseen(self, resource: Element, own: str) -> None:
        if self._doubts.is_doubted(own):
            self._doubts.end(own)  # whoever retries after this has looked at the host
            raise Hopeless("in_doubt")
        await self._create(resource, own, {})

    async def _create(self, resource: Element, own: str, condition: dict[str, str]) -> None:
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

    async def _is_there(self, kind: str, own: str) -> bool:
        url = URL(f"{self._base}/{kind}").with_query({"identifier": f"{SYSTEM}|{own}"})
        answer = await self._caller.ask("GET", url)
        if answer.status != 200:
            raise verdict(answer)
        found = [_is_ours(entry.resource, kind, own) for entry in _entries(answer)]
        if not all(found):
            raise Hopeless("search_ignored")
        if len(found) > 1:
            raise Hopeless("several")
        return bool(found)

    async def _metadata(self) -> Answer:
        url = URL(f"{self._base}/metadata")
        answer = await self._caller.ask_openly("GET", url)
        if answer.status in {401, 403}:
            answer = await self._caller.ask("GET", url)
        return answer


def _entries(answer: Answer) -> list[_Entry]:
    try:
        bundle = _Bundle.model_validate(answer.document)
    except ValidationError:
        raise Postponed("search_unclear") from None
    if bundle.resourceType != "Bundle":
        raise Postponed("search_unclear")
    return [entry for entry in bundle.entry if entry.resource.get("resourceType") != "OperationOutcome"]


def _is_ours(resource: dict[str, Any], kind: str, own: str) -> bool:
    """Whether a found resource carries our identifier; a server may have ignored the search parameter."""
    held = resource.get("identifier")
    identifiers = held if isinstance(held, list) else [held]
    return resource.get("resourceType") == kind and any(
        isinstance(one, dict) and one.get("system") == SYSTEM and str(one.get("value")).lower() == own
        for one in identifiers
    )
