"""The primitive types of FHIR R4: what a value must look like.

The patterns are those of HL7's R4 (4.0.1) data types; dates must also exist in the calendar.
"""

import re
from collections.abc import Callable
from datetime import date

from plugin.sandbox.record.json_value import Json

_TEXT = re.compile(r"(?=[\s\S]*\S)[^\x00-\x08\x0b\x0c\x0e-\x1f]+")
_PATTERNS = {
    "base64Binary": re.compile(r"\s*([0-9a-zA-Z+/=]{4}\s*)+"),
    "canonical": re.compile(r"\S+"),
    "code": re.compile(r"[^\s]+(\s[^\s]+)*"),
    "id": re.compile(r"[A-Za-z0-9\-.]{1,64}"),
    "markdown": _TEXT,
    "oid": re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"),
    "string": _TEXT,
    "time": re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"),
    "uri": re.compile(r"\S+"),
    "url": re.compile(r"\S+"),
    "uuid": re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    "xhtml": _TEXT,
}
_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATES = {
    "date": re.compile(rf"[0-9]{{4}}(-(0[1-9]|1[0-2]))?|{_DAY}"),
    "dateTime": re.compile(rf"[0-9]{{4}}(-(0[1-9]|1[0-2]))?|{_DAY}(T{_CLOCK})?"),
    "instant": re.compile(rf"{_DAY}T{_CLOCK}"),
}
_SMALLEST = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}


def _boolean(value: Json) -> bool:
    return isinstance(value, bool)


def _decimal(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(smallest: int) -> Callable[[Json], bool]:
    return lambda value: type(value) is int and smallest <= value < 2**31


def _matching(pattern: re.Pattern[str]) -> Callable[[Json], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _dated(pattern: re.Pattern[str]) -> Callable[[Json], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None and _exists(value)


def _exists(text: str) -> bool:
    try:
        date.fromisoformat(text[:10] + "-01-01"[max(0, len(text[:10]) - 4) :])
    except ValueError:
        return False
    return True


PRIMITIVES: dict[str, Callable[[Json], bool]] = {
    "boolean": _boolean,
    "decimal": _decimal,
    **{name: _whole(smallest) for name, smallest in _SMALLEST.items()},
    **{name: _matching(pattern) for name, pattern in _PATTERNS.items()},
    **{name: _dated(pattern) for name, pattern in _DATES.items()},
}
"""Name of a primitive type to the test that a value of it passes."""
