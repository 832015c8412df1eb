"""What a server offers, by its CapabilityStatement; nothing beyond it is required of the server."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ValidationError

from plugin.exchange import Answer
from plugin.ports import Postponed

_CLOSED = frozenset({401, 403, 404, 405, 410})


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be done with one resource type; ``assumed`` when the server has not said so."""

    create: bool = False
    search: bool = False
    conditional: bool = False
    assumed: bool = False

    @property
    def invites(self) -> bool:
        """Whether the server itself says that something may be stored here, and it can be exactly once."""
        return self.create and (self.search or self.conditional) and not self.assumed


_FOUND_BY = {"Provenance": "target"}
"""By what a resource is found again that has no identifier in R4."""

PLAIN = Offer(create=True, search=True, assumed=True)
"""What is assumed of a server that does not say: any FHIR server creates and searches."""


class _Named(BaseModel):
    code: str = ""
    name: str = ""


class _Resource(BaseModel):
    type: str = ""
    interaction: list[_Named] = []
    searchParam: list[_Named] = []
    conditionalCreate: bool = False

    def offer(self) -> Offer:
        interactions = {one.code for one in self.interaction}
        parameters = {one.name for one in self.searchParam}
        key = _FOUND_BY.get(self.type, "identifier")
        return Offer(
            create="create" in interactions,
            search="search-type" in interactions and (not parameters or key in parameters),
            conditional="create" in interactions and self.conditionalCreate,
        )


class _Rest(BaseModel):
    mode: str = "server"
    interaction: list[_Named] = []
    resource: list[_Resource] = []


class _Statement(BaseModel):
    resourceType: Literal["CapabilityStatement"]
    rest: list[_Rest] = []


@dataclass(frozen=True, slots=True)
class Said:
    """What a statement says: what is offered by resource type, and whether several writes may go together."""

    offers: Mapping[str, Offer]
    transactions: bool


class Capability:
    """The server's statement, read once and again after trouble."""

    def __init__(self, read: Callable[[], Awaitable[Answer]]) -> None:
        self._read = read
        self._said: Said | None = None
        self._lock = asyncio.Lock()

    async def of(self, kind: str) -> Offer:
        """What is offered for a resource type; raises ``Postponed`` while the statement cannot be had."""
        offers = (await self._statement()).offers
        return offers.get(kind, Offer()) if offers else PLAIN

    async def transacts(self) -> bool:
        """Whether several writes may go together; raises ``Postponed`` while the statement cannot be had."""
        return (await self._statement()).transactions

    def distrust(self) -> None:
        """Read the statement again before the next use: the server did not do what it said."""
        self._said = None

    async def _statement(self) -> Said:
        async with self._lock:
            self._said = self._said or said(await self._read())
            return self._said


def said(answer: Answer) -> Said:
    """What the answer to ``GET /metadata`` says; nothing when the server keeps it to itself."""
    if answer.status in _CLOSED:
        return Said({}, transactions=False)
    if answer.status != 200:
        raise Postponed(f"metadata_{answer.status}", answer.after)
    try:
        statement = _Statement.model_validate(answer.document)
    except ValidationError:
        raise Postponed("metadata_unclear", answer.after) from None
    served = [rest for rest in statement.rest if rest.mode == "server"]
    return Said(
        {resource.type: resource.offer() for rest in served for resource in rest.resource},
        transactions=any(one.code == "transaction" for rest in served for one in rest.interaction),
    )
