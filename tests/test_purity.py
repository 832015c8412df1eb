"""The pure packages read no clock, draw nothing at random and touch nothing outside: checked on the syntax tree.

Import contracts and linters do not see ``datetime.now(UTC)`` or ``uuid4()``; this does.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PURE = ("webhooks", "plugin/core", "plugin/rituals", "plugin/trends")
OUTSIDE = """
aiohttp apsw asyncio ctypes glob http importlib io logging multiprocessing nats os pathlib random requests secrets
select shutil signal socket sqlite3 ssl structlog subprocess sys tempfile threading time urllib websockets
"""
DEEDS = "breakpoint compile eval exec input open print __import__"
DRAWN = "now utcnow today uuid1 uuid4 urandom getrandbits token_bytes token_hex token_urlsafe"
MODULES, CALLS, READINGS = (frozenset(words.split()) for words in (OUTSIDE, DEEDS, DRAWN))
PURE_PARTS = frozenset({"urllib.parse"})
"""Parts of those modules that only reckon."""


def impurities(source: str) -> list[str]:
    """The impure names in *source*, each as ``line:name``."""
    found = [
        (getattr(node, "lineno", 0), name) for node in ast.walk(ast.parse(source)) for name in _impure(node)
    ]
    return [f"{line}:{name}" for line, name in sorted(found)]


def _impure(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names if _is_outside(alias.name)]
        case ast.ImportFrom(module=str(module), names=names):
            return [alias.name for alias in names if _is_outside(module) or alias.name in READINGS]
        case ast.Call(func=ast.Name(id=name)) if name in CALLS:
            return [name]
        case ast.Call(func=ast.Attribute(attr=name)) if name in READINGS:
            return [name]
        case ast.Attribute(value=ast.Name(id="datetime" | "date" | "uuid"), attr=name) if name in READINGS:
            return [name]
        case _:
            return []


def _is_outside(module: str) -> bool:
    return module.partition(".")[0] in MODULES and module not in PURE_PARTS


FILES = sorted(path for package in PURE for path in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_pure_code_reads_no_clock_no_chance_and_no_world(path: Path) -> None:
    assert impurities(path.read_text()) == []


@pytest.mark.parametrize("package", PURE[:3])
def test_the_pure_packages_are_where_they_are_looked_for(package: str) -> None:
    assert any(path.is_relative_to(ROOT / package) for path in FILES)


@pytest.mark.parametrize(
    "planted",
    [
        "from datetime import UTC, datetime\nat = datetime.now(UTC)",
        "import datetime as d\nat = d.datetime.utcnow()",
        "from datetime import date\nday = date.today()",
        "from datetime import datetime\nclock = datetime.now",
        "from uuid import uuid4",
        "import uuid\nname = uuid.uuid4()",
        "import time",
        "from time import monotonic",
        "import os.path",
        "from urllib.request import urlopen",
        "from urllib import request",
        "import random as r",
        "from asyncio import sleep",
        "def read():\n    import sqlite3",
        "text = open('x').read()",
        "print('here')",
        "module = __import__('time')",
    ],
)
def test_a_planted_violation_is_found(planted: str) -> None:
    assert len(impurities(planted)) >= 1


def test_what_is_pure_is_left_alone() -> None:
    source = "from uuid import uuid5\nfrom datetime import datetime\ndef at(now: datetime) -> datetime:\n  return now"
    assert impurities(source) == []
