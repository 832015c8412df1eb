"""A call of a storm whose people are two Chromium pages: real buttons, and ledgers of what is on the screen."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.browser.looking import pause_button
from tests.truth.ledger import Ledger, Untrue
from tests.truth.pages import LEDGER, PATIENCE, Pages
from tests.truth.scene import asks, own, press
from tests.truth.storm import Storm

CHOICES = ("Go on", "Slower", "Talk about what came up")
ARRIVED = ("accepted", "delivered", "seen")
Entry = dict[str, Any]


@dataclass
class Own:
    """Writes the sheet of a client's page into the ledger."""

    storm: Storm
    pauses: list[str] = field(default_factory=list)

    def __call__(self, entry: Entry) -> None:
        ledger, pause, state = self.storm.ledger, entry["pause"], entry["state"]
        if entry["card"] != "pause-sheet":
            return
        if state == "ended":
            raise Untrue(f"the page gave up a press and said: {entry['words']}")
        if state == "pressed" and pause not in self.pauses:
            self.pauses.append(pause)
            self.storm.press(pause)
        elif state in ARRIVED:
            ledger.told(pause)
        elif state == "withdrawn":
            ledger.told(pause, "withdrawn")
        elif state is None and self.pauses and not ledger.ended[self.pauses[-1]]:
            ledger.told(self.pauses[-1], "resumed")


def theirs(ledger: Ledger, call: str) -> Callable[[Entry], None]:
    """Writes the notices of a therapist's page into the ledger."""

    def noted(entry: Entry) -> None:
        if entry["card"] == "pause-notice":
            ledger.notice(call, entry["pause"], entry["state"])

    return noted


async def call_in_browsers(storm: Storm, name: str, pauses: int, browser: Browser, pages: Pages) -> None:
    """One call in which real buttons are pressed."""
    house = await storm.begin(name)
    # The group is left last: it waits for tasks that the stack ends.
    async with asyncio.TaskGroup() as following, AsyncExitStack() as stack:

        async def enter(person: str, role: str, noted: Callable[[Entry], None]) -> Page:
            address = pages.add(f"{name}-{role}", house.url, house.participant(person, role))
            context = await browser.new_context(reduced_motion="reduce")
            stack.push_async_callback(context.close)
            entries: asyncio.Queue[Entry] = asyncio.Queue()
            await context.expose_binding("noted", lambda _source, entry: entries.put_nowait(entry))
            await context.add_init_script(LEDGER)
            page = await context.new_page()
            page.set_default_timeout(PATIENCE)
            task = following.create_task(_follow(entries, noted))
            stack.callback(task.cancel)
            await page.goto(address)
            await expect(own(page, role)).to_be_visible(timeout=PATIENCE)
            return page

        sheet = Own(storm)
        client = await enter(f"pat-{name}", "client", sheet)
        therapist = await enter(f"pra-{name}", "therapist", theirs(storm.ledger, name))
        storm.again += [lambda: _back(client), lambda: _back(therapist)]
        await client.get_by_role("checkbox", name="My therapist may see my answers").check()
        await press(client, "Save my choice")
        await storm.ready.wait()
        for count in range(pauses):
            await storm.turn(count / pauses)
            await _pause(storm, client, therapist, sheet, count)
        await storm.over.wait()


async def _follow(entries: "asyncio.Queue[Entry]", noted: Callable[[Entry], None]) -> None:
    while True:
        noted(await entries.get())


async def _back(page: Page) -> None:
    """Tell a page that there is a network again, as browsers do; else it waits longer from try to try."""
    await page.evaluate("dispatchEvent(new Event('online'))")


async def _pause(storm: Storm, client: Page, therapist: Page, sheet: Own, count: int) -> None:
    ledger = storm.ledger
    await expect(pause_button(client)).to_be_visible()
    await asks(client)
    await ledger.until(lambda: len(sheet.pauses) > count)
    pause = sheet.pauses[count]
    await ledger.until(lambda: pause in ledger.appeared and pause in ledger.accepted)
    if count % 3 == 0:
        await press(therapist, "I have seen it")
    undo = client.get_by_role("button", name="Take it back")
    if count % 4 == 0 and await undo.is_visible():
        await undo.click()
    else:
        await press(client, CHOICES[count % len(CHOICES)])
    await ledger.until(lambda: ledger.ended[pause] != "")
