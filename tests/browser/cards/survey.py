"""What the tests of the survey share: its cards, and its parts by the names a person knows them by."""

from typing import Any

from playwright.async_api import Locator

from tests.browser.cards.theatre import Theatre, instrument

PULSE = instrument("session-pulse")
CORE = [item for item in PULSE["items"] if item.get("core")]
TEXT = {item["key"]: item["text"] for item in PULSE["items"]}
CARD = {
    "card": "pulse-survey", "form": "survey", "instrument": PULSE,
    "preset": "therapist", "chosen_on": None, "quiet": False,
}  # fmt: skip
MIRROR = {"card": "pulse-survey", "form": "mirror", "instrument": instrument("session-pulse-mirror")}


def group(scene: Theatre, key: str) -> Locator:
    return scene.page.get_by_role("radiogroup", name=TEXT[key], exact=True)


def radio(scene: Theatre, key: str, name: str) -> Locator:
    return group(scene, key).get_by_role("radio", name=name, exact=True)


def button(scene: Theatre, name: str) -> Locator:
    return scene.page.get_by_role("button", name=name, exact=True)


def who(scene: Theatre, key: str) -> Locator:
    return scene.page.get_by_role("group", name=f"Who may see: {TEXT[key]}", exact=True)


async def only_wish(scene: Theatre) -> dict[str, Any]:
    heard = await scene.heard()
    assert len(heard) == 1, heard
    return heard[0]
