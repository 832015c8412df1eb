"""How results are shown and kept: a table of medians with budgets in words, and JSON with every round."""

import json
import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.measures import Report, middle

_PACKAGES = ("aiohttp", "uvloop", "apsw", "pydantic", "python-socketio", "aiosqlite", "fastapi", "sqlalchemy")


def table(report: Report) -> str:
    """Medians over the rounds, a line a contestant, then the budgets and remarks."""
    contestants = list(report.rounds[0])
    figures = list(dict.fromkeys(name for each in contestants for name in report.rounds[0][each]))
    lines = [["", *figures]]
    for contestant in contestants:
        known = report.rounds[0][contestant]
        cells = [_number(middle(report.rounds, contestant, f)) if f in known else "" for f in figures]
        lines.append([contestant, *cells])
    title = f"{report.job}  {report.title}, medians of {len(report.rounds)} rounds"
    return "\n".join(["", title, *_columns(lines), *map(str, report.budgets), *report.remarks])


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _columns(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    # Turned, because there are more figures than contestants.
    turned = list(zip(*lines, strict=True))
    widths = [max(len(row[column]) for row in turned) for column in range(len(lines))]
    for row in turned:
        first, *rest = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join([first.strip().ljust(widths[0]), *rest])


def document(report: Report) -> dict[str, object]:
    """Everything that was found, and on what."""
    budgets = [
        {
            "says": each.says, "side": each.side, "limit": each.limit, "unit": each.unit,
            "reached": each.reached, "held": each.held, "ratios": list(each.ratios),
        }
        for each in report.budgets
    ]  # fmt: skip
    return {
        "job": report.job, "title": report.title, "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(), "budgets": budgets, "rounds": list(report.rounds), "remarks": list(report.remarks),
    }  # fmt: skip


def machine() -> dict[str, object]:
    """What it ran on, and how busy that was with other things."""
    return {
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def keep(report: Report, folder: Path) -> Path:
    """Write the JSON; answers the file."""
    file = folder / f"{report.job.lower()}.json"
    file.write_text(json.dumps(document(report), indent=1) + "\n")
    return file
