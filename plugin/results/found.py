"""What a search found, read with care: a server may ignore the parameter and answer with everything it has."""

from typing import Any

from pydantic import BaseModel, ValidationError

from plugin.exchange import Answer
from plugin.ports import Postponed
from plugin.results.identifiers import SYSTEM
from plugin.results.verdict import verdict

Found = dict[str, Any]
"""A resource as the server holds it."""


class _Entry(BaseModel):
    resource: Found = {}


class _Bundle(BaseModel):
    resourceType: str
    entry: list[_Entry] = []


def found(answer: Answer) -> list[Found]:
    """The resources in the answer to a search; raises what the answer means when it is none."""
    if answer.status != 200:
        raise verdict(answer)
    try:
        bundle = _Bundle.model_validate(answer.document)
    except ValidationError:
        raise Postponed("search_unclear") from None
    if bundle.resourceType != "Bundle":
        raise Postponed("search_unclear")
    resources = (entry.resource for entry in bundle.entry)
    return [one for one in resources if one.get("resourceType") != "OperationOutcome"]


def carries(resource: Found, kind: str, own: str) -> bool:
    """Whether a found resource is of this kind and under our identifier."""
    return resource.get("resourceType") == kind and any(
        one.get("system") == SYSTEM and str(one.get("value")).lower() == own
        for one in _objects(resource.get("identifier"))
    )


def is_about(resource: Found, place: str) -> bool:
    """Whether a found Provenance has what lies at a place (``Type/id``) for its target, in whatever version."""
    targets = (
        str(one.get("reference")).partition("/_history/")[0] for one in _objects(resource.get("target"))
    )
    return any(target == place or target.endswith(f"/{place}") for target in targets)


def is_told_by(resource: Found, system: str) -> bool:
    """Whether a found Provenance has an agent that is named in a system of ours."""
    whos = (agent.get("who") for agent in _objects(resource.get("agent")))
    named = (one for who in whos if isinstance(who, dict) for one in _objects(who.get("identifier")))
    return any(one.get("system") == system for one in named)


def _objects(value: Any) -> list[Found]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
