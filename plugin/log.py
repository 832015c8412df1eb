"""The log: one JSON object a line, and only fields of a list.

However much is sent to us, only so many lines a second are written; what is left out is counted.

A line says which kind of thing happened, never to whom. An unknown field is dropped, a text that is not
plain is withheld. Lines of other libraries keep their logger, level and place; their message is dropped,
because it may repeat bytes that somebody sent us.
"""

import json
import logging
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

FIELDS = frozenset({
    "event", "level", "logger", "error", "where", "status", "method", "route", "tenant", "host", "session",
    "reason", "code", "setting", "order", "attempts", "after_s", "count", "port", "version", "key_id",
    "signed_by", "kind", "engine", "took_ms", "links", "position", "dropped",
})  # fmt: skip
"""The only fields a line may have, besides ``at``."""

LIBRARIES = ("aiohttp.server", "aiohttp.access", "aiohttp.web", "aiohttp.client", "asyncio", "py.warnings")
"""Loggers that others may have set up already and that must not write past the list."""

MOST_PER_SECOND = 50
"""Lines; ten times as many may come at once."""

_plain = re.compile(r"[A-Za-z0-9 _.,:;/()\[\]{}'+=-]{0,200}")
_ours = (Path(__file__).parent, Path(__file__).parent.parent / "webhooks")


def configure(stream: TextIO | None = None) -> None:
    """Send everything that is logged, warned about or left uncaught to *stream* (standard error)."""
    out = cast("TextIO", _Forgiving(stream or sys.stderr))
    bound = _Bound(time.monotonic)
    structlog.configure(
        processors=[bound, _levelled, _described, only_listed],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_Lines(out, bound)]
    root.setLevel(logging.WARNING)
    for name in LIBRARIES:
        library = logging.getLogger(name)
        library.handlers, library.propagate = [], True
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda given: _uncaught(given.exc_type, given.exc_value, given.exc_traceback)
    sys.unraisablehook = lambda given: _uncaught(given.exc_type, given.exc_value, given.exc_traceback)


class _Forgiving:
    """A stream that drops what it cannot write: a full disk under the log must not end what is being logged."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._out.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._out.flush()


class _Bound:
    """Drops what is too much in a second, and says in the next line that is written how many were dropped."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at = clock()
        self._spent = 0.0
        self._dropped = 0

    def __call__(
        self, _logger: object, _method: str, line: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        now = self._clock()
        self._spent = max(0.0, self._spent - (now - self._at) * MOST_PER_SECOND)
        self._at = now
        if self._spent >= 10 * MOST_PER_SECOND:
            self._dropped += 1
            raise structlog.DropEvent
        self._spent += 1
        told = {"dropped": self._dropped} if self._dropped else {}
        self._dropped = 0
        return {**line, **told}


def only_listed(_logger: object, _method: str, line: MutableMapping[str, Any]) -> str:
    """The last processor: drop what is not on the list, withhold what is not plain, write JSON."""
    kept = {name: _value(value) for name, value in line.items() if name in FIELDS}
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"at": at, **kept}, separators=(",", ":"))


def _value(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value) if isinstance(value, str) and _plain.fullmatch(value) else "(withheld)"


def _levelled(_logger: object, method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {**line, "level": "error" if method == "exception" else method}


def _described(_logger: object, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Replace a caught exception by its class and the places it passed, never its message."""
    caught = line.pop("exc_info", None)
    if caught is True:
        caught = sys.exc_info()[1]
    if isinstance(caught, tuple):
        caught = caught[1]
    return {**line, **_error(caught)} if isinstance(caught, BaseException) else line


def _error(error: BaseException) -> dict[str, str]:
    places = [
        f"{Path(frame.f_code.co_filename).name}:{number}"
        for frame, number in walk_tb(error.__traceback__)
        if any(Path(frame.f_code.co_filename).is_relative_to(folder) for folder in _ours)
    ]
    return {"error": type(error).__name__, "where": " ".join(places[-6:])}


class _Lines(logging.Handler):
    """Writes lines of other libraries without their messages; ``logging`` takes only a subclass."""

    def __init__(self, out: TextIO, bound: "_Bound") -> None:
        super().__init__()
        self.out = out
        self.bound = bound

    def emit(self, record: logging.LogRecord) -> None:
        line: dict[str, Any] = {
            "event": "library message",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        line["where"] = f"{Path(record.pathname).name}:{record.lineno}"
        if record.exc_info and record.exc_info[1]:
            line |= {"error": type(record.exc_info[1]).__name__}
        with suppress(structlog.DropEvent):
            print(only_listed(None, "", self.bound(None, "", line)), file=self.out, flush=True)


def _uncaught(
    _kind: type[BaseException], error: BaseException | None, _trace: TracebackType | None = None
) -> None:
    if error is not None:
        structlog.get_logger().error("uncaught", **_error(error))
