"""One Chromium for all browser tests, and pages served as strictly as a careful host would serve them."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from tests.browser.pretend_service import Service
from tests.browser.serving import SNIPPETS, serve, strict

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All browser tests share the loop that the browser lives on."""
    here = Path(__file__).parent
    for item in items:
        if item.path.parent == here:
            item.add_marker(pytest.mark.browser)
            if pytest_asyncio.is_async_test(item):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def chromium() -> str:
    """The path of an installed Chromium; without one the test fails with one line that says what to do."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if not found:
        pytest.fail(f"no Chromium on the PATH ({', '.join(NAMES)}): apt-get install chromium", pytrace=False)
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield running
        await running.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def snippets() -> AsyncIterator[str]:
    """The address under which the snippets and their demo pages are served."""
    app = web.Application(middlewares=[strict])
    app.router.add_static("/", SNIPPETS)
    runner, base = await serve(app)
    yield base
    await runner.cleanup()


def _ours(message: ConsoleMessage) -> bool:
    """Whether it is about the page itself; a line that is down is what many tests are about."""
    about_the_line = ("Failed to load resource", "WebSocket connection")
    return message.type == "error" and not message.text.startswith(about_the_line)


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A new page; what it complains about by itself fails the test."""
    context = await browser.new_context(reduced_motion="reduce")
    fresh = await context.new_page()
    complaints: list[str] = []
    fresh.on("pageerror", lambda error: complaints.append(str(error)))
    fresh.on("console", lambda message: complaints.append(message.text) if _ours(message) else None)
    yield fresh
    await context.close()
    assert complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def service() -> AsyncIterator[Service]:
    """A pretend service with a call page."""
    pretend = Service()
    runner = await pretend.start()
    yield pretend
    await pretend.cut()
    await runner.cleanup()
