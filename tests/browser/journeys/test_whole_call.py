"""A whole call between two real browsers, and every word of it that is stored, read back over the host's API."""

import asyncio
import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from tests.browser.journeys.demo import Demo, Resource, eventually
from tests.browser.journeys.people import Call, Person, consents
from tests.browser.journeys.stored import (
    answers,
    code,
    comes,
    components,
    identifier,
    kinds,
    moment,
    permitted,
)
from tests.browser.journeys.survey import Answers, fill, send
from tests.browser.looking import SENTENCES

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SURVEY: Answers = {
    "heard": 9, "focus": 8, "way": 7, "safe": 10, "overall": 9, "off": "a_little", "off_kind": "too_fast",
    "off_sorted": "partly", "off_next": "talk_next_time", "helpful": "You waited for me.", "more_of": "Plans.",
}  # fmt: skip
INDEX = 86.0
MIRROR: Answers = {"heard": 6, "focus": 7, "way": 7, "safe": 8, "overall": 7, "off": "no"}
CHECK_IN = {
    "client": {"feeling": "tense", "hope": "to be heard"},
    "therapist": {"feeling": "calm", "hope": "to listen"},
}
INBOUND = """async () => {
  const found = { frames: 0, energy: 0 };
  for (const each of window.connections.filter((one) => one.connectionState === "connected"))
    for (const entry of (await each.getStats()).values())
      if (entry.type === "inbound-rtp") {
        found.frames += entry.framesDecoded ?? 0;
        found.energy += entry.totalAudioEnergy ?? 0;
      }
  return found;
}"""


async def inbound(page: Page) -> dict[str, float]:
    """Pictures decoded and energy of sound received so far."""
    found: dict[str, float] = await page.evaluate(INBOUND)
    return found


async def sees_and_hears(page: Page) -> None:
    before = await inbound(page)

    async def more() -> bool:
        now = await inbound(page)
        return now["frames"] > before["frames"] + 10 and now["energy"] > before["energy"]

    await eventually(more, within_s=30)


async def sees_but_hears_nothing(page: Page) -> None:
    """The sound is flat while thirty more pictures come; what was on its way has arrived by then."""

    async def flat() -> bool:
        before = after = await inbound(page)
        while after["frames"] < before["frames"] + 30:
            await asyncio.sleep(0.1)
            after = await inbound(page)
        return after["energy"] == before["energy"]

    await eventually(flat, within_s=30)


async def checks_in(therapist: Person, client: Person) -> None:
    for person in (client, therapist):
        words = CHECK_IN[person.who]
        await person.page.get_by_role("textbox", name="One feeling").fill(words["feeling"])
        await person.page.get_by_role("textbox", name="One hope").fill(words["hope"])
        await person.press("Share")
    for person in (therapist, client):
        for word in [word for side in CHECK_IN.values() for word in side.values()]:
            await expect(person.text(word)).to_be_visible()
        await person.press("Keep talking")


async def pauses(therapist: Person, client: Person) -> None:
    await client.press("I need a pause")
    await client.reads(SENTENCES["delivered"])
    await expect(therapist.notice).to_contain_text("Your client asked for a pause.")
    await client.page.get_by_role("radio", name="Change the topic").click()
    await therapist.press("I have seen it")
    await client.reads(SENTENCES["seen"])
    await expect(therapist.notice).to_contain_text("Stop, lower your voice, and give them time.")
    await expect(therapist.notice).to_contain_text("What would help: change the topic.")
    await client.press("Slower")
    await expect(therapist.notice).to_contain_text("Your client wants to go on, slower.")
    await expect(client.button("Slower")).to_have_count(0)


async def looks_back(therapist: Person, client: Person) -> None:
    await client.press("Leave")
    await fill(client, "session-pulse", SURVEY)
    await send(client)
    await expect(
        client.page.get_by_role("heading", name="Thank you. Your answers have come in.")
    ).to_be_visible()
    await therapist.press("Leave")
    await fill(therapist, "session-pulse-mirror", MIRROR)
    await expect(therapist.text("You waited for me.")).to_have_count(0)
    await send(therapist, "Lock in my answers")
    await expect(therapist.text("You waited for me.")).to_be_visible()


