"""One demo for each file of journeys, and for each journey a call that begins anew in it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.journeys.demo import Demo, running
from tests.browser.journeys.people import Call

# Two processes and a browser share what may be a busy machine; nothing is shown by being slow.
expect.set_options(timeout=15_000)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    async with running(tmp_path_factory.mktemp("demo")) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def call(browser: Browser, demo: Demo) -> AsyncIterator[Call]:
    """Nobody is there yet; at the end the meeting is over and no page has complained."""
    fresh = Call(browser, demo)
    yield fresh
    await fresh.close()
