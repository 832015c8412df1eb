"""What all tests share: properties are tried without a stop-watch, because a busy machine is not a bug."""

import io
import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from plugin import log

settings.register_profile("fermata", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fermata")


LONGEST = ("truth/", "service/test_record.py", "journal/", "commands/")
"""What takes long, mostly by waiting: begun first, so that no core is left alone with it at the end."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give what looks at pages to one process, and each other file to whoever is free, the longest first.

    Two Chromiums at a time on two cores make each other late, and people on a page wait in real seconds.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group("pages" if _looks_at_pages(item) else str(item.path)))
    items.sort(key=_turn)


def _looks_at_pages(item: pytest.Item) -> bool:
    return item.get_closest_marker("browser") is not None and "truth/" not in item.path.as_posix()


def _turn(item: pytest.Item) -> int:
    if _looks_at_pages(item):
        return -1
    return next((n for n, name in enumerate(LONGEST) if name in item.path.as_posix()), len(LONGEST))


@pytest.fixture
def sink() -> Iterator[io.StringIO]:
    """The log as production writes it, into a text."""
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    out = io.StringIO()
    log.configure(out)
    yield out
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
