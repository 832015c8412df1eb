"""The pages after the call, and the soft ending before it."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.cards.theatre import theatre

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

DANGER = "If you are in danger, call your local emergency number."


def end(says: str, *, back: bool = False, survey: bool = False) -> dict[str, object]:
    return {"card": "call-end", "says": says, "back": back, "survey": survey}


async def test_leaving_during_a_pause_is_okay_in_exactly_these_words(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(end("left_in_pause", back=True, survey=True))
        heading = scene.page.get_by_role(
            "heading", level=1, name="You left during a pause. That is okay.", exact=True
        )
        await expect(heading).to_be_visible()
        await scene.page.get_by_role("button", name="Go back to the call").click()
        assert await scene.heard() == [{"type": "back-request"}]


async def test_the_survey_is_a_link_only_where_one_waits(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        link = scene.page.get_by_role("button", name="A few questions about today, if you like")
        await scene.show(end("over"))
        await expect(link).to_be_hidden()
        await scene.show(end("over", survey=True))
        await link.click()
        assert await scene.heard() == [{"type": "survey-open"}]


@pytest.mark.parametrize("says", ["left_in_pause", "left", "over", "sent", "skipped"])
async def test_the_line_about_danger_is_always_there(browser: Browser, url: str, says: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(end(says))
        await expect(scene.page.get_by_text(DANGER, exact=True)).to_be_visible()
        await expect(scene.page.get_by_role("button", name="Go back to the call")).to_be_hidden()


def answers(state: str, *items: dict[str, object]) -> dict[str, object]:
    return {"card": "survey-answers", "state": state, "items": list(items)}


def item(client: int | str, mirror: int | str | None) -> dict[str, object]:
    return {"key": "heard", "text": "How well did you get me?", "client": client, "mirror": mirror}


@pytest.mark.parametrize(
    ("client", "mirror", "marked"),
    [(8, 5, True), (5, 8, True), (8, 6, False), (8, None, False), ("A little", "No", False)],
)
async def test_a_difference_of_three_is_worth_asking_about(
    browser: Browser, url: str, client: int | str, mirror: int | str | None, marked: bool
) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(answers("shown", item(client, mirror)))
        await expect(scene.page.get_by_text("Worth asking about")).to_have_count(int(marked))


async def test_the_clients_answer_stands_beside_the_own_one_in_words(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(answers("shown", item(4, 8)))
        values = [await one.text_content() for one in await scene.page.get_by_role("definition").all()]
        assert values == ["4 of 10", "8 of 10"]
        await expect(scene.page.get_by_text("not validated")).to_be_visible()


async def test_nothing_to_show_does_not_say_why(browser: Browser, url: str) -> None:
    async with theatre(browser, url) as scene:
        await scene.show(answers("none"))
        await expect(
            scene.page.get_by_text("Your client kept their answers private or did not answer.")
        ).to_be_visible()
        await expect(scene.page.get_by_role("list")).to_be_hidden()


async def test_notes_on_pauses_give_the_persons_own_clock_and_say_seen_never(
    browser: Browser, url: str
) -> None:
    pause = {
        "asked_at": "2026-11-23T14:02:05.000Z",
        "level": None,
        "choice": None,
        "outcome": "expired",
        "unattended": True,
    }
    card = {
        "card": "pause-notes", "hint": False,
        "pauses": [{**pause, "seen_at": None}, {**pause, "seen_at": "2026-11-23T14:02:17.000Z", "unattended": False}],
    }  # fmt: skip
    async with theatre(browser, url, locale="de-DE", timezone_id="Europe/Berlin") as scene:
        await scene.show(card)
        notes = [await one.text_content() or "" for one in await scene.page.get_by_role("listitem").all()]
        assert notes[0].startswith("Asked at 15:02, seen never")
        assert notes[1].startswith("Asked at 15:02, seen after 12 seconds")
        assert ["No one tapped in the first minute." in note for note in notes] == [True, False]
        await expect(scene.page.get_by_text("There were three pauses or more.")).to_be_hidden()


@pytest.mark.parametrize(
    ("side", "says"),
    [("client", "You can stop here for today."), ("therapist", "Your client would like to stop for today.")],
)
async def test_the_soft_ending_speaks_to_each_side_and_ends_no_call(
    browser: Browser, url: str, side: str, says: str
) -> None:
    async with theatre(browser, url) as scene:
        await scene.show({"card": "soft-ending", "side": side})
        await expect(scene.page.get_by_role("heading", name=says, exact=True)).to_be_visible()
        await scene.page.get_by_role("button", name="Close").click()
        await expect(scene.page.get_by_text(says)).to_be_hidden()
        assert await scene.heard() == []
