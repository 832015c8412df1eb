"""Which elements a resource may and must have, down to the last data type.

``elements.json`` lists them as HL7's R4 (4.0.1) StructureDefinitions do: ``"status": "1..1 code = draft final"`` is
an element that must be there once and holds one of two codes; ``value[x]`` is written with one of its types as
``valueString``; ``*`` stands for every type that an extension may hold.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files

from plugin.sandbox.record.json_value import Json, Resource
from plugin.sandbox.record.offer import KINDS
from plugin.sandbox.record.outcome import Issue, misshapen
from plugin.sandbox.record.primitives import PRIMITIVES

_NAME = re.compile(r"[A-Za-z]{1,64}")


@dataclass(frozen=True, slots=True)
class Property:
    """One JSON key: the element it belongs to, its type, whether it is an array, and the codes it may hold."""

    element: str
    kind: str
    many: bool
    codes: frozenset[str]


@dataclass(slots=True)
class Shape:
    """The keys of one type and the elements that it cannot be without."""

    properties: dict[str, Property] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)


def _shapes() -> dict[str, Shape]:
    listed = json.loads(files(__package__).joinpath("elements.json").read_text("utf-8"))
    every = listed.pop("*")["value[x]"].removeprefix("0..1 ")
    resource, element = listed.pop("Resource"), listed.pop("Element")
    shapes = {}
    for name, own in listed.items():
        common = resource if name in KINDS else element
        shapes[name] = _shape({**common, **own}, every)
    return shapes


def _shape(elements: dict[str, str], every: str) -> Shape:
    shape = Shape()
    for element, line in elements.items():
        cardinality, _, rest = line.partition(" ")
        kinds, _, codes = rest.partition(" = ")
        if cardinality.startswith("1"):
            shape.required.add(element)
        for kind in (every if kinds == "*" else kinds).split():
            key = element.replace("[x]", kind[0].upper() + kind[1:])
            shape.properties[key] = Property(
                element, kind, cardinality.endswith("*"), frozenset(codes.split())
            )
    return shape


SHAPES = _shapes()


def check(resource: Resource, kind: str) -> None:
    """Raise ``Refusal`` (400), with the path of each fault, unless *resource* is a well-formed *kind*."""
    if kind not in KINDS or resource.get("resourceType") != kind:
        raise misshapen([Issue("structure", f"The resource is not of type {kind}.", "resourceType")])
    if issues := list(_object(resource, kind, kind)):
        raise misshapen(issues)


def _object(value: Json, kind: str, path: str) -> Iterator[Issue]:
    if not isinstance(value, dict) or not value:
        yield Issue("structure", "An object with content is wanted here.", path)
        return
    shape, seen = SHAPES[kind], dict[str, str]()
    for key, content in value.items():
        if key == "resourceType" and kind in KINDS:
            continue
        if key.startswith("_"):
            yield from _companion(key, content, shape, path)
            continue
        known = shape.properties.get(key)
        if known is None:
            yield _unknown(key, path)
            continue
        if seen.setdefault(known.element, key) != key:
            yield Issue("structure", "Only one of these may be given.", f"{path}.{_plain(known.element)}")
        yield from _content(content, known, f"{path}.{key}")
    for element in sorted(shape.required - seen.keys()):
        yield Issue("required", "This element is missing.", f"{path}.{_plain(element)}")


def _content(content: Json, known: Property, path: str) -> Iterator[Issue]:
    if not known.many:
        yield from _value(content, known, path)
        return
    if not isinstance(content, list) or not content:
        yield Issue("structure", "An array with content is wanted here.", path)
        return
    for index, value in enumerate(content):
        yield from _value(value, known, f"{path}[{index}]")


def _value(value: Json, known: Property, path: str) -> Iterator[Issue]:
    if known.kind == "Resource":
        yield from _contained(value, path)
    elif known.kind not in PRIMITIVES:
        yield from _object(value, known.kind, path)
    elif not PRIMITIVES[known.kind](value):
        yield Issue("value", f"This is not a {known.kind}.", path)
    elif known.codes and value not in known.codes:
        yield Issue("code-invalid", f"This is none of: {', '.join(sorted(known.codes))}.", path)


def _contained(value: Json, path: str) -> Iterator[Issue]:
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        yield Issue("not-supported", "A resource of this type is not kept here.", path)
    else:
        yield from _object(value, kind, path)


def _companion(key: str, content: Json, shape: Shape, path: str) -> Iterator[Issue]:
    """A key like ``_status`` carries the extensions of a primitive; it does not stand in for its value here."""
    known = shape.properties.get(key[1:])
    if known is None or known.kind not in PRIMITIVES:
        yield _unknown(key, path)
    elif not isinstance(content, list if known.many else dict):
        yield Issue("structure", "The extensions of a primitive are wanted here.", f"{path}.{key[1:]}")


def _unknown(key: str, path: str) -> Issue:
    # A stranger's key may hold anything, also what a person said: only what looks like a name is repeated.
    where = f"{path}.{key}" if _NAME.fullmatch(key) else path
    return Issue("structure", "There is no such element here.", where)


def _plain(element: str) -> str:
    return element.removesuffix("[x]")
