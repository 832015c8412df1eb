"""``python -m benchmarks.publish``: put the kept results into ``docs/performance.md``, between its two marks."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.__main__ import RESULTS

_PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
_BEGIN, _END = "<!-- results: python -m benchmarks.publish -->", "<!-- end of results -->"

_QUIET = 1.5
"""Load a core up to which a run counts as undisturbed; a benchmark itself keeps two cores busy."""

Kept = Mapping[str, Any]
"""One result as ``printing.document`` wrote it."""


def main() -> int:
    """Write the page anew; 2 when there is nothing to write or nowhere to write it to."""
    kept = [json.loads(file.read_text()) for file in sorted(RESULTS.glob("p*.json"), key=_place)]
    head, begin, rest = _PAGE.read_text().partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not (kept and begin and end):
        print(f"no results in {RESULTS}, or no marks in {_PAGE}", file=sys.stderr)
        return 2
    _PAGE.write_text(f"{head}{begin}\n\n{page(kept)}\n{end}{tail}")
    return 0


def _place(file: Path) -> tuple[int, str]:
    number, _, more = file.stem.removeprefix("p").partition("-")
    return int(number), more


def page(kept: Sequence[Kept]) -> str:
    """The budgets of all results in one table, then the figures of each."""
    lines = ["| | Budget | Reached | Span over the rounds | |", "| --- | --- | --- | --- | --- |"]
    lines += [line for result in kept for line in _budgets(result)]
    for result in kept:
        lines += ["", *_figures(result)]
    return "\n".join(lines) + "\n"


def _budgets(result: Kept) -> Iterator[str]:
    for each in result["budgets"]:
        ratios, unit = each["ratios"], "×" if each["unit"] == "x" else each["unit"]
        span = f"{min(ratios):.2f} to {max(ratios):.2f}" if len(ratios) > 1 else ""
        held = "held" if each["held"] else "**missed**"
        budget = f"{each['says']}: {each['side']} {each['limit']:g} {unit}"
        yield f"| {result['job']} | {budget} | {each['reached']:.2f} {unit} | {span} | {held} |"


def _figures(result: Kept) -> Iterator[str]:
    rounds, machine = result["rounds"], result["machine"]
    contestants = list(rounds[0])
    names = dict.fromkeys(name for contestant in contestants for name in rounds[0][contestant])
    yield f"### {result['job']}: {result['title']}"
    yield ""
    yield f"{result['at'][:10]}, {len(rounds)} rounds, medians; load of the machine at the end {machine['load']:.1f}."
    if machine["load"] > _QUIET * machine["cores"]:
        yield "**The machine was busy with other work**: memory and processor time hold, latencies and rates do not."
    yield ""
    yield f"| | {' | '.join(contestants)} |"
    yield f"| --- |{' ---: |' * len(contestants)}"
    for name in names:
        cells = [_cell([one[contestant].get(name) for one in rounds]) for contestant in contestants]
        yield f"| {name.replace('_', ' ')} | {' | '.join(cells)} |"


def _cell(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    value = median(known)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
