"""The people of a journey: each a page of their own, and all that reached and left it."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    ViewportSize,
    WebSocket,
    expect,
)

from tests.browser.journeys.demo import Demo

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
SIZES = {"therapist": DESKTOP, "client": PHONE, "guest": DESKTOP, "record": DESKTOP}

# Keeps what a test asks the page for later: its connections, and what its content policy refused.
REMEMBER = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); window.connections.push(this); }
};
window.violations = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  window.violations.push(`${violatedDirective} ${blockedURI}`));
"""
BARE = """
if (navigator.mediaDevices) {
  navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('none', 'NotFoundError'); };
  navigator.mediaDevices.enumerateDevices = async () => [];
}
"""
WAYS_IN = re.compile(r"^(Join|Join again|New call)$")
ABOUT_THE_LINE = ("Failed to load resource", "WebSocket connection")
"""What a browser logs by itself while a line is down, which many journeys are about."""


@dataclass
class Person:
    """One page in a call."""

    who: str
    page: Page
    link: str
    frames: list[dict[str, Any]] = field(default_factory=list)
    """Frames of the overlay's socket that reached this page, and those that left it under ``"up": true``."""
    heard: list[str] = field(default_factory=list)
    """All that reached this page over any socket or as an HTTP answer, as text."""
    complaints: list[str] = field(default_factory=list)
    _reading: list[asyncio.Task[None]] = field(default_factory=list)

    def listen(self) -> None:
        """Begin to keep what reaches this page, and what it complains about."""
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._console)
        self.page.on("websocket", self._socket)
        self.page.on("requestfinished", self._answer)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(ABOUT_THE_LINE):
            self.complaints.append(message.text)

    def _socket(self, socket: WebSocket) -> None:
        ours = socket.url.endswith("/v1/live")
        socket.on("framereceived", lambda text: self._frame(text, ours=ours))
        socket.on("framesent", lambda text: self._frame(text, ours=ours, up=True))

    def _frame(self, text: str | bytes, *, ours: bool, up: bool = False) -> None:
        if not up:
            self.heard.append(str(text))
        if ours:
            self.frames.append({**json.loads(text), "up": up})

    def _answer(self, request: Request) -> None:
        self._reading.append(asyncio.create_task(self._keep(request)))

    async def _keep(self, request: Request) -> None:
        answer = await request.response()
        if answer and answer.status == 200 and request.resource_type in ("fetch", "document"):
            self.heard.append(f"{answer.url} {await answer.text()}")

    async def read(self) -> list[str]:
        """What reached this page so far; waits for answers that are still being read."""
        waiting, self._reading = self._reading, []
        await asyncio.gather(*waiting)
        return list(self.heard)

    async def done(self) -> None:
        """Let go of answers that are still being read; a page that was closed takes its answers with it."""
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)

    @property
    def screens(self) -> int:
        """How many screens this page was sent so far."""
        return sum(frame["type"] == "screen" for frame in self.frames)

    def asks(self, kind: str) -> list[dict[str, Any]]:
        """What this page asked for over its socket."""
        return [frame for frame in self.frames if frame["up"] and frame.get("kind") == kind]

    async def opens(self) -> None:
        """Open the own link: the lobby, or the page after a call."""
        await self.read()  # what a page was answered cannot be read once it is left
        # The same address with a fragment would be no navigation.
        await (self.page.reload() if self.page.url == self.link else self.page.goto(self.link))
        await expect(self.page.get_by_role("button", name=WAYS_IN)).to_be_visible()

    async def joins(self) -> None:
        """Open the own link, leave an earlier call's page behind, and join."""
        await self.opens()
        if not await self.button("Join").is_visible():
            await self.button("New call").click()
        await self.button("Join").click()
        await expect(self.button("Leave")).to_be_visible()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def press(self, name: str) -> None:
        await self.button(name).click()

    def text(self, words: str) -> Locator:
        """Words that the overlay shows, not those that it only has read out."""
        return self.page.locator("overlay-stage").get_by_text(words, exact=True)

    @property
    def region(self) -> Locator:
        """The one region that says the state of this person's pause."""
        return self.page.locator("[aria-live=assertive]")

    async def reads(self, words: str) -> None:
        """Wait until the region of the own pause holds exactly these words."""
        await expect(self.region).to_have_text(words, use_inner_text=False)

    @property
    def notice(self) -> Locator:
        """The notice of somebody else's pause."""
        return self.page.get_by_role("region", name="Pause notice")

    async def violations(self) -> list[str]:
        """What the content policy of the present page refused so far."""
        found: list[str] = (
            [] if self.page.is_closed() else await self.page.evaluate("window.violations ?? []")
        )
        return found


@dataclass
class Call:
    """The people of one journey, in browser contexts of their own unless told otherwise."""

    browser: Browser
    demo: Demo
    people: list[Person] = field(default_factory=list)

    async def person(
        self, who: str, *, link: str = "", devices: bool = False, beside: Person | None = None, **look: Any
    ) -> Person:
        """A page for somebody; *beside* opens it in the browser context of another page."""
        context = beside.page.context if beside else await self._context(who, devices=devices, look=look)
        person = Person(who, await context.new_page(), link or self.demo.link(who))
        person.listen()
        self.people.append(person)
        return person

    async def _context(self, who: str, *, devices: bool, look: dict[str, Any]) -> BrowserContext:
        look = {"viewport": SIZES[who], "reduced_motion": "reduce", **look}
        context = await self.browser.new_context(
            permissions=["camera", "microphone"] if devices else [], **look
        )
        await context.add_init_script(REMEMBER if devices else REMEMBER + BARE)
        return context

    async def both(self, **looks: dict[str, Any]) -> tuple[Person, Person]:
        """Therapist and client in a call, the client's consent given, the check-in put away by both."""
        therapist, client = [await self.person(who, **looks.get(who, {})) for who in ("therapist", "client")]
        return await self.meet(therapist, client)

    async def meet(self, therapist: Person, client: Person) -> tuple[Person, Person]:
        """Let both join, and put away what a call begins with."""
        await therapist.joins()
        await client.joins()
        await consents(self.demo, client)
        for person in (therapist, client):
            await person.press("Skip")
        return therapist, client

    async def close(self) -> None:
        """Close every page, end the meeting; fails when a page has complained of something by itself."""
        refused = {person.who: await person.violations() for person in self.people}
        for person in self.people:
            await person.done()
        for context in {person.page.context for person in self.people}:
            await context.close()
        await self.demo.end()
        assert not any(refused.values()), refused
        complaints = [f"{person.who}: {words}" for person in self.people for words in person.complaints]
        assert complaints == [], complaints


async def consents(demo: Demo, client: Person) -> None:
    """Say yes to the therapist's seeing the answers; later calls of the same demo remember it."""
    if demo.consented:
        return
    await client.page.get_by_role("checkbox", name="My therapist may see my answers").check()
    await client.press("Save my choice")
    await expect(client.button("Save my choice")).to_have_count(0)
    demo.consented = True
