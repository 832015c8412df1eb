"""The consent card: no box ticked for anybody, a no as easy as a yes."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.cards.theatre import LOOK, theatre

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CARD = {"card": "consent-card", "version": "1"}
THERAPIST = "My therapist may see my answers"
PRACTICE = "My answers may count in the practice's numbers, without my name"


async def test_no_box_is_ticked_beforehand(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(CARD)
        group = scene.page.get_by_role("group", name="Is this okay for you?", exact=True)
        for name in (THERAPIST, PRACTICE):
            await expect(group.get_by_role("checkbox", name=name, exact=True)).not_to_be_checked()


@pytest.mark.parametrize("ticked", [[], [THERAPIST], [PRACTICE], [THERAPIST, PRACTICE]])
async def test_saving_sends_exactly_what_was_ticked(browser: Browser, url: str, ticked: list[str]) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(CARD)
        for name in ticked:
            await scene.page.get_by_role("checkbox", name=name).check()
        await scene.page.get_by_role("button", name="Save my choice").click()
        assert await scene.heard() == [
            {
                "type": "consent-request", "kind": "consent.answer", "choice": "save",
                "therapist": THERAPIST in ticked, "practice": PRACTICE in ticked,
            }
        ]  # fmt: skip


async def test_not_now_is_a_no_to_both_whatever_was_ticked(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(CARD)
        await scene.page.get_by_role("checkbox", name=THERAPIST).check()
        await scene.page.get_by_role("button", name="Not now").click()
        assert await scene.heard() == [
            {
                "type": "consent-request",
                "kind": "consent.answer",
                "choice": "not_now",
                "therapist": False,
                "practice": False,
            }
        ]


async def test_ticks_survive_a_new_screen(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(CARD)
        await scene.page.get_by_role("checkbox", name=PRACTICE).check()
        await scene.show(
            {"card": "pause-button", "state": "ready", "why": None, "chord": "Alt+Shift+P"}, CARD
        )
        await expect(scene.page.get_by_role("checkbox", name=PRACTICE)).to_be_checked()


async def test_both_answers_look_the_same(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(CARD)
        looks = [
            await scene.page.get_by_role("button", name=name).evaluate(LOOK)
            for name in ("Save my choice", "Not now")
        ]
        assert looks[0] == looks[1]


async def test_the_card_says_what_the_pause_button_is_not_and_promises_no_later_change(
    browser: Browser, url: str
) -> None:
    async with theatre(browser, url) as scene:
        card = await scene.show(CARD)
        words: str = await card.evaluate("(card) => card.shadowRoot.textContent")
    assert "It does not call for help." in words
    assert "If you are in danger, call your local emergency number." in words
    assert "change" not in words
