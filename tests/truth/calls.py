"""A client and a therapist in real Chromium pages, in a call on a service that is a process of its own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.truth.child import Child, serving
from tests.truth.ledger import kept
from tests.truth.pages import PATIENCE, served
from tests.truth.scene import Scene


@asynccontextmanager
async def called(data: Path, browser: Browser) -> AsyncIterator[tuple[Child, Page, Page]]:
    """A service of its own process, and a client and a therapist in a call."""
    async with AsyncExitStack() as stack:
        pages = await stack.enter_async_context(served())
        child = await stack.enter_async_context(serving(data, origins=(pages.origin,)))
        scene = Scene(child.call(), pages, browser, stack)
        await scene.house.begin()
        client, therapist = await scene.client(still=False), await scene.therapist()
        await expect(therapist.locator("pause-ready[state=ready]")).to_have_count(1, timeout=PATIENCE)
        yield child, client, therapist
    assert scene.complaints == []


def pressed(child: Child) -> list[str]:
    """The pauses that the journal has."""
    return list(kept(child.bodies()))
