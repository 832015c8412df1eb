"""What a stored resource can be found by: one row for each value that a search parameter looks at.

A row is (parameter, system, value). A token's system is its namespace; a reference's system is its resource type,
so that ``Patient/p1`` is found by ``Patient/p1`` and by ``p1``, and any other spelling only as it is spelt.
"""

import re
from collections.abc import Iterator

from plugin.sandbox.record.json_value import Json, Resource
from plugin.sandbox.record.offer import OFFERS, Parameter

Row = tuple[str, str, str]

REFERENCE = re.compile(r"([A-Z][A-Za-z]{0,63})/([A-Za-z0-9\-.]{1,64})(/_history/[A-Za-z0-9\-.]{1,64})?")


def rows(resource: Resource) -> set[Row]:
    """All rows of a resource that has passed the checks of its type."""
    parameters = OFFERS[str(resource["resourceType"])].parameters
    return {
        (name, system, value)
        for name, parameter in parameters.items()
        for system, value in _values(resource.get(parameter.element), parameter)
    }


def pointed(reference: str) -> tuple[str, str]:
    """Split a relative reference into type and id; anything else has no type."""
    parts = REFERENCE.fullmatch(reference)
    return (parts[1], parts[2]) if parts else ("", reference)


def _values(element: Json, parameter: Parameter) -> Iterator[tuple[str, str]]:
    for value in element if isinstance(element, list) else [element]:
        if isinstance(value, str):
            yield "", value
        elif isinstance(value, dict) and parameter.match == "reference":
            yield from _reference(value, parameter.only)
        elif isinstance(value, dict):
            yield from _tokens(value)


def _reference(value: Resource, only: str | None) -> Iterator[tuple[str, str]]:
    target = value.get("reference")
    if isinstance(target, str) and (found := pointed(target))[0] == (only or found[0]):
        yield found


def _tokens(value: Resource) -> Iterator[tuple[str, str]]:
    codings = value.get("coding", [value])
    for coding in codings if isinstance(codings, list) else []:
        if isinstance(coding, dict) and isinstance(token := coding.get("value", coding.get("code")), str):
            yield str(coding.get("system", "")), token
