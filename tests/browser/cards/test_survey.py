"""The survey and the mirror on a wide page: keys, wishes, and what stays when something goes wrong."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.cards.survey import CARD, CORE, MIRROR, TEXT, button, group, only_wish, radio
from tests.browser.cards.theatre import LOOK, PHONE, theatre

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_each_item_is_a_radiogroup_with_its_full_text_and_its_anchors(
    browser: Browser, url: str
) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(CARD)
        for item in CORE:
            radios = group(scene, item["key"]).get_by_role("radio")
            names = [await one.evaluate("(one) => one.labels[0].textContent") for one in await radios.all()]
            low, half, high = item["anchors"]
            assert names == [str(n) for n in range(11)]
            await expect(group(scene, item["key"])).to_have_accessible_description(
                f"0: {low} 5: {half} 10: {high}"
            )


async def test_the_whole_survey_can_be_answered_by_keyboard_alone(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(CARD)
        keys = scene.page.keyboard
        await scene.page.get_by_role("radio").first.focus()
        for steps in (8, 7, 6, 9, 8):
            await keys.press("Space")
            for _ in range(steps):
                await keys.press("ArrowRight")
            await keys.press("Tab")
        await keys.press("Space")  # "No" to the probe
        await keys.press("Tab")
        await keys.type("  Being asked. ")
        for _ in range(4):  # the second question, the sharing, the choice for each, "Send answers"
            await keys.press("Tab")
        await expect(button(scene, "Send answers")).to_be_focused()
        await keys.press("Enter")
        sent = await only_wish(scene)
    assert sent["kind"] == "survey.send"
    assert sent["answers"] == {
        "heard": 8, "focus": 7, "way": 6, "safe": 9, "overall": 8, "off": "no", "helpful": "Being asked.",
    }  # fmt: skip
    assert (sent["sharing"], sent["each"]) == ("therapist", {})


async def test_skipped_items_are_absent(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(CARD)
        await radio(scene, "safe", "0").check()
        await button(scene, "Send answers").click()
        assert (await only_wish(scene))["answers"] == {"safe": 0}


async def test_the_probe_asks_on_only_after_a_little_or_yes(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(CARD)
        await expect(group(scene, "off_kind")).to_be_hidden()
        for name, asked in (("A little", True), ("No", False), ("Yes", True), ("Rather not say", False)):
            await radio(scene, "off", name).check()
            await expect(group(scene, "off_kind")).to_be_visible(visible=asked)
        await radio(scene, "off", "Yes").check()
        await radio(scene, "off_kind", "Too fast").check()
        await radio(scene, "off", "No").check()
        await button(scene, "Send answers").click()
        assert (await only_wish(scene))["answers"] == {"off": "no"}


async def test_a_new_screen_leaves_what_was_marked_and_typed(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(CARD)
        await radio(scene, "way", "4").check()
        box = scene.page.get_by_role("textbox", name=TEXT["more_of"], exact=True)
        await box.fill("More time")
        await scene.show(
            {**CARD, "chosen_on": "2026-11-09"},
            {"card": "call-end", "says": "left", "back": True, "survey": False},
        )
        await expect(radio(scene, "way", "4")).to_be_checked()
        await expect(box).to_have_value("More time")


async def test_a_text_holds_500_letters_and_says_when_they_run_out(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(CARD)
        box = scene.page.get_by_role("textbox", name=TEXT["helpful"], exact=True)
        await expect(box).to_have_accessible_description(
            "Only your therapist can read this, later, and only if you share it."
        )
        await box.press_sequentially("a" * 430)
        await expect(scene.page.get_by_text("70 left")).to_be_visible()
        await box.press_sequentially("b" * 80)
        assert len(await box.input_value()) == 500


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("malformed", "We could not send this. Your answers are still here. You can try again."),
        ("too_late", "It is too late to send this. Nothing was sent."),
        ("already_sent", "Your answers came to us before, so these were not sent."),
    ],
)
async def test_a_refusal_is_said_plainly_and_keeps_the_answers(
    browser: Browser, url: str, reason: str, says: str
) -> None:
    async with theatre(browser, url) as scene:
        card = await scene.show(CARD)
        await radio(scene, "heard", "8").check()
        await card.evaluate("(card, reason) => card.setAttribute('refused', reason)", reason)
        await expect(scene.page.get_by_text(says, exact=True)).to_be_visible()
        await expect(radio(scene, "heard", "8")).to_be_checked()
        await expect(button(scene, "Send answers")).to_have_attribute("aria-disabled", "false")


async def test_while_one_wish_is_under_way_no_second_leaves(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        card = await scene.show(CARD)
        await card.evaluate("(card) => card.setAttribute('pending', 'survey.send')")
        await expect(button(scene, "Send answers")).to_have_attribute("aria-disabled", "true")
        await expect(scene.page.get_by_text("Sending. Please keep this page open.")).to_be_visible()
        for name in ("Send answers", "Skip the survey"):
            await button(scene, name).click(force=True)
        assert await scene.heard() == []


async def test_skipping_looks_like_sending(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        for card, names in (
            (CARD, ("Send answers", "Skip the survey")),
            (MIRROR, ("Lock in my answers", "Skip")),
        ):
            await scene.show(card)
            looks = [await button(scene, name).evaluate(LOOK) for name in names]
            assert looks[0] == looks[1]


async def test_the_survey_can_be_skipped(browser: Browser, url: str) -> None:
    async with theatre(browser, url, PHONE) as scene:
        await scene.show(CARD)
        await button(scene, "Skip the survey").click()
        assert await only_wish(scene) == {"type": "survey-request", "kind": "survey.skip"}


async def test_a_quiet_survey_waits_for_the_link_on_the_page_after_the_call(
    browser: Browser, url: str
) -> None:
    async with theatre(browser, url) as scene:
        end = {"card": "call-end", "says": "left_in_pause", "back": True, "survey": True}
        await scene.show({**CARD, "quiet": True}, end)
        await expect(scene.page.get_by_role("heading", name="How was today for you?")).to_be_hidden()
        await button(scene, "A few questions about today, if you like").click()
        await expect(scene.page.get_by_role("heading", name="How was today for you?")).to_be_focused()
        await scene.show({**CARD, "quiet": True}, end)
        await expect(button(scene, "Send answers")).to_be_visible()


async def test_the_page_never_says_that_answers_were_sent_or_can_be_changed(
    browser: Browser, url: str
) -> None:
    async with theatre(browser, url) as scene:
        card = await scene.show(CARD)
        await radio(scene, "heard", "8").check()
        await button(scene, "Send answers").click()
        text = (await card.evaluate("(card) => card.shadowRoot.textContent")).lower()
        assert "was sent" not in text
        assert "change" not in text
        assert "24 hours" not in text