async def test_a_whole_call_is_stored_answer_by_answer(call: Call, demo: Demo) -> None:
    began = datetime.now(UTC)
    therapist = await call.person("therapist", devices=True)
    client = await call.person("client", devices=True)
    for person in (therapist, client):
        await person.joins()
    for person in (therapist, client):
        await sees_and_hears(person.page)
    await client.press("Mute")
    await sees_but_hears_nothing(therapist.page)
    await sees_and_hears(client.page)
    await consents(demo, client)
    await checks_in(therapist, client)
    await pauses(therapist, client)
    await looks_back(therapist, client)
    await therapist.press("End for everyone")
    await expect(therapist.page.get_by_role("heading", name="Pauses in this call")).to_be_visible()

    forms = await comes(demo, "QuestionnaireResponse", 4)
    (pause,) = await comes(demo, "Observation", 1)
    (consent,) = await comes(demo, "Consent", 1)
    patient = f"Patient/{(await demo.enter(client.link))['person']}"
    practitioner = f"Practitioner/{(await demo.enter(therapist.link))['person']}"
    _the_consent_says_what_was_ticked(consent, patient)
    pulse = _the_answers_are_those_that_were_given(forms, patient, practitioner)
    _the_pause_is_told_from_press_to_choice(pause, patient)
    (session,) = await demo.command("sessions", "--json")
    parts = components(pause)
    assert parts["pause_id"] == client.asks("pause.press")[0]["id"]
    assert parts["session_id"] == session["session"]
    told = [consent["dateTime"], parts["pressed_at"], parts["resumed_at"], pulse["authored"]]
    moments = [began, *map(moment, told), datetime.now(UTC)]
    assert moments == sorted(moments)
    names = [identifier(one) for one in [*forms, pause, consent]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name) for name in names)


def _the_consent_says_what_was_ticked(consent: Resource, patient: str) -> None:
    assert consent["status"] == "active"
    assert consent["patient"]["reference"] == patient
    assert permitted(consent) == {"therapist_may_see": "permit", "practice_may_count": "deny"}


def _the_answers_are_those_that_were_given(
    forms: list[Resource], patient: str, practitioner: str
) -> Resource:
    by = {(one["questionnaire"], one["author"]["reference"]): one for one in forms}
    pulse = by["urn:fermata:questionnaire:session-pulse|1", patient]
    mirror = by["urn:fermata:questionnaire:session-pulse-mirror|1", practitioner]
    assert answers(pulse) == {**SURVEY, "index": INDEX}
    assert answers(mirror) == MIRROR
    for who, person in (("client", patient), ("therapist", practitioner)):
        assert answers(by["urn:fermata:questionnaire:check-in|1", person]) == CHECK_IN[who]
    assert {one["subject"]["reference"] == one["author"]["reference"] for one in forms} == {True}
    assert {one["status"] for one in forms} == {"completed"}
    shapes = kinds(pulse)
    assert {shapes[key] for key in ("heard", "focus", "way", "safe", "overall")} == {"valueInteger"}
    assert {shapes[key] for key in ("off", "off_kind", "off_sorted", "off_next")} == {"valueCoding"}
    assert {shapes[key] for key in ("helpful", "more_of")} == {"valueString"}
    assert shapes["index"] == "valueDecimal"
    return pulse


def _the_pause_is_told_from_press_to_choice(pause: Resource, patient: str) -> None:
    assert pause["status"] == "final"
    assert code(pause["code"]) == "pause"
    assert code(pause["valueCodeableConcept"]) == "resumed"
    assert pause["subject"]["reference"] == patient
    parts = components(pause)
    expected = {
        "level": "change_topic", "resume_choice": "slower", "outcome": "resumed", "unattended": False,
        "path": "ws", "nudges": 0, "participant_ref": patient,
    }  # fmt: skip
    assert {name: parts[name] for name in expected} == expected
    steps = [
        moment(parts[name]) for name in ("pressed_at", "accepted_at", "delivered_at", "seen_at", "resumed_at")
    ]
    assert steps == sorted(steps)
    period = pause["effectivePeriod"]
    assert [moment(period["start"]), moment(period["end"])] == [steps[0], steps[-1]]
