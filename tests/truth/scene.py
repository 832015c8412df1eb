"""A call on the real service, whose clock and lines a test moves, with real Chromium pages as its people."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, expect

from plugin.core.pause import Pause
from tests.browser.journeys.demo import eventually
from tests.browser.looking import pause_button
from tests.house import ORIGIN, House, running
from tests.truth.pages import LEDGER, PATIENCE, Pages, entries, served
from tests.truth.proxy import Proxy, proxied

ABOUT_THE_LINE = ("Failed to load resource", "WebSocket connection", "Access to fetch")
"""What a browser logs by itself while a line is down, which these tests are about."""


@dataclass
class Scene:
    """One service with a host, and the pages of people; what a page complains about by itself is kept."""

    house: House
    pages: Pages
    browser: Browser
    stack: AsyncExitStack
    complaints: list[str] = field(default_factory=list)

    async def line(self) -> Proxy:
        """A line of its own for a page."""
        return await self.stack.enter_async_context(proxied(self.house.url))

    async def enter(
        self,
        person: str,
        role: str,
        line: Proxy | None = None,
        *,
        still: bool = False,
        sockets: bool = True,
        house: House | None = None,
    ) -> Page:
        """Open a person's page and wait for the overlay; ``still`` stops the clock of the page."""
        host = house or self.house
        service = line.url if line else host.url
        address = self.pages.add(f"{person}-{len(self.pages.pages)}", service, host.participant(person, role))
        context = await self.browser.new_context(reduced_motion="reduce")
        self.stack.push_async_callback(context.close)
        await context.add_init_script(LEDGER)
        page = await context.new_page()
        if not sockets:
            await page.route_web_socket("**/v1/live", lambda socket: socket.close())
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._console)
        if still:
            await page.clock.install()
        await page.goto(address)
        await expect(own(page, role)).to_be_visible(timeout=PATIENCE)
        if still:
            await page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=1))
        return page

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(ABOUT_THE_LINE):
            self.complaints.append(message.text)

    async def client(self, line: Proxy | None = None, *, still: bool = True, sockets: bool = True) -> Page:
        """The client's page; by default nothing on it happens by its own clock."""
        return await self.enter("pat-1", "client", line, still=still, sockets=sockets)

    async def therapist(self, line: Proxy | None = None) -> Page:
        return await self.enter("pra-1", "therapist", line)

    async def linked(self, pages: int, person: str = "pra-1") -> None:
        """Wait until the service knows of as many pages of a person that are in front."""

        def known() -> bool:
            [(_, session)] = self.house.service.runner.sessions()
            there = session.people.get(person)
            return sum(there.links.values()) == pages if there else pages == 0

        await eventually(known, within_s=30)

    def pauses(self, house: House | None = None) -> list[Pause]:
        """The pauses that the service knows of in a call."""
        host = house or self.house
        found = [
            state
            for head, state in self.house.service.runner.sessions()
            if head.occurrence == host.occurrence
        ]
        return [pause for state in found for pause in state.pauses.values()]


def own(page: Page, role: str) -> Locator:
    """What is always there for a person of this role."""
    return pause_button(page) if role == "client" else page.get_by_role("button", name="I need a moment")


def notice(page: Page) -> Locator:
    """The notice of the client's pause on a therapist's page."""
    return page.get_by_role("region", name="Pause notice")


async def asks(client: Page) -> None:
    """Press the one button that is always there."""
    await pause_button(client).click()


async def on_screen(page: Page, state: str) -> None:
    """Wait until the own pause was in this state on the page."""

    async def reached() -> bool:
        return any(entry["state"] == state for entry in await entries(page))

    await eventually(reached, within_s=30)


async def press(page: Page, name: str) -> None:
    """Press a button by its accessible name, as a person would."""
    await page.get_by_role("button", name=name, exact=True).click()


@asynccontextmanager
async def staged(data: Path, browser: Browser) -> AsyncIterator[Scene]:
    """A service without a call."""
    async with AsyncExitStack() as stack:
        pages = await stack.enter_async_context(served())
        house = await stack.enter_async_context(running(data, origins=(ORIGIN, pages.origin)))
        scene = Scene(house, pages, browser, stack)
        yield scene
    assert scene.complaints == []
