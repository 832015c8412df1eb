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


LONGEST = (
    "truth/test_loss.py",
    "browser/test_examples.py",
    "service/test_record.py",
    "sandbox/test_call_in_browsers.py",
    "browser/test_press.py",
    "browser/journeys/",
    "truth/",
    "journal/",
)
"""What takes long, mostly by waiting: begun first, so that no core is left alone with it at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first; the others stay in their order."""
    items.sort(
        key=lambda item: next((n for n, name in enumerate(LONGEST) if name in str(item.path)), len(LONGEST))
    )


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
