"""How the tests of this folder look at the overlay: as a person or a screen reader would, and by its parts."""

from playwright.async_api import Locator, Page, expect

from tests.browser.pretend_service import Frame

SENTENCES = {
    "on_its_way": "Your pause is on its way. You do not need to say anything.",
    "delivered": "On your therapist's screen.",
    "seen": "Your therapist has seen it. Take the time you need.",
    "not_sent": "We could not send your pause. Please say it out loud, wave, or leave the call. "
    "You are free to stop.",
    "trying": "We are still trying to reach your therapist. You can mute, turn off your camera, or leave at any "
    "time. That is okay.",
    "taken_back": "Taken back.",
    "alone_not_yet": "No one is in the call yet.",
    "too_old": "Your pause was not sent. It was too long ago. You can press again.",
}


def pause_button(page: Page) -> Locator:
    return page.get_by_role("button", name="I need a pause", exact=True)


def region(page: Page) -> Locator:
    """The one region for the state of the pause."""
    return page.locator("[aria-live=assertive]")


async def reads(page: Page, key: str) -> None:
    """Wait until the region holds exactly this sentence."""
    await expect(region(page)).to_have_text(SENTENCES[key], use_inner_text=False)


async def sentence_now(page: Page) -> str | None:
    """What the region says at this moment, without waiting."""
    return await region(page).text_content()


def sheet(pause: str, state: str, says: str, **more: object) -> Frame:
    card = {"card": "pause-sheet", "pause": pause, "state": state, "says": says, "undo": False, "level": None}
    return {**card, "pressed_at": "2026-11-23T14:02:05.123Z", "unattended": False, **more}


def notice(stage: str, asked_at: str, **more: object) -> Frame:
    card = {"card": "pause-notice", "pause": "p1", "person": "ana", "stage": stage, "asked_at": asked_at}
    return {**card, "seen_at": None, "level": None, "choice": None, "nudges": 0, **more}
