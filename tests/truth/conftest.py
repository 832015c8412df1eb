"""A Chromium for these tests; those that use it share the loop that it lives on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.conftest import FLAGS, chromium
from tests.truth.scene import Scene, staged


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def empty_scene(browser: Browser, tmp_path: Path) -> AsyncIterator[Scene]:
    """The service runs and no call has begun."""
    async with staged(tmp_path / "data", browser) as scene:
        yield scene


@pytest_asyncio.fixture(loop_scope="session")
async def scene(empty_scene: Scene) -> Scene:
    """A call has begun: pat-1 the client, pra-1 the therapist, by the host's word; no page is open."""
    await empty_scene.house.begin()
    return empty_scene
