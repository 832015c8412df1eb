"""P7: the embed's size; the own paint after a press, and the paint in the other browser, in real Chromium.

"Painted" is the first task after the animation frame that has the card. Both pages are contexts of one browser on one
machine, each with fake devices and a real call between them, so their clocks are one.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.bench import Bench
from benchmarks.measures import Budget, Figures, Report, Round, percentile
from benchmarks.servers import clean_environment, stop

_ROUNDS = 5
_PRESSES = 10
"""A round; with the rounds, 50."""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
)  # fmt: skip
_WITHIN = 15.0
_HERE = Path(__file__).parent


def run(bench: Bench) -> Report:
    """Measure; says so and leaves the browser's figures out where there is no Chromium."""
    gzip = json.loads((_HERE.parent / "ui-snippets" / "embed.json").read_text())["gzip"] / 1000
    size = Budget("the embed, gzipped", 25, "at most", [gzip], "kB")
    path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if path is None:
        return Report("P7", "browser", [{"embed": {"kB": gzip}}], [size], ["no Chromium on this machine"])
    presses = _presses(bench, path)
    rounds: list[Round] = [
        {
            "own page": _figures([own for own, _ in part]),
            "other browser": _figures([other for _, other in part]),
        }
        for part in (presses[at : at + _PRESSES] for at in range(0, len(presses), _PRESSES))
    ]
    budgets = [
        size,
        _p95("own paint after the press, p95", 100, [own for own, _ in presses]),
        _p95("painted in the other browser, p95", 150, [other for _, other in presses]),
    ]
    return Report("P7", "browser: press to paint, rounds of 10 presses", rounds, budgets)


def _figures(ms: list[float]) -> Figures:
    return {
        "p50_ms": percentile(ms, 0.5),
        "p95_ms": percentile(ms, 0.95),
        "max_ms": max(ms),
        "presses": len(ms),
    }


def _p95(says: str, limit: float, ms: list[float]) -> Budget:
    return Budget(says, limit, "at most", [percentile(ms, 0.95)], "ms")


def _presses(bench: Bench, chromium: str) -> list[tuple[float, float]]:
    """Milliseconds from each press to the own paint and to the other browser's."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=bench.folder))
        links = stack.enter_context(_demo(Path(folder)))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        stack.callback(browser.close)
        therapist, client = _joined(browser, links["therapist"]), _joined(browser, links["client"])
        client.get_by_role("button", name="Not now", exact=True).click()
        _once(client, therapist)
        found = []
        for number in range(_ROUNDS):
            bench.say(f"P7  round {number + 1} of {_ROUNDS}")
            found += [_once(client, therapist) for _ in range(_PRESSES)]
        return found


@contextmanager
def _demo(folder: Path) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "plugin", "demo", "--json", "--data", str(folder / "demo")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=clean_environment())
        try:
            assert process.stdout
            yield json.loads(process.stdout.readline())
        finally:
            stop(process)


def _joined(browser: Browser, link: str) -> Page:
    context = browser.new_context(
        permissions=["camera", "microphone"], viewport={"width": 1280, "height": 800}
    )
    page = context.new_page()
    page.add_init_script(path=_HERE / "watch.js")
    page.goto(link)
    page.get_by_role("button", name="Join", exact=True).click()
    page.get_by_role("button", name="Leave", exact=True).wait_for()
    return page


def _once(client: Page, therapist: Page) -> tuple[float, float]:
    for page in (client, therapist):
        page.evaluate("fermataWatch.pressed = fermataWatch.painted = 0")
    client.get_by_role("button", name="I need a pause", exact=True).click()
    pressed = _known(client, "fermataWatch.pressed")
    own, other = _known(client, "fermataWatch.painted"), _known(therapist, "fermataWatch.painted")
    client.get_by_role("button", name="Go on", exact=True).click()
    client.get_by_role("group", name="When you are ready").wait_for(state="hidden")
    return own - pressed, other - pressed


def _known(page: Page, expression: str) -> float:
    # Asked again and again: a page under a strict policy takes no function to wait for.
    until = time.monotonic() + _WITHIN
    while time.monotonic() < until:
        value = page.evaluate(expression)
        if value:
            return float(value)
        time.sleep(0.02)
    raise RuntimeError(f"{expression} did not come")
