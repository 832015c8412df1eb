"""The check-in: both sides write alone, both cards turn together, and nothing presses anybody."""

from typing import Any

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser.cards.theatre import LOOK, PHONE, Theatre, theatre

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OPEN = {
    "card": "check-in", "side": "client", "state": "open", "own": None, "other": None,
    "started_at": "now-60s", "ends_at": "now+60s",
}  # fmt: skip
OWN = {"feeling": "tense", "hope": "to feel calmer"}
OTHER = {"feeling": "calm", "hope": "to go at your pace"}
WAITING = {**OPEN, "state": "waiting", "own": OWN}
FLIPPED = {**OPEN, "state": "flipped", "own": OWN, "other": OTHER}


def button(scene: Theatre, name: str) -> Locator:
    return scene.page.get_by_role("button", name=name, exact=True)


def box(scene: Theatre, name: str) -> Locator:
    return scene.page.get_by_role("textbox", name=name, exact=True)


def text(scene: Theatre, words: str) -> Locator:
    return scene.page.get_by_text(words, exact=True)


async def test_chips_fill_the_boxes_and_what_stands_there_is_shared(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(OPEN)
        await button(scene, "tense").click()
        await expect(box(scene, "One feeling")).to_have_value("tense")
        await expect(button(scene, "tense")).to_have_attribute("aria-pressed", "true")
        await box(scene, "One feeling").fill("a bit raw")
        await expect(button(scene, "tense")).to_have_attribute("aria-pressed", "false")
        await button(scene, "to be heard").click()
        await button(scene, "Share").click()
        assert await scene.heard() == [
            {
                "type": "checkin-request",
                "kind": "checkin.answer",
                "feeling": "a bit raw",
                "hope": "to be heard",
            }
        ]


async def test_a_second_press_of_a_chip_takes_it_out_again(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(OPEN)
        for value in ("numb", ""):
            await button(scene, "numb").click()
            await expect(box(scene, "One feeling")).to_have_value(value)


async def test_each_side_has_its_own_hopes(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show({**OPEN, "side": "therapist"})
        await expect(button(scene, "to follow up on last time")).to_be_visible()
        await expect(button(scene, "to be heard")).to_have_count(0)
        await expect(text(scene, "You and your client see both cards at the same time.")).to_be_visible()


async def test_typed_words_and_the_focus_survive_a_new_screen(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(OPEN)
        await box(scene, "One hope").press_sequentially("less noi")
        await scene.show(
            {"card": "pause-button", "state": "ready", "why": None, "chord": "Alt+Shift+P"}, OPEN
        )
        await scene.page.keyboard.type("se")
        await expect(box(scene, "One hope")).to_have_value("less noise")


async def test_nothing_written_is_not_sent_but_asked_for_once_more(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(OPEN)
        await box(scene, "One hope").fill("   ")
        await button(scene, "Share").click()
        await expect(text(scene, "Write a word or pick one. Or skip.")).to_be_visible()
        assert await scene.heard() == []


async def test_skipping_is_one_tap_and_looks_like_sharing(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(OPEN)
        assert await button(scene, "Share").evaluate(LOOK) == await button(scene, "Skip").evaluate(LOOK)
        await button(scene, "Skip").click()
        assert await scene.heard() == [{"type": "checkin-request", "kind": "checkin.skip"}]


async def test_waiting_shows_the_own_card_and_the_other_one_turned(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(WAITING)
        await expect(text(scene, "to feel calmer")).to_be_visible()
        await expect(text(scene, "Your therapist has not shared yet")).to_be_visible()
        await expect(button(scene, "Share")).to_be_hidden()
        await scene.show({**WAITING, "side": "therapist"})
        await expect(text(scene, "Your client has not shared yet")).to_be_visible()


async def test_both_cards_turn_together_and_it_is_read_out(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.page.evaluate(
            "document.addEventListener('fm-say', (e) => heard.push({said: e.detail.words}))"
        )
        await scene.show(WAITING)
        await scene.show(FLIPPED)
        for words in (*OWN.values(), *OTHER.values()):
            await expect(text(scene, words)).to_be_visible()
        assert {"said": "Here you both are"} in await scene.heard()


@pytest.mark.parametrize(
    ("card", "passed"),
    [({**FLIPPED, "other": "passed"}, "Your therapist"), ({**FLIPPED, "own": None}, "You")],
)
async def test_a_pass_is_said_softly(browser: Browser, url: str, card: dict[str, Any], passed: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(card)
        heading = scene.page.get_by_role("heading", name=passed, exact=True)
        await expect(heading.locator("xpath=following-sibling::*")).to_have_text("passed today")


async def test_one_word_alone_leaves_no_empty_line(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show({**FLIPPED, "own": {"hope": "to just talk"}})
        await expect(text(scene, "Feeling")).to_have_count(1)
        await expect(text(scene, "Hope")).to_have_count(2)


async def test_keep_talking_puts_it_away_and_tells_nobody(browser: Browser, url: str) -> None:
    async with theatre(browser, url, PHONE) as scene:
        await scene.show(OPEN)
        await button(scene, "Keep talking").click()
        await scene.show(OPEN)
        await expect(button(scene, "Share")).to_be_hidden()
        await scene.show(FLIPPED)
        await expect(text(scene, "to go at your pace")).to_be_hidden()
        assert await scene.heard() == []
        assert not await scene.page.evaluate(
            "stage.shadowRoot.getElementById('places').hasAttribute('data-sheet')"
        )


async def test_who_shared_and_kept_talking_still_sees_the_cards_turn(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(WAITING)
        await button(scene, "Keep talking").click()
        await expect(button(scene, "Keep talking")).to_be_hidden()
        await scene.show(FLIPPED)
        await expect(text(scene, "to go at your pace")).to_be_visible()


async def test_on_a_phone_only_the_box_in_use_shows_its_chips(browser: Browser, url: str) -> None:
    async with theatre(browser, url, PHONE) as scene:
        await scene.show(OPEN)
        await expect(button(scene, "tense")).to_be_visible()
        await expect(button(scene, "to be heard")).to_be_hidden()
        await box(scene, "One hope").focus()
        await expect(button(scene, "to be heard")).to_be_visible()
        await expect(button(scene, "tense")).to_be_hidden()


async def water(scene: Theatre) -> tuple[float, str]:
    found: list[Any] = await scene.page.locator("check-in").evaluate(
        "(card) => { const water = card.shadowRoot.getElementById('water');"
        " return [new DOMMatrix(getComputedStyle(water).transform).f, water.getAnimations()[0].playState]; }"
    )
    return float(found[0]), str(found[1])


async def test_the_tide_stands_where_the_services_clock_says(browser: Browser, url: str) -> None:
    async with theatre(browser, url, reduced_motion="reduce") as scene:
        await scene.show({**OPEN, "started_at": "now-0s", "ends_at": "now+120s"})
        low, still = await water(scene)
        await scene.show(OPEN)
        half, _ = await water(scene)
        await scene.show(FLIPPED)
        full, _ = await water(scene)
    assert (still, round(full)) == ("paused", -26)
    assert low == pytest.approx(0, abs=1)
    assert half == pytest.approx(-13, abs=1)


async def test_the_tide_has_no_digits_and_moves_only_where_motion_is_welcome(
    browser: Browser, url: str
) -> None:
    async with theatre(browser, url, reduced_motion="no-preference") as scene:
        card = await scene.show(OPEN)
        assert (await water(scene))[1] == "running"
        words: str = await card.evaluate("(card) => card.shadowRoot.textContent")
        assert not any(letter.isdigit() for letter in words)
        await expect(scene.page.get_by_role("img", name="Time for the check-in")).to_be_visible()


async def test_a_refusal_keeps_the_words(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        card = await scene.show(OPEN)
        await box(scene, "One feeling").fill("torn")
        await card.evaluate("(card) => card.setAttribute('refused', 'too_late')")
        await expect(text(scene, "The check-in is over. Your words were not sent.")).to_be_visible()
        await expect(box(scene, "One feeling")).to_have_value("torn")
