"""Every page and every state of a call, at three widths, in both themes, in both directions of writing."""

import asyncio

import pytest
from playwright.async_api import ViewportSize, expect

from tests.browser.journeys.demo import Demo
from tests.browser.journeys.looks import looked_at
from tests.browser.journeys.people import DESKTOP, PHONE, Call, Person
from tests.browser.journeys.survey import fill, send
from tests.browser.looking import SENTENCES

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def look(problems: list[str], what: str, **pages: tuple[Person, ViewportSize]) -> None:
    """Look at what stands on these pages, and give them their own size back."""
    found = await asyncio.gather(*(looked_at(one.page, f"{what}, {who}") for who, (one, _) in pages.items()))
    problems += [line for lines in found for line in lines]
    for person, size in pages.values():
        await person.page.set_viewport_size(size)


async def test_every_state_of_a_call_is_sound_at_every_size(call: Call, demo: Demo) -> None:
    therapist, client = await call.person("therapist"), await call.person("client")
    t, c = (therapist, DESKTOP), (client, PHONE)
    problems: list[str] = []
    for person in (therapist, client):
        await person.opens()
    await look(problems, "lobby", therapist=t, client=c)
    for person in (therapist, client):
        await person.joins()
    await expect(client.button("Save my choice")).to_be_visible()
    await look(problems, "consent", therapist=t, client=c)
    await client.page.get_by_role("checkbox", name="My therapist may see my answers").check()
    await client.press("Save my choice")
    await expect(client.button("Share")).to_be_visible()
    await look(problems, "check-in open", therapist=t, client=c)
    await client.page.get_by_role("textbox", name="One feeling").fill("hopeful")
    await client.press("Share")
    await expect(client.text("Your therapist has not shared yet")).to_be_visible()
    await look(problems, "check-in waiting", client=c)
    await therapist.page.get_by_role("textbox", name="One feeling").fill("calm")
    await therapist.press("Share")
    await expect(client.text("calm")).to_be_visible()
    await look(problems, "check-in turned", therapist=t, client=c)
    for person in (therapist, client):
        await person.press("Keep talking")
    await client.press("I need a pause")
    await expect(client.region).not_to_have_text(SENTENCES["on_its_way"])
    await expect(therapist.notice).to_be_visible()
    await look(problems, "pause", therapist=t, client=c)
    await therapist.press("I have seen it")
    await client.reads(SENTENCES["seen"])
    await look(problems, "pause seen", therapist=t, client=c)
    await client.press("Stop for today")
    await expect(therapist.page.locator("soft-ending")).to_be_visible()
    await look(problems, "soft ending", therapist=t, client=c)
    await therapist.press("I need a moment")
    await expect(client.text("Your therapist needs a moment.")).to_be_visible()
    await look(problems, "moment", therapist=t, client=c)
    await client.press("Leave")
    await therapist.press("Leave")
    await expect(therapist.button("Lock in my answers")).to_be_visible()
    await expect(client.page.get_by_role("heading", name="How was today for you?")).to_be_visible()
    await look(problems, "survey", therapist=t, client=c)
    await fill(client, "session-pulse", {"heard": 3, "helpful": "You waited."})
    await send(client)
    await fill(therapist, "session-pulse-mirror", {"heard": 8})
    await send(therapist, "Lock in my answers")
    await expect(therapist.text("You waited.")).to_be_visible()
    await look(problems, "afterwards", therapist=t, client=c)
    await demo.end()
    assert problems == [], "\n".join(problems)


async def test_every_page_without_a_call_is_sound_at_every_size(call: Call) -> None:
    problems: list[str] = []
    record, lost = (
        await call.person("record"),
        await call.person("client", link=f"{call.demo.told['sandbox']}/call"),
    )
    await record.page.goto(record.link)
    await expect(record.button("Read again")).to_be_visible()
    await lost.page.goto(lost.link)
    await expect(lost.page.get_by_text("Open the link that you were given.")).to_be_visible()
    await look(problems, "record", record=(record, DESKTOP), lost=(lost, PHONE))
    assert problems == [], "\n".join(problems)
