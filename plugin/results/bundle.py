"""A transaction: several creates in one request, all or none, each only if it is not there yet.

Source: FHIR R4, "transaction" interaction. No identifier stands in one twice, as servers differ about what that
means, and it stays small: some refuse more than eight conditional entries.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from plugin.exchange import Answer
from plugin.results.elements import Element
from plugin.results.identifiers import SYSTEM

MOST = 8
"""Entries of one transaction."""


class _Response(BaseModel):
    status: str = ""


class _Entry(BaseModel):
    response: _Response = _Response()


class _Bundle(BaseModel):
    resourceType: str
    type: str
    entry: list[_Entry] = []


def transaction(resources: Sequence[Element]) -> Element:
    """The bundle that creates each resource, which carries its identifier in a list, unless it is there."""
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_entry(one) for one in resources]}


def _entry(resource: Element) -> Element:
    own = resource["identifier"][0]["value"]
    request: dict[str, Any] = {
        "method": "POST",
        "url": resource["resourceType"],
        "ifNoneExist": f"identifier={SYSTEM}|{own}",
    }
    # No fullUrl: nothing points to it, and some servers would rewrite whatever else in the bundle reads the same.
    return {"resource": resource, "request": request}


def are_stored(answer: Answer, count: int) -> bool:
    """Whether an answer says of each of *count* entries that it is there now."""
    if answer.status != 200:
        return False
    try:
        bundle = _Bundle.model_validate(answer.document)
    except ValidationError:
        return False
    done = [entry.response.status[:3] in {"200", "201"} for entry in bundle.entry]
    return bundle.type == "transaction-response" and len(done) == count and all(done)
