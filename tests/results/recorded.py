"""What a FHIR server of the tests offers, what goes wrong with it next, and what it has seen and kept."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tests.results.faults import Fault
from tests.results.strict import complaints

KINDS = ("QuestionnaireResponse", "Observation", "Consent")


class Clock:
    """Monotonic seconds that only a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass(slots=True)
class RecordServer:
    clock: Clock
    conditional: bool = True
    search: bool = True
    kinds: tuple[str, ...] = KINDS
    unwanted: tuple[str, ...] = ()
    """Kinds that are offered, and refused when they come."""
    granted: str | None = "system/*.crs"
    capabilities: tuple[str, ...] = ("client-confidential-asymmetric", "permission-v2")
    transactions: bool = False
    most_entries: int = 100
    """A transaction with more is refused."""
    method: str = "private_key_jwt"
    """How the client proves itself at the token endpoint."""
    discovery: bool = True
    lag: float = 0.0
    deaf: bool | str = False
    """Answers a search (for one kind, or any) with everything, as servers do that do not know a parameter."""
    token_life: object = 60
    token_type: str = "Bearer"
    base: str = ""
    stored: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    late: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """Writes that the server carries out after their sender has given up, and when."""
    create_faults: deque["Fault | None"] = field(default_factory=deque)
    token_faults: deque["Fault | None"] = field(default_factory=deque)
    transaction_faults: deque["Fault | None"] = field(default_factory=deque)
    metadata_faults: deque["Fault | None"] = field(default_factory=deque)
    seen: list[str] = field(default_factory=list)
    assertions: list[dict[str, Any]] = field(default_factory=list)
    scopes_asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    wire: list[str] = field(default_factory=list)
    """Everything that was ever sent here: address, headers and body of each request."""
    writing: int = 0
    most_writing: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    arrivals: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    @property
    def resources(self) -> list[dict[str, Any]]:
        return [resource for _, resource in self.stored]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.resources if one["resourceType"] == kind]

    def times(self, what: str) -> int:
        return self.seen.count(what)

    def keep(self, resource: dict[str, Any]) -> dict[str, Any]:
        assert complaints(resource) == set()
        kept = {**resource, "id": str(len(self.stored) + 1)}
        self.stored.append((self.clock(), kept))
        return kept

    def found(self, kind: str, token: str, *, at_once: bool = False) -> list[dict[str, Any]]:
        for at, resource in [one for one in self.late if self.clock() >= one[0]]:
            self.late.remove((at, resource))
            self.keep(resource)
        seen = [one for at, one in self.stored if at_once or self.clock() >= at + self.lag]
        return [
            one
            for one in seen
            if self.deaf in {True, kind} or (one["resourceType"] == kind and token in _identifiers(one))
        ]


def _identifiers(resource: dict[str, Any]) -> list[str]:
    if resource["resourceType"] == "Provenance":
        return [str(one["reference"]) for one in resource["target"]]
    held = resource["identifier"]
    return [f"{one['system']}|{one['value']}" for one in (held if isinstance(held, list) else [held])]
