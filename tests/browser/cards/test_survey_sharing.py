"""Who may see the answers: one choice, or one for each, and a sentence that is true at any moment."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.cards.survey import CARD, MIRROR, TEXT, button, only_wish, radio, who
from tests.browser.cards.theatre import theatre

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_nothing_is_chosen_but_the_sharing_the_person_agreed_to(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show({**CARD, "preset": "practice"})
        checked = [one for one in await scene.page.get_by_role("radio").all() if await one.is_checked()]
        assert [await one.get_attribute("value") for one in checked] == ["practice"]
        await expect(scene.page.get_by_role("radio", name="Count it, but show no one")).to_be_checked()


@pytest.mark.parametrize(
    ("preset", "chosen_on", "choose", "says"),
    [
        ("therapist", None, None, "Your therapist will see these answers."),
        (
            "therapist",
            "2026-11-09",
            None,
            "As you chose on 9 November, your therapist will see these answers.",
        ),
        ("practice", None, None, "No one will see these answers. They just count, without your name."),
        ("therapist", "2026-11-09", "Keep private", "No one will see these answers. They do not count."),
        ("practice", "2026-11-09", "Share with my therapist", "Your therapist will see these answers."),
    ],
)
async def test_a_sentence_beside_send_says_who_will_see_what(
    browser: Browser, url: str, *, preset: str, chosen_on: str | None, choose: str | None, says: str
) -> None:
    async with theatre(browser, url) as scene:
        await scene.show({**CARD, "preset": preset, "chosen_on": chosen_on})
        await radio(scene, "heard", "8").check()
        if choose:
            await scene.page.get_by_role("radio", name=choose).check()
        await expect(scene.page.get_by_text(says, exact=True)).to_be_visible()
        await expect(button(scene, "Send answers")).to_have_accessible_description(says)


async def test_open_texts_stay_private_when_answers_are_only_counted_and_the_page_says_so(
    browser: Browser, url: str
) -> None:
    async with theatre(browser, url) as scene:
        await scene.show({**CARD, "preset": "practice"})
        await scene.page.get_by_role("textbox", name="What was helpful today?", exact=True).fill("The quiet.")
        await expect(button(scene, "Send answers")).to_have_accessible_description(
            "What you wrote stays private."
        )
        await radio(scene, "heard", "8").check()
        await expect(button(scene, "Send answers")).to_have_accessible_description(
            "No one will see these answers. They just count, without your name. What you wrote stays private."
        )


async def test_who_may_see_can_be_chosen_for_each_answer(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(CARD)
        for key, name in (("heard", "8"), ("safe", "3"), ("off", "A little"), ("off_kind", "Too fast")):
            await radio(scene, key, name).check()
        await scene.page.get_by_role("textbox", name=TEXT["helpful"], exact=True).fill("The quiet.")
        await expect(who(scene, "safe")).to_be_hidden()
        await button(scene, "Choose for each answer").click()
        await expect(who(scene, "more_of").get_by_role("radio")).to_have_count(2)
        await expect(who(scene, "heard").get_by_role("radio", name="Share with my therapist")).to_be_checked()
        await who(scene, "safe").get_by_role("radio", name="Count it, but show no one").check()
        await who(scene, "off_kind").get_by_role("radio", name="Keep private").check()
        await who(scene, "helpful").get_by_role("radio", name="Keep private").check()
        await expect(button(scene, "Send answers")).to_have_accessible_description(
            "As you chose for each answer: your therapist sees 2, the practice counts 1, 2 stay private."
        )
        await button(scene, "Send answers").click()
        sent = await only_wish(scene)
    assert sent["sharing"] == "therapist"
    assert sent["each"] == {
        "heard": "therapist", "safe": "practice", "off": "therapist", "off_kind": "private", "helpful": "private",
    }  # fmt: skip


async def test_the_mirror_locks_or_skips_and_asks_nobody_who_may_see(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(MIRROR)
        asked = scene.page.get_by_role(
            "radiogroup", name="All in all, how good was today for your client?", exact=True
        )
        await asked.get_by_role("radio", name="6", exact=True).check()
        await expect(scene.page.get_by_role("group", name="Who may see these answers?")).to_be_hidden()
        await button(scene, "Lock in my answers").click()
        await button(scene, "Skip").click()
        assert await scene.heard() == [
            {"type": "mirror-request", "kind": "mirror.send", "answers": {"overall": 6}},
            {"type": "mirror-request", "kind": "mirror.skip"},
        ]
