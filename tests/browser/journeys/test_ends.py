"""However a call ends, one survey follows, in the call window and at the call link; a reload is no end."""

import json

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.browser.journeys.demo import Demo, eventually
from tests.browser.journeys.people import Call, Person
from tests.browser.journeys.stored import responses
from tests.browser.journeys.survey import fill, send
from tests.browser.looking import SENTENCES, pause_button

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

THANKS = "Thank you. Your answers have come in."


async def test_switched_off_nothing_is_loaded_shown_or_journaled(call: Call, demo: Demo) -> None:
    # The first of this file: a page that showed an earlier call would have loaded the script for that one.
    therapist, client = await call.person("therapist"), await call.person("client")
    await therapist.opens()
    switch = therapist.page.get_by_role("switch", name="Fermata in this session")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    await therapist.press("Join")
    await client.joins()
    await expect(client.page.get_by_text("Your therapist · microphone off")).to_be_visible()
    for person in (therapist, client):
        await nothing_of_the_plugin(person)
    await client.press("Leave")
    await expect(client.page.get_by_role("heading", name="You left.")).to_be_visible()
    await therapist.press("End for everyone")
    await expect(therapist.page.get_by_role("heading", name="This call has ended.")).to_be_visible()
    for person in (therapist, client):
        await nothing_of_the_plugin(person)
    assert await demo.command("journal", "dump") == await demo.command("sessions", "--json") == []


async def nothing_of_the_plugin(person: Person) -> None:
    """Neither its script nor its element is in the page, nor the words that stand in for it."""
    assert await person.page.locator('script[src^="http"]').count() == 0
    assert await person.page.locator("fermata-overlay, #stage > .plain").count() == 0


async def one_survey(client: Person) -> None:
    """Exactly one survey is there, and it is open."""
    await expect(client.page.get_by_role("heading", name="How was today for you?")).to_be_visible()
    await expect(client.page.locator("pulse-survey")).to_have_count(1)
    await expect(client.page.locator("fermata-overlay")).to_have_count(1)


async def thanked(client: Person) -> None:
    """The page says that the answers came in, and asks nothing any more."""
    await expect(client.page.get_by_role("heading", name=THANKS)).to_be_visible()
    await expect(client.page.locator("pulse-survey")).to_have_count(0)


async def opens_again(call: Call) -> Person:
    """The client opens the call link once more, in a window of its own."""
    client = await call.person("client")
    await client.opens()
    return client


async def answered_once(call: Call, demo: Demo, windows: list[Person]) -> None:
    """Sent in one window, the survey is gone from all, also from one opened now, and stored once."""
    known = len(await responses(demo, "session-pulse"))
    for window in windows:
        await one_survey(window)
    await fill(windows[0], "session-pulse", {"overall": 6})
    await send(windows[0])
    for window in [*windows, await opens_again(call)]:
        await thanked(window)

    async def stored() -> bool:
        return len(await responses(demo, "session-pulse")) > known

    await eventually(stored, within_s=30)
    assert len(await responses(demo, "session-pulse")) == known + 1


async def test_who_leaves_and_comes_back_and_leaves_again_is_asked_once(call: Call, demo: Demo) -> None:
    therapist, client = await call.both()
    await client.press("Leave")
    await one_survey(client)
    await client.press("Join again")
    await expect(pause_button(client.page)).to_be_visible()
    await expect(client.page.locator("pulse-survey")).to_have_count(0)
    await client.press("Leave")
    await therapist.press("Leave")
    await send(therapist, "Skip")
    await answered_once(call, demo, [client, await opens_again(call)])


async def test_closing_the_tabs_ends_the_call_and_the_link_leads_to_the_survey(
    call: Call, demo: Demo
) -> None:
    therapist, client = await call.both()
    for person in (therapist, client):
        await person.page.close()

    async def over() -> bool:
        return bool((await demo.enter(client.link))["view"] == "over")

    await eventually(over, within_s=40)
    therapist = await call.person("therapist")
    await therapist.opens()
    await send(therapist, "Skip")
    await expect(therapist.page.get_by_role("heading", name="Both sides of today")).to_be_visible()
    await answered_once(call, demo, [await opens_again(call)])


async def test_the_hosts_webhook_alone_leads_to_the_survey_in_the_call_window(call: Call, demo: Demo) -> None:
    client = await call.person("client")
    await client.page.route_web_socket("**/api/call", _keeps_the_end_to_itself)
    therapist, client = await call.meet(await call.person("therapist"), client)
    await therapist.press("End for everyone")
    await one_survey(client)
    await expect(client.page.get_by_role("heading", name="This call has ended.")).to_be_hidden()
    await send(therapist, "Skip")
    await answered_once(call, demo, [client, await opens_again(call)])


def _keeps_the_end_to_itself(page: WebSocketRoute) -> None:
    """The host does not tell this page that the call has ended."""
    host = page.connect_to_server()
    host.on_message(lambda text: None if json.loads(text)["type"] == "ended" else page.send(text))


async def test_a_reload_is_no_end(call: Call, demo: Demo) -> None:
    therapist, client = await call.both()
    for person in (client, therapist):
        await person.joins()
        await expect(person.page.locator("pulse-survey, call-end")).to_have_count(0)
    await client.press("I need a pause")
    await client.reads(SENTENCES["delivered"])
    session = (await demo.command("sessions", "--json"))[-1]
    assert session["ended_at"] is None
    assert [person["present"] for person in session["people"]] == [True, True]
    await client.press("Go on")
