"""The page "What is stored": results in words, from whatever a plugin has written."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from plugin.sandbox.record import Store
from plugin.sandbox.record.json_value import Json, Resource
from plugin.sandbox.settings import SandboxSettings
from plugin.sandbox.stored import listing
from tests.sandbox.browsing import DESKTOP, PHONE, chromium, person
from tests.sandbox.running import Running

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
PEOPLE = {"Patient/ana": "client", "Practitioner/ben": "therapist"}
CODES = "urn:example:codes"


def coded(code: str) -> Resource:
    return {"coding": [{"system": CODES, "code": code}]}


QUESTIONNAIRE: Resource = {
    "resourceType": "Questionnaire",
    "id": "q",
    "url": "urn:example:pulse",
    "version": "1",
    "title": "How was today for you?",
    "status": "active",
    "item": [{"linkId": "heard", "text": "I felt heard", "type": "integer"}],
}
CODE_SYSTEM: Resource = {
    "resourceType": "CodeSystem",
    "id": "c",
    "url": CODES,
    "status": "active",
    "content": "complete",
    "concept": [{"code": "pause", "display": "Pause"}, {"code": "keep", "display": "Answers may be kept"}],
}
ANSWERS: Resource = {
    "resourceType": "QuestionnaireResponse",
    "id": "r",
    "questionnaire": "urn:example:pulse|1",
    "status": "completed",
    "subject": {"reference": "Patient/ana"},
    "author": {"reference": "Patient/ana"},
    "authored": "2026-11-23T15:03:00Z",
    "item": [
        {"linkId": "heard", "answer": [{"valueInteger": 8}]},
        {"linkId": "why_not", "answer": [{"valueCoding": {"system": CODES, "code": "too_fast"}}]},
        {"linkId": "more", "answer": [{"valueString": "<b>a free text</b>"}]},
    ],
}
PAUSE: Resource = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": coded("pause"),
    "subject": {"reference": "Patient/ana"},
    "performer": [{"reference": "Patient/ana"}],
    "effectivePeriod": {"start": "2026-11-23T14:02:05Z", "end": "2026-11-23T14:06:40Z"},
    "valueCodeableConcept": coded("resumed"),
    "component": [
        {"code": coded("unattended"), "valueBoolean": False},
        {"code": coded("pause_id"), "valueString": "5f0c9a52-7d7e-4b0a-9d55-0f6f5a1e7c31"},
    ],
}
CONSENT: Resource = {
    "resourceType": "Consent",
    "id": "k",
    "status": "active",
    "scope": coded("research"),
    "category": [coded("sharing")],
    "policyRule": coded("card"),
    "patient": {"reference": "Patient/ana"},
    "dateTime": "2026-11-23T13:30:00Z",
    "provision": {"provision": [{"type": "deny", "code": [coded("keep")]}]},
}
MARKER = "a marker nobody may see"


def _counted() -> Resource:
    items: list[Json] = [{"linkId": "heard", "answer": [{"valueString": MARKER}]}]
    untied = {key: value for key, value in ANSWERS.items() if key not in {"subject", "author"}}
    return {**untied, "id": "n", "item": items}


def _of_somebody_else() -> Resource:
    other: Resource = {"reference": "Patient/cleo"}
    items: list[Json] = [{"linkId": "heard", "answer": [{"valueString": MARKER}]}]
    return {**ANSWERS, "id": "s", "subject": other, "author": other, "item": items}


@pytest.fixture
async def store(settings: SandboxSettings) -> AsyncIterator[Store]:
    opened = Store(settings.data / "record.sqlite3")
    yield opened
    opened.close()


async def _listed(store: Store, *resources: Resource) -> dict[str, Any]:
    for resource in resources:
        await store.seed(resource, at=NOW)
    return await listing(store, PEOPLE)


def _facts(row: dict[str, Any]) -> dict[str, str]:
    return {fact["label"]: fact["value"] for fact in row["facts"]}


async def test_an_empty_store_has_an_empty_page(store: Store) -> None:
    assert await _listed(store) == {"rows": [], "apart": False}


async def test_answers_are_labelled_by_the_questionnaire_and_by_the_key_where_none_is_published(
    store: Store,
) -> None:
    before = (await _listed(store, ANSWERS))["rows"][0]
    assert (before["title"], _facts(before)["heard"]) == ("pulse", "8")
    row = (await _listed(store, QUESTIONNAIRE, CODE_SYSTEM))["rows"][0]
    assert row["title"] == "How was today for you?"
    assert _facts(row) == {"I felt heard": "8", "why_not": "too fast", "more": "<b>a free text</b>"}
    assert (row["about"], row["by"], row["when"]) == ("client", "client", "2026-11-23T15:03:00Z")
    assert row["raw"]["item"] == ANSWERS["item"]


async def test_an_observation_and_a_consent_are_put_into_words(store: Store) -> None:
    listed = await _listed(store, CODE_SYSTEM, PAUSE, CONSENT)
    pause, consent = listed["rows"]
    assert pause["title"] == "Pause"
    assert _facts(pause) == {
        "From": "2026-11-23T14:02:05Z to 2026-11-23T14:06:40Z",
        "Outcome": "resumed",
        "unattended": "no",
    }
    assert _facts(consent) == {"Answers may be kept": "no"}


async def test_the_newest_stands_first(store: Store) -> None:
    listed = await _listed(store, CONSENT, PAUSE, ANSWERS)
    assert [row["kind"] for row in listed["rows"]] == ["QuestionnaireResponse", "Observation", "Consent"]


async def test_copies_tied_to_nobody_are_said_to_exist_and_neither_shown_nor_counted(store: Store) -> None:
    listed = await _listed(store, ANSWERS, _counted(), _of_somebody_else())
    assert listed["apart"] is True
    assert len(listed["rows"]) == 1
    assert MARKER not in str(listed)


@pytest.mark.browser
async def test_the_page_shows_words_and_below_them_what_is_stored(sandbox: Running, store: Store) -> None:
    client = (await sandbox.enter("client"))["person"]
    mine: Resource = {"reference": f"Patient/{client}"}
    for resource in (QUESTIONNAIRE, CODE_SYSTEM, {**ANSWERS, "subject": mine, "author": mine}, _counted()):
        await store.seed(resource, at=NOW)
    async with chromium() as browser:
        for viewport, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
            page = await person(browser, viewport=viewport, color_scheme=scheme)
            await page.goto(sandbox.links["record"])
            await page.get_by_role("heading", name="How was today for you?").wait_for()
            await page.get_by_text("<b>a free text</b>", exact=True).first.wait_for()
            await page.get_by_text("Practice copies, not tied to anybody.").wait_for()
            await page.get_by_text("As it is stored").click()
            await page.get_by_text('"valueInteger":8').wait_for()
            assert MARKER not in await page.content()
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
