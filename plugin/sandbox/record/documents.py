"""JSON as it is read from and written to the wire, strictly.

Python's reader takes what other readers would not: repeated keys, ``NaN``, numbers too large, half of a surrogate
pair. Each of these is refused here, so that what is stored is what every other reader would see.
"""

import json
import math
from datetime import UTC, datetime
from typing import NoReturn

from plugin.sandbox.record.json_value import Json, Resource
from plugin.sandbox.record.outcome import Refusal

DEPTH = 64


def parse(body: bytes) -> Resource:
    """Read one JSON object; raises ``Refusal`` (400) for anything else."""
    try:
        document: Json = json.loads(
            body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite
        )
        written(document)
    except (ValueError, RecursionError):
        raise Refusal(400, "structure", "The body is not well-formed JSON in UTF-8.") from None
    if not isinstance(document, dict):
        raise Refusal(400, "structure", "The body is not one JSON object.")
    if _deeper(document):
        raise Refusal(400, "structure", f"The body is nested deeper than {DEPTH} levels.")
    return document


def written(document: Json) -> bytes:
    """Write a document in UTF-8; raises ``ValueError`` for text that is not Unicode."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def instant(at: datetime) -> str:
    """Write a time as FHIR's instant, in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _once(pairs: list[tuple[str, Json]]) -> Resource:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key stands twice")
    return document


def _no_number(_name: str) -> NoReturn:
    raise ValueError("not a number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _deeper(document: Json) -> bool:
    level = [document]
    for _ in range(DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
