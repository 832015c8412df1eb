"""Statistics: percentiles of one round, ratios within a round, medians over rounds, and budgets over ratios."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Literal

Figures = dict[str, float]
"""What one contestant reached in one round, by name with its unit: ``p50_us``, ``cpu_us_per_op``, ``rows`` ..."""

Round = dict[str, Figures]
"""One round: the figures of each contestant."""


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least *share* of all values do not exceed (nearest rank)."""
    if not values or not 0 < share <= 1:
        raise ValueError("a percentile needs values and a share above 0, up to 1")
    return sorted(values)[ceil(share * len(values)) - 1]


def middle(rounds: Sequence[Round], contestant: str, figure: str) -> float:
    """The median over all rounds of one figure of one contestant."""
    return median(each[contestant][figure] for each in rounds)


@dataclass(frozen=True, slots=True)
class Budget:
    """A promise about ratios, one a round. What counts is their median.

    ``ratios`` may hold absolute values as well, where a budget is no ratio (a size, a time a person feels).
    """

    says: str
    limit: float
    side: Literal["at most", "at least"]
    ratios: Sequence[float]
    unit: str = "x"

    @property
    def reached(self) -> float:
        """The median over the rounds."""
        return median(self.ratios)

    @property
    def held(self) -> bool:
        """Whether the median keeps the promise."""
        return self.reached <= self.limit if self.side == "at most" else self.reached >= self.limit

    def __str__(self) -> str:
        held = "held  " if self.held else "MISSED"
        span = f"{min(self.ratios):.2f}-{max(self.ratios):.2f}"
        return f"{held}  {self.says}: {self.reached:.2f} {self.unit} ({span}), {self.side} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Report:
    """What one benchmark found: every round as it was measured, and its budgets."""

    job: str
    title: str
    rounds: Sequence[Round]
    budgets: Sequence[Budget]
    remarks: Sequence[str] = ()
