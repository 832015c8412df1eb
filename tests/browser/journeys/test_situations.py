"""What real calls bring: leaving in a pause, reloads, two windows, a stranger, sleep, one browser for both."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.journeys.cut import Cut
from tests.browser.journeys.demo import Demo
from tests.browser.journeys.people import Call, Person, consents
from tests.browser.journeys.stored import components
from tests.browser.looking import SENTENCES, pause_button

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

GONE = "Your therapist is not on the call right now. You can wait, or leave. That is okay."
LEFT = "You left during a pause. That is okay."
LATER = "A few questions about today, if you like"
HELP = "If you are in danger, call your local emergency number."
CLOCK = r"\d\d:\d\d"


async def paused(therapist: Person, client: Person) -> str:
    """The client presses, and it stands on the therapist's screen; answers the pause's id."""
    await client.press("I need a pause")
    await client.reads(SENTENCES["delivered"])
    await expect(therapist.notice).to_contain_text("Your client asked for a pause.")
    return str(client.asks("pause.press")[-1]["id"])


async def test_leaving_during_a_pause_is_quiet_and_coming_back_finds_it_open(call: Call, demo: Demo) -> None:
    therapist, client = await call.both()
    pause = await paused(therapist, client)
    await therapist.press("I have seen it")
    await client.reads(SENTENCES["seen"])
    await client.press("Leave")
    left = re.compile(rf"^Your client left during the pause \(asked at {CLOCK}\)\.$")
    await expect(therapist.notice.get_by_role("heading")).to_have_text(left)
    await the_page_is_quiet(client)
    await client.press("Go back to the call")
    await expect(client.button("Leave")).to_be_visible()
    await client.reads(SENTENCES["seen"])
    await expect(therapist.notice.get_by_role("heading")).to_have_text("Paused")
    await client.press("Leave")
    await the_page_is_quiet(client)
    await demo.end()
    await the_page_is_quiet(client, back=False)
    (stored,) = [one for one in await demo.read("Observation") if components(one)["pause_id"] == pause]
    assert components(stored)["outcome"] == "expired"
    await client.press(LATER)
    await expect(client.page.get_by_role("heading", name="How was today for you?")).to_be_visible()


async def the_page_is_quiet(client: Person, *, back: bool = True) -> None:
    await expect(client.page.get_by_role("heading", name=LEFT)).to_be_visible()
    await expect(client.text(HELP)).to_be_visible()
    await expect(client.button("Go back to the call")).to_be_visible(visible=back)
    await expect(client.button(LATER)).to_be_visible()
    await expect(client.page.get_by_role("heading", name="How was today for you?")).to_be_hidden()
    await expect(client.button("Send answers")).to_be_hidden()


async def test_the_clients_reload_finds_the_pause_as_it_was(call: Call) -> None:
    therapist, client = await call.both()
    await paused(therapist, client)
    await therapist.press("I have seen it")
    await client.reads(SENTENCES["seen"])
    await client.joins()
    await client.reads(SENTENCES["seen"])
    await expect(therapist.notice).to_contain_text("Stop, lower your voice, and give them time.")
    await client.press("Go on")
    await expect(therapist.notice).to_contain_text("Your client wants to go on.")


async def test_the_therapists_reload_is_said_at_once_and_changes_nothing(call: Call) -> None:
    therapist, client = await call.both()
    await paused(therapist, client)
    await therapist.page.goto("about:blank")
    await client.reads(GONE)
    await therapist.joins()
    await expect(therapist.notice).to_contain_text("Your client asked for a pause.")
    await expect(client.region).not_to_have_text(GONE)
    await therapist.press("I have seen it")
    await client.reads(SENTENCES["seen"])
    await client.press("Go on")


async def test_two_windows_of_one_person_show_the_same_and_gone_means_the_last_one(call: Call) -> None:
    therapist, client = await call.both()
    second, other = await call.person("client"), await call.person("therapist")
    await second.joins()
    await other.joins()
    await paused(therapist, client)
    await expect(other.notice.get_by_role("heading")).to_have_text("Your client asked for a pause.")
    await other.press("I have seen it")
    for window in (client, second):
        await window.reads(SENTENCES["seen"])
    await expect(therapist.notice.get_by_role("heading")).to_have_text("Paused")
    await therapist.page.close()
    await client.page.close()
    await second.press("Go on")
    await expect(other.notice).to_contain_text("Your client wants to go on.")
    assert not told(second, "pause-sheet", says="therapist_gone")
    assert not told(other, "pause-notice", stage="left")


def told(person: Person, card: str, **fields: str) -> bool:
    """Whether a page was ever shown a card with these fields."""
    cards = [each for frame in person.frames if frame["type"] == "screen" for each in frame["cards"]]
    return any(each["card"] == card and fields.items() <= each.items() for each in cards)


async def test_somebody_unexpected_sees_nothing_and_the_check_in_stops(call: Call, demo: Demo) -> None:
    therapist, client = await call.person("therapist"), await call.person("client")
    for person in (therapist, client):
        await person.joins()
    await consents(demo, client)
    await client.page.get_by_role("textbox", name="One feeling").fill("marker-unshared-3f10")
    await client.press("Share")
    await expect(client.text("Your therapist has not shared yet")).to_be_visible()
    guest = await call.person("guest", link=demo.guest())
    await guest.joins()
    await expect(therapist.text("Someone else has joined the call.")).to_be_visible()
    for person in (therapist, client):
        await expect(person.page.locator("check-in")).to_have_count(0)
    await paused(therapist, client)
    await demo.end()
    await expect(client.page.locator("pulse-survey")).to_have_count(1)
    screens = [frame["cards"] for frame in guest.frames if frame["type"] == "screen"]
    assert screens
    assert not any(screens), "a guest is shown nothing at all"
    for person in (guest, therapist):
        assert "marker-unshared" not in "".join(await person.read())
    await expect(guest.page.locator("pulse-survey, call-end")).to_have_count(0)


async def test_a_press_that_slept_for_a_minute_is_dropped_and_the_screen_says_so(
    call: Call, demo: Demo
) -> None:
    client = await call.person("client")
    cut = await Cut.of(client.page)
    await client.page.clock.install()
    therapist, client = await call.meet(await call.person("therapist"), client)
    cut.on = True
    await client.press("I need a pause")
    await client.reads(SENTENCES["on_its_way"])
    await client.page.clock.fast_forward(61_000)
    await client.reads(SENTENCES["too_old"])
    cut.on = False
    dropped = cut.asked[0]
    await client.press("Close")
    await paused(therapist, client)
    await expect(therapist.notice).to_have_count(1)
    assert dropped not in str(await demo.command("journal", "dump"))


async def test_both_people_in_one_browser_profile_stay_two(call: Call) -> None:
    therapist = await call.person("therapist")
    therapist, client = await call.meet(therapist, await call.person("client", beside=therapist))
    await paused(therapist, client)
    await expect(therapist.page.locator("pause-sheet")).to_have_count(0)
    await expect(client.notice).to_have_count(0)
    await therapist.press("I have seen it")
    await client.reads(SENTENCES["seen"])
    await client.press("Talk about what came up")
    await expect(therapist.notice).to_contain_text("Your client wants to talk about what came up.")
    for person in (therapist, client):
        kept = "[document.cookie, localStorage.length, sessionStorage.length]"
        assert await person.page.evaluate(kept) == ["", 0, 0]
    await client.press("Leave")
    await expect(client.page.locator("pulse-survey")).to_have_count(1)
    await expect(therapist.button("I need a moment")).to_be_visible()


async def test_the_therapists_moment_is_told_to_the_client_in_plain_words(call: Call) -> None:
    therapist, client = await call.both()
    await therapist.press("I need a moment")
    await expect(client.text("Your therapist needs a moment.")).to_be_visible()
    await therapist.reads("On your client's screen. Take the time you need.")
    await expect(pause_button(client.page)).to_be_visible()
    await paused(therapist, client)
    await client.press("Go on")
    await expect(therapist.notice).to_contain_text("Your client wants to go on.")
    await therapist.press("Go on")
    await expect(client.text("Your therapist needs a moment.")).to_have_count(0)
    await expect(therapist.button("Go on")).to_have_count(0)
