import io
import json
import logging
import sys
import threading
import warnings

import pytest
import structlog

from plugin import log

CANARY = "canary-7f3a"


def lines(sink: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in sink.getvalue().splitlines()]


def test_only_listed_fields_reach_the_log(sink: io.StringIO) -> None:
    structlog.get_logger().info("press kept", session="s-1", name=CANARY, body=CANARY, status=200)
    [line] = lines(sink)
    assert {"event": "press kept", "session": "s-1", "status": 200, "level": "info"}.items() <= line.items()
    assert line.keys() == {"at", "event", "session", "status", "level"}


@pytest.mark.parametrize("text", ["a\r\nb", "\x1b[31m", "a" * 201, "né", '"}\n{"', "a\0b", "<b>", "@x"])
def test_a_text_that_is_not_plain_is_withheld(sink: io.StringIO, text: str) -> None:
    structlog.get_logger().warning("refused", reason=text)
    assert [line["reason"] for line in lines(sink)] == ["(withheld)"]


def test_a_value_that_is_no_plain_value_is_withheld(sink: io.StringIO) -> None:
    structlog.get_logger().warning("refused", reason={"x": CANARY})
    assert CANARY not in sink.getvalue()


def test_an_exception_is_told_by_class_and_place(sink: io.StringIO) -> None:
    try:
        int(CANARY)
    except ValueError:
        structlog.get_logger().exception("went wrong")
    [line] = lines(sink)
    assert (line["error"], line["level"]) == ("ValueError", "error")
    assert CANARY not in sink.getvalue()


@pytest.mark.parametrize("name", [*log.LIBRARIES, "aiohttp.websocket", "anything"])
def test_messages_of_libraries_are_dropped(sink: io.StringIO, name: str) -> None:
    logging.getLogger(name).error("GET %s", CANARY, exc_info=ValueError(CANARY))
    [line] = lines(sink)
    assert (line["logger"], line["error"]) == (name, "ValueError")
    assert CANARY not in sink.getvalue()


def test_warnings_and_what_nobody_caught_repeat_nothing(sink: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(CANARY, UserWarning, stacklevel=1)
    error = ValueError(CANARY)
    sys.excepthook(ValueError, error, None)
    thread = threading.Thread(target=int, args=(CANARY,))
    thread.start()
    thread.join()
    assert [line.get("error") for line in lines(sink)] == [None, "ValueError", "ValueError"]
    assert CANARY not in sink.getvalue()


def test_a_flood_of_lines_is_bounded_and_counted(sink: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("plugin.log.time.monotonic", lambda: now[0])
    log.configure(sink)
    for _ in range(2000):
        structlog.get_logger().warning("delivery_refused")
        logging.getLogger("aiohttp.server").error("x")
    assert len(lines(sink)) == 10 * log.MOST_PER_SECOND
    now[0] = 1.0
    structlog.get_logger().warning("delivery_refused")
    assert lines(sink)[-1]["dropped"] == 4000 - 10 * log.MOST_PER_SECOND


class Full(io.StringIO):
    """A log on a disk that takes nothing."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.usefixtures("sink")
def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    log.configure(Full())
    structlog.get_logger().error("delivery_refused", status=401)
    logging.getLogger("aiohttp.server").error("canary")
