"""One item a step: a tap moves on, keys do not, and nothing is lost on the way."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.cards.survey import CARD, button, group, only_wish, radio, who
from tests.browser.cards.theatre import NARROW, PHONE, theatre

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_on_a_phone_a_tap_moves_on_and_back_finds_the_answer(browser: Browser, url: str) -> None:
    async with theatre(browser, url, PHONE, has_touch=True) as scene:
        await scene.show(CARD)
        await expect(scene.page.get_by_text("1 of 9", exact=True)).to_be_visible()
        await expect(button(scene, "Back")).to_be_hidden()
        await radio(scene, "heard", "8").tap()
        await expect(scene.page.get_by_text("2 of 9", exact=True)).to_be_visible()
        await expect(group(scene, "heard")).to_be_hidden()
        await button(scene, "Back").tap()
        await expect(radio(scene, "heard", "8")).to_be_checked()
        await radio(scene, "heard", "8").tap()  # the same answer again moves on too
        await expect(group(scene, "focus")).to_be_visible()


async def test_on_a_phone_arrow_keys_choose_without_moving_on(browser: Browser, url: str) -> None:
    async with theatre(browser, url, PHONE) as scene:
        await scene.show(CARD)
        await radio(scene, "heard", "0").focus()
        for key in ("Space", "ArrowRight", "ArrowRight"):
            await scene.page.keyboard.press(key)
        await expect(radio(scene, "heard", "2")).to_be_checked()
        await expect(scene.page.get_by_text("1 of 9", exact=True)).to_be_visible()
        await expect(radio(scene, "heard", "2")).to_be_focused()


async def test_on_a_phone_next_skips_and_the_last_step_sends(browser: Browser, url: str) -> None:
    async with theatre(browser, url, PHONE) as scene:
        await scene.show(CARD)
        for n in range(2, 10):
            await expect(button(scene, "Send answers")).to_be_hidden()
            await button(scene, "Next").click()
            await expect(scene.page.get_by_text(f"{n} of 9", exact=True)).to_be_visible()
        await expect(button(scene, "Next")).to_be_hidden()
        await expect(button(scene, "Skip the survey")).to_have_count(1)
        await button(scene, "Send answers").click()
        assert (await only_wish(scene))["answers"] == {}


async def test_on_a_phone_the_probes_questions_share_its_place_in_the_count(
    browser: Browser, url: str
) -> None:
    async with theatre(browser, url, PHONE) as scene:
        await scene.show(CARD)
        for _ in range(5):
            await button(scene, "Next").click()
        await radio(scene, "off", "Yes").click()
        for key in ("off_kind", "off_sorted", "off_next"):
            await expect(group(scene, key)).to_be_visible()
            await expect(scene.page.get_by_text("6 of 9", exact=True)).to_be_visible()
            await button(scene, "Next").click()
        await expect(scene.page.get_by_text("7 of 9", exact=True)).to_be_visible()


async def test_on_a_phone_each_step_asks_who_may_see_it_once_that_was_chosen(
    browser: Browser, url: str
) -> None:
    async with theatre(browser, url, PHONE) as scene:
        await scene.show(CARD)
        await radio(scene, "heard", "8").click()
        for _ in range(7):
            await button(scene, "Next").click()
        await button(scene, "Choose for each answer").click()
        await button(scene, "Go to the first answer").click()
        await who(scene, "heard").get_by_role("radio", name="Keep private").click()
        await expect(group(scene, "heard")).to_be_visible()  # a tap must not hurry past the second question
        await expect(who(scene, "focus")).to_be_hidden()
        for _ in range(8):
            await button(scene, "Next").click()
        await button(scene, "Send answers").click()
        assert (await only_wish(scene))["each"] == {"heard": "private"}


async def test_turning_the_phone_keeps_what_was_marked(browser: Browser, url: str) -> None:
    async with theatre(browser, url, PHONE) as scene:
        await scene.show(CARD)
        await radio(scene, "heard", "8").click()
        await scene.page.set_viewport_size({"width": 1024, "height": 600})
        await expect(radio(scene, "heard", "8")).to_be_checked()
        await expect(group(scene, "overall")).to_be_visible()
        await expect(button(scene, "Next")).to_be_hidden()
        await scene.page.set_viewport_size({"width": 390, "height": 844})
        await expect(scene.page.get_by_text("2 of 9", exact=True)).to_be_visible()


async def test_the_stops_are_large_enough_for_a_thumb_on_the_smallest_screen(
    browser: Browser, url: str
) -> None:
    async with theatre(browser, url, NARROW) as scene:
        await scene.show(CARD)
        for stop in await group(scene, "heard").locator("label").all():
            box = await stop.bounding_box()
            assert box is not None
            assert (box["width"] >= 24, box["height"] >= 44) == (True, True), box
