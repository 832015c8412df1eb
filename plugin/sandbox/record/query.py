"""Read a search as it stands in a URL, a form or an ``If-None-Exist`` header.

Commas mean "or", a repeated parameter means "and", a backslash takes the meaning from a comma, a bar or a dollar
sign. What is not offered is refused: a search that silently ignores a condition answers with other people's data.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from plugin.sandbox.record.index import pointed
from plugin.sandbox.record.offer import OFFERS, Parameter
from plugin.sandbox.record.outcome import Refusal

COUNT = 50
MOST = 200
ALTERNATIVES = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value to look for; null leaves the system or the value open."""

    system: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Criterion:
    """A condition: the parameter has one of these values."""

    parameter: str
    any_of: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Which matches to show: those after one sequence number, up to another that was the last at the first page."""

    count: int = COUNT
    after: int = 0
    ceiling: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A search over one resource type; ``asked`` are its conditions as they were spelt."""

    kind: str
    criteria: tuple[Criterion, ...]
    page: Page = Page()
    asked: tuple[tuple[str, str], ...] = ()


def search(kind: str, pairs: Iterable[tuple[str, str]]) -> Query:
    """Read a search; raises ``Refusal`` (400) for a parameter or a value that is not offered."""
    asked, controls = [], dict[str, str]()
    for name, value in pairs:
        if name in controls:
            raise Refusal(400, "invalid", f"The parameter {name} stands twice.")
        if name in ("_count", "_page"):
            controls[name] = value
        else:
            asked.append((name, value))
    criteria = tuple(_criterion(kind, name, value) for name, value in asked)
    page = _page(controls.get("_page"), _count(controls.get("_count")))
    return Query(kind, criteria, page, tuple(asked))


def condition(kind: str, text: str) -> Query:
    """Read the conditions of a conditional create; raises ``Refusal`` (400) when there is none."""
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=20
        )
    except ValueError:
        pairs = []
    if not pairs:
        raise Refusal(400, "invalid", "The condition is not written as the query of a search.")
    return Query(kind, tuple(_criterion(kind, name, value) for name, value in pairs))


def cursor(after: int, ceiling: int) -> str:
    """Write where the next page begins."""
    return base64.urlsafe_b64encode(f"{after}.{ceiling}".encode()).decode().rstrip("=")


def _criterion(kind: str, name: str, value: str) -> Criterion:
    parameter = Parameter("uri", "id") if name == "_id" else OFFERS[kind].parameters.get(name)
    if parameter is None:
        shown = name if re.fullmatch(r"[A-Za-z_:.\-]{1,64}", name) else "of this name"
        raise Refusal(400, "not-supported", f"The search parameter {shown} is not offered for {kind}.")
    wanted = tuple(_wanted(part, parameter) for part in _split(value, ","))
    empty = any(not one.system and not one.value for one in wanted)
    if empty or len(wanted) > ALTERNATIVES or not value.isprintable():
        raise Refusal(400, "invalid", f"The value of the search parameter {name} cannot be searched for.")
    return Criterion(name, wanted)


def _wanted(text: str, parameter: Parameter) -> Wanted:
    if parameter.match in ("canonical", "uri"):
        return Wanted(None, _plain(text))
    if parameter.match == "reference":
        kind, key = pointed(_plain(text))
        return Wanted(kind or parameter.only, key)
    system, *rest = _split(text, "|")
    if not rest:
        return Wanted(None, _plain(system))
    return Wanted(_plain(system), _plain("|".join(rest)) or None)


def _split(text: str, separator: str) -> Sequence[str]:
    parts, escaped = [""], False
    for letter in text:
        if letter == separator and not escaped:
            parts.append("")
        else:
            parts[-1] += letter
        escaped = letter == "\\" and not escaped
    return parts


def _plain(text: str) -> str:
    return re.sub(r"\\([\\,|$])", r"\1", text)


def _count(text: str | None) -> int:
    if text is None:
        return COUNT
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Refusal(400, "invalid", "_count is not a whole number.")
    return min(int(text), MOST)


def _page(text: str | None, count: int) -> Page:
    if text is None:
        return Page(count)
    try:
        given = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        given = ""
    place = re.fullmatch(r"([0-9]{1,18})\.([0-9]{1,18})", given)
    if place is None:
        raise Refusal(400, "invalid", "_page is not one that was given out here.")
    return Page(count, int(place[1]), int(place[2]))
