"""Real calls between real browsers, and the plugin's two tags in the page."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from plugin.sandbox.settings import SandboxSettings
from tests.sandbox.browsing import DESKTOP, PHONE, chromium, holds, inbound, person, violations
from tests.sandbox.pretend_plugin import PretendPlugin
from tests.sandbox.running import Running, eventually, free_port, running, served

pytestmark = pytest.mark.browser

WORDS = "The pause button is not here right now. You can say it out loud, wave, or leave."


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


async def _join(page: Page, link: str) -> None:
    await page.goto(link)
    await page.get_by_role("button", name="Join").click()
    await expect(page.get_by_role("button", name="Leave")).to_be_visible()


async def _frames_rise(page: Page) -> None:
    before = (await inbound(page))["frames"]

    async def more() -> bool:
        return (await inbound(page))["frames"] > before + 10

    await eventually(more, within_s=20)


async def _energy_rises(page: Page) -> None:
    before = (await inbound(page))["energy"]

    async def more() -> bool:
        return (await inbound(page))["energy"] > before

    await eventually(more, within_s=20)


async def _energy_is_flat(page: Page) -> None:
    """Holds once two readings, a second apart, are the same: what was on its way has arrived by then."""

    async def flat() -> bool:
        before = await inbound(page)
        await asyncio.sleep(1)
        after = await inbound(page)
        return before["energy"] == after["energy"] and after["frames"] > before["frames"]

    await eventually(flat, within_s=20)


async def _together(browser: Browser, sandbox: Running) -> tuple[Page, Page]:
    therapist, client = await person(browser), await person(browser, viewport=PHONE)
    await _join(therapist, sandbox.links["therapist"])
    await _join(client, sandbox.links["client"])
    for page in (therapist, client):
        await _frames_rise(page)
    return therapist, client


async def test_two_people_see_and_hear_each_other_until_one_mutes(sandbox: Running, browser: Browser) -> None:
    therapist, client = await _together(browser, sandbox)
    for page in (therapist, client):
        await expect(page.get_by_label("Other person", exact=True)).to_be_visible()
        await _energy_rises(page)
    await therapist.get_by_role("button", name="Mute").click()
    await _energy_is_flat(client)
    await expect(client.get_by_text("Your therapist · microphone off")).to_be_visible()
    await _energy_rises(therapist)
    await therapist.get_by_role("button", name="Mute").click()
    await _energy_rises(client)
    assert await violations(therapist) == await violations(client) == []


async def test_the_camera_really_goes_off_and_comes_back(sandbox: Running, browser: Browser) -> None:
    therapist, client = await _together(browser, sandbox)
    await client.get_by_role("button", name="Camera").click()
    await expect(therapist.get_by_text("Camera is off")).to_be_visible()
    await expect(client.get_by_label("You", exact=True)).to_be_hidden()
    await client.get_by_role("button", name="Camera").click()
    await expect(therapist.get_by_text("Camera is off")).to_be_hidden()
    await _frames_rise(therapist)


async def test_joining_without_devices_works_and_says_so(sandbox: Running, browser: Browser) -> None:
    therapist, client = await person(browser), await person(browser, devices=False)
    await _join(therapist, sandbox.links["therapist"])
    await client.goto(sandbox.links["client"])
    await expect(client.get_by_text("You can join without a camera and a microphone.")).to_be_visible()
    await client.get_by_role("button", name="Join").click()
    await expect(client.get_by_text("You are here without a camera and a microphone.")).to_be_visible()
    await _frames_rise(client)
    await _energy_rises(client)
    await expect(therapist.get_by_text("Your client · microphone off")).to_be_visible()
    await expect(therapist.get_by_text("Camera is off")).to_be_visible()


async def test_a_person_may_choose_to_bring_no_camera(sandbox: Running, browser: Browser) -> None:
    client = await person(browser)
    await client.goto(sandbox.links["client"])
    await holds(client, "document.getElementById('preview').srcObject !== null")
    await client.get_by_label("Camera", exact=True).select_option(label="No camera")
    await expect(client.locator("#preview-off")).to_be_visible()
    await client.get_by_role("button", name="Join").click()
    await expect(client.get_by_text("You are here without a camera.")).to_be_visible()


async def test_the_plugin_is_one_script_with_its_hash_and_one_element_with_a_token(
    sandbox: Running, settings: SandboxSettings, browser: Browser
) -> None:
    client = await person(browser)
    await _join(client, sandbox.links["client"])
    await expect(client.get_by_role("button", name="Pretend button")).to_be_visible()
    script = client.locator(f'script[type=module][src^="{settings.plugin_url}/"]')
    assert await script.count() == 1
    assert (await script.get_attribute("integrity") or "").startswith("sha384-")
    assert await script.get_attribute("crossorigin") == "anonymous"
    element = client.locator("#stage > pretend-overlay")
    assert (await element.get_attribute("session-token") or "").count(".") == 2
    assert WORDS in (await element.text_content() or "")
    await client.get_by_role("button", name="Pretend button").click()
    top = "getComputedStyle(document.getElementById('scene')).top"
    assert await client.evaluate(top) == "92px", "the picture gives way to what the overlay has taken"
    assert await violations(client) == []


async def test_switched_off_there_is_no_script_no_element_and_no_webhook(
    sandbox: Running, plugin: PretendPlugin, browser: Browser
) -> None:
    therapist, client = await person(browser), await person(browser)
    await therapist.goto(sandbox.links["therapist"])
    switch = therapist.get_by_role("switch", name="Fermata in this session")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    await therapist.get_by_role("button", name="Join").click()
    await _join(client, sandbox.links["client"])
    await _frames_rise(client)
    for page in (therapist, client):
        assert await page.locator("pretend-overlay, .plain").count() == 0
        # the page's own scripts come from a path; whatever has a whole address is the plugin's
        assert await page.locator('script[src^="http"]').count() == 0
    assert plugin.attempts == []
    assert "/e/overlay.js" not in plugin.paths
    await client.get_by_role("button", name="Leave").click()
    await expect(client.get_by_role("heading", name="You left.")).to_be_visible()
    assert await client.locator("pretend-overlay, .plain").count() == 0


async def test_switched_on_in_the_call_it_comes_and_off_it_goes(sandbox: Running, browser: Browser) -> None:
    therapist, client = await _together(browser, sandbox)
    switch = therapist.get_by_role("switch", name="Fermata in this session")
    await switch.click()
    for page in (therapist, client):
        await expect(page.locator("pretend-overlay")).to_have_count(0)
    await switch.click()
    for page in (therapist, client):
        await expect(page.get_by_role("button", name="Pretend button")).to_be_visible()
    await _frames_rise(client)


async def test_while_the_plugin_is_away_the_words_stand_and_later_the_button_comes_by_itself(
    settings: SandboxSettings, plugin: PretendPlugin, browser: Browser
) -> None:
    port = free_port()
    async with running(replace(settings, plugin_url=f"http://127.0.0.1:{port}")) as sandbox:
        client = await person(browser)
        await _join(client, sandbox.links["client"])
        await expect(client.get_by_text(WORDS)).to_be_visible()
        async with served(plugin.app(), port):
            await expect(client.get_by_role("button", name="Pretend button")).to_be_visible(timeout=15_000)
            await expect(client.get_by_text(WORDS)).to_be_hidden()
            assert await violations(client) == []


async def test_a_script_with_the_wrong_hash_is_not_run_and_the_right_one_comes_without_a_reload(
    sandbox: Running, plugin: PretendPlugin, browser: Browser
) -> None:
    plugin.integrity = "sha384-" + "A" * 64
    client = await person(browser)
    await _join(client, sandbox.links["client"])
    await eventually(lambda: plugin.paths.count("/e/overlay.js") >= 2)
    await expect(client.get_by_text(WORDS)).to_be_visible()
    plugin.integrity = None
    await expect(client.get_by_role("button", name="Pretend button")).to_be_visible(timeout=15_000)
    assert await client.locator('script[crossorigin="anonymous"]').count() == 1


async def test_after_leaving_the_overlay_stays_and_there_is_a_way_back(
    settings: SandboxSettings, browser: Browser
) -> None:
    async with running(replace(settings, empty_after=timedelta(seconds=60))) as sandbox:
        therapist, client = await _together(browser, sandbox)
        await client.get_by_role("button", name="Leave").click()
        await expect(client.get_by_role("button", name="Pretend button")).to_be_visible()
        await expect(therapist.get_by_text("Waiting for the other person")).to_be_visible()
        await client.get_by_role("button", name="Join again").click()
        await _frames_rise(client)
        await _frames_rise(therapist)


async def test_a_link_opened_after_the_end_leads_to_the_overlay_and_to_a_new_call(
    sandbox: Running, browser: Browser
) -> None:
    therapist, client = await _together(browser, sandbox)
    await therapist.get_by_role("button", name="End for everyone").click()
    for page in (therapist, client):
        await expect(page.get_by_role("heading", name="This call has ended.")).to_be_visible()
        await expect(page.get_by_role("button", name="Pretend button")).to_be_visible()
    again = await person(browser)
    await again.goto(sandbox.links["client"])
    await expect(again.get_by_role("button", name="Pretend button")).to_be_visible()
    await again.get_by_role("button", name="New call").click()
    await expect(again.get_by_role("heading", name="Ready when you are")).to_be_visible()
    assert await again.locator("pretend-overlay").count() == 0


async def test_the_call_outlives_a_restart_of_the_sandbox(
    settings: SandboxSettings, plugin: PretendPlugin, browser: Browser
) -> None:
    patient = replace(settings, empty_after=timedelta(seconds=60))
    async with running(patient) as sandbox:
        therapist, client = await _together(browser, sandbox)
    await expect(client.get_by_text("The line to the sandbox is down. Trying again.")).to_be_visible()
    await _frames_rise(client)
    async with running(patient):
        await expect(client.get_by_text("The line to the sandbox is down. Trying again.")).to_be_hidden()
        assert await client.evaluate("window.connections.length") == 1, "the media never went"
        await client.get_by_role("button", name="Leave").click()
        await expect(therapist.get_by_text("Waiting for the other person")).to_be_visible()
        await eventually(lambda: any(event["data"].get("reason") == "left" for event in plugin.taken))


async def test_a_closed_window_leaves_the_picture(sandbox: Running, browser: Browser) -> None:
    therapist, client = await _together(browser, sandbox)
    await client.close()
    await expect(therapist.get_by_text("Waiting for the other person")).to_be_visible(timeout=30_000)


async def test_whoever_was_given_up_is_connected_anew_when_they_come_back(
    settings: SandboxSettings, browser: Browser
) -> None:
    patient = replace(settings, empty_after=timedelta(seconds=60))
    async with running(patient) as sandbox:
        therapist, client = await _together(browser, sandbox)
    await client.context.set_offline(True)  # for new sockets only: the media goes on
    async with running(patient):
        await expect(therapist.get_by_text("The line to the sandbox is down.")).to_be_hidden()
        await _frames_rise(therapist)
        await therapist.evaluate("window.connections[0].close()")
        await expect(therapist.get_by_text("Waiting for the other person")).to_be_visible(timeout=20_000)
        await client.context.set_offline(False)
        await expect(therapist.get_by_text("Waiting for the other person")).to_be_hidden(timeout=20_000)
        for page in (therapist, client):
            await _frames_rise(page)
            await _energy_rises(page)


async def test_a_third_person_is_seen_by_both_and_two_windows_of_one_person_are_one_picture(
    sandbox: Running, browser: Browser
) -> None:
    therapist, client = await _together(browser, sandbox)
    guest = await person(browser)
    await _join(guest, sandbox.links["guest"])
    for page in (therapist, client):
        await expect(page.get_by_label("Someone else, 1")).to_be_visible()
    await _frames_rise(guest)
    second = await client.context.new_page()
    await _join(second, sandbox.links["client"])
    await _frames_rise(second)
    assert await therapist.locator("#scene video").count() == 2
    await second.close()
    await expect(therapist.get_by_label("Other person", exact=True)).to_be_visible()
    await _frames_rise(therapist)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, PHONE["width"], DESKTOP["width"]])
async def test_every_page_is_clean_for_axe_and_never_scrolls_sideways(
    sandbox: Running, browser: Browser, width: int, scheme: str
) -> None:
    page = await person(browser, viewport={"width": width, "height": 720}, color_scheme=scheme)

    async def clean(what: str) -> None:
        found = await Axe().run(page)
        assert found.violations_count == 0, f"{what}: {found.generate_report()}"
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), what

    await page.goto(f"{sandbox.url}/call")
    await expect(page.get_by_text("Open the link that you were given.")).to_be_visible()
    await clean("no link")
    await page.goto("about:blank")  # another fragment alone would be no new page load
    await page.goto(sandbox.links["therapist"])
    await holds(page, "document.getElementById('preview').srcObject !== null")
    await clean("lobby")
    await page.get_by_role("button", name="Join").click()
    await expect(page.get_by_role("button", name="Pretend button")).to_be_visible()
    await clean("call")
    await page.get_by_role("button", name="Leave").click()
    await expect(page.get_by_role("button", name="Join again")).to_be_visible()
    await clean("left")
    await page.goto(sandbox.links["record"])
    await expect(page.get_by_text("Nothing yet.")).to_be_visible()
    await clean("record")


async def test_a_call_can_be_held_by_keyboard_alone(sandbox: Running, browser: Browser) -> None:
    page = await person(browser)
    await page.goto(sandbox.links["client"])
    await holds(page, "document.getElementById('preview').srcObject !== null")
    await _tab_to(page, "Join")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Pretend button")).to_be_visible()
    await _tab_to(page, "Mute")
    await page.keyboard.press("Space")
    await expect(page.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
    await _tab_to(page, "Leave")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="You left.")).to_be_visible()


async def _tab_to(page: Page, name: str) -> None:
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent.trim()") == name:
            return
    raise AssertionError(f"{name} cannot be reached with Tab")
