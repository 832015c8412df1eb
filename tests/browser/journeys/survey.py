"""Filling in the survey and its mirror as a person does, on one sheet or step by step."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, expect

from tests.browser.journeys.people import Person

_INSTRUMENTS = Path(__file__).parents[3] / "plugin" / "instruments"
Answers = Mapping[str, int | str]


def items(instrument: str) -> list[dict[str, Any]]:
    """The items of an instrument, in order."""
    document = json.loads((_INSTRUMENTS / f"{instrument}.json").read_text("utf-8"))
    found: list[dict[str, Any]] = document["items"]
    return found


async def fill(person: Person, instrument: str, answers: Answers) -> None:
    """Answer what is in *answers* and pass over the rest, up to the question who may see it."""
    asked = [item for item in items(instrument) if _asked(item, answers)]
    await expect(_heading(person, asked[0])).to_be_visible()
    stepped = await person.button("Next").is_visible()
    for item in asked:
        await expect(_heading(person, item)).to_be_visible()
        if item["key"] in answers:
            await _answer(person, item, answers[item["key"]])
        # A tap on a radio moves on by itself.
        if stepped and (item["type"] == "text" or item["key"] not in answers):
            await person.press("Next")


def _asked(item: Mapping[str, Any], answers: Answers) -> bool:
    return all(answers.get(key) in values for key, values in item.get("when", {}).items())


def _heading(person: Person, item: Mapping[str, Any]) -> Locator:
    return person.page.get_by_role("heading", name=item["text"], exact=True)


async def _answer(person: Person, item: Mapping[str, Any], value: int | str) -> None:
    if item["type"] == "text":
        await person.page.get_by_role("textbox", name=item["text"], exact=True).fill(str(value))
        return
    name = next((o["text"] for o in item.get("options", []) if o["code"] == value), str(value))
    choices = person.page.get_by_role("radiogroup", name=item["text"], exact=True)
    await choices.get_by_role("radio", name=name, exact=True).click()


async def share_each(person: Person, instrument: str, ways: Mapping[str, str]) -> None:
    """Choose for each answer who may see it, by the words beside the radios; on one sheet."""
    await person.press("Choose for each answer")
    for item in items(instrument):
        if item["key"] in ways:
            who = person.page.get_by_role("group", name=f"Who may see: {item['text']}", exact=True)
            await who.get_by_role("radio", name=ways[item["key"]], exact=True).click()


async def send(person: Person, button: str = "Send answers") -> None:
    """Send the form and wait until it is put away: only then it has been taken."""
    await person.press(button)
    await expect(person.button(button)).to_have_count(0)
