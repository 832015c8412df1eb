"""Reading instruments and scoring answers.

An instrument's JSON names its items in order; each is a ``scale`` (whole numbers 0-10), a ``choice`` (a code) or a
``text``. Core items enter the index; an item with ``when`` counts only after the named answers.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from importlib.resources import files
from typing import Any

NEEDED = 4
"""How many of the five core items an index needs."""


class Unfit(ValueError):
    """The answers do not fit the instrument; the message names the item's key."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One definition; ``document`` is the JSON as the overlays get it."""

    id: str
    version: str
    document: Mapping[str, Any]

    @property
    def items(self) -> Sequence[Mapping[str, Any]]:
        """The items in the order in which they are asked."""
        items: Sequence[Mapping[str, Any]] = self.document["items"]
        return items

    @property
    def texts(self) -> frozenset[str]:
        """Keys of the open questions."""
        return frozenset(item["key"] for item in self.items if item["type"] == "text")

    @property
    def choices(self) -> frozenset[str]:
        """Keys of the items answered with a code."""
        return frozenset(item["key"] for item in self.items if item["type"] == "choice")


@cache
def instrument(name: str) -> Instrument:
    """The built-in instrument of that id."""
    document = json.loads(files("plugin.instruments").joinpath(f"{name}.json").read_text("utf-8"))
    return Instrument(document["id"], document["version"], document)


def checked(asked: Instrument, answers: Mapping[str, int | str]) -> dict[str, int | str]:
    """The answers that count, in the order of the items; empty texts are left out. Raises ``Unfit``."""
    known = {item["key"]: item for item in asked.items}
    if unknown := answers.keys() - known.keys():
        raise Unfit(f"unknown item: {min(unknown)[:20]}")
    kept = {key: _value(item, answers[key]) for key, item in known.items() if _counts(item, answers)}
    return {key: value for key, value in kept.items() if value != ""}


def _counts(item: Mapping[str, Any], answers: Mapping[str, int | str]) -> bool:
    asked = all(answers.get(key) in wanted for key, wanted in item.get("when", {}).items())
    return item["key"] in answers and asked


def _value(item: Mapping[str, Any], given: int | str) -> int | str:
    match item["type"], given:
        case "scale", int() if not isinstance(given, bool) and 0 <= given <= 10:
            return given
        case "choice", str() if any(option["code"] == given for option in item["options"]):
            return given
        case "text", str() if len(given.strip()) <= item["limit"]:
            return given.strip()
    raise Unfit(f"unfit answer: {item['key']}")


def index(asked: Instrument, answers: Mapping[str, int | str]) -> float | None:
    """Ten times the mean of the answered core items, 0-100, or null with fewer than four (CLINICAL §2.3)."""
    core = [item["key"] for item in asked.items if item.get("core")]
    scores = [score for key in core if isinstance(score := answers.get(key), int)]
    if len(scores) < NEEDED:
        return None
    mean = Decimal(10 * sum(scores)) / len(scores)
    return float(mean.quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN))
