"""What nobody may see: everything that reaches a page or the record is searched for marker words."""

import json
import re
from uuid import UUID

import pytest
from playwright.async_api import expect

from tests.browser.journeys.demo import Demo, Resource, eventually
from tests.browser.journeys.people import DESKTOP, Call, Person, consents
from tests.browser.journeys.stored import answers, comes, identifier, responses
from tests.browser.journeys.survey import Answers, fill, send, share_each

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FEELING, HOPE = "marker-feeling-2d81", "marker-hope-5c40"
SHARED, PRIVATE = "marker-shared-91e7", "marker-private-b3f2"
SURVEY: Answers = {
    "heard": 9, "focus": 3, "way": 1, "safe": 8, "overall": 7, "off": "yes", "off_kind": "felt_judged",
    "helpful": SHARED, "more_of": PRIVATE,
}  # fmt: skip
SHARE, COUNT, KEEP = "Share with my therapist", "Count it, but show no one", "Keep private"
WAYS = {
    "heard": SHARE, "focus": COUNT, "way": KEEP, "safe": SHARE, "overall": SHARE, "off": COUNT, "off_kind": KEEP,
    "helpful": SHARE, "more_of": KEEP,
}  # fmt: skip


async def at_the_host(demo: Demo) -> str:
    """All that the host holds, read over its API, and all that the page of what is stored shows."""
    return await demo.everything() + await demo.listing()


async def reached(person: Person) -> str:
    """All that ever reached a page of this person."""
    return "\n".join(await person.read())


async def loads_anew(person: Person) -> None:
    """Load the page again, so that it is given the whole of its present screen."""
    screens = person.screens
    await person.joins()
    await eventually(lambda: person.screens > screens)


async def share(person: Person, feeling: str, hope: str) -> None:
    await person.page.get_by_role("textbox", name="One feeling").fill(feeling)
    await person.page.get_by_role("textbox", name="One hope").fill(hope)
    await person.press("Share")


async def looks_again(person: Person) -> None:
    """Open the call link again after the call, so that all is sent once more."""
    screens = person.screens
    await person.opens()
    await eventually(lambda: person.screens > screens)


def none_of(words: tuple[str, ...], where: str) -> bool:
    return not any(word in where for word in words)


async def test_no_word_of_the_check_in_reaches_the_other_side_before_both_cards_turn(
    call: Call, demo: Demo
) -> None:
    therapist, client = await call.person("therapist"), await call.person("client")
    for person in (therapist, client):
        await person.joins()
    await consents(demo, client)
    await share(client, FEELING, HOPE)
    await expect(client.text("Your therapist has not shared yet")).to_be_visible()
    await loads_anew(therapist)
    await expect(therapist.page.get_by_role("textbox", name="One feeling")).to_be_visible()
    assert none_of((FEELING, HOPE), await reached(therapist))
    assert none_of((FEELING, HOPE), await at_the_host(demo))
    await share(therapist, "calm", "to listen well")
    for person in (therapist, client):
        await expect(person.text(FEELING)).to_be_visible()
        await expect(person.text("to listen well")).to_be_visible()
    await comes(demo, "QuestionnaireResponse", 2)
    for found in (await reached(therapist), await at_the_host(demo)):
        assert FEELING in found, "the search itself works"


async def test_who_skips_the_check_in_sees_the_other_sides_words_only_then(call: Call, demo: Demo) -> None:
    therapist, client = await call.person("therapist"), await call.person("client")
    for person in (therapist, client):
        await person.joins()
    await consents(demo, client)
    await share(therapist, "marker-theirs-77aa", "marker-theirs-77ab")
    await expect(therapist.text("Your client has not shared yet")).to_be_visible()
    await loads_anew(client)
    await expect(client.button("Skip")).to_be_visible()
    assert "marker-theirs" not in await reached(client)
    assert "marker-theirs" not in await at_the_host(demo)
    await client.press("Skip")
    await expect(client.text("marker-theirs-77aa")).to_be_visible()
    await expect(therapist.text("passed today")).to_be_visible()


async def test_answers_wait_for_the_mirror_and_private_ones_never_leave(call: Call, demo: Demo) -> None:
    before = [identifier(one) for one in await demo.read("QuestionnaireResponse")]
    therapist, client = await call.both(client={"viewport": DESKTOP})
    await client.press("Leave")
    await fill(client, "session-pulse", SURVEY)
    await share_each(client, "session-pulse", WAYS)
    await send(client)
    await therapist.press("Leave")
    await expect(therapist.button("Lock in my answers")).to_be_visible()
    await looks_again(therapist)
    kept = ("felt_judged", "Felt judged", PRIVATE)
    assert none_of((*kept, SHARED), await reached(therapist))
    assert none_of((PRIVATE, SHARED), await at_the_host(demo))
    assert await responses(demo, "session-pulse") == []

    await send(therapist, "Skip")
    await expect(therapist.text(SHARED)).to_be_visible()
    fresh = [
        one
        for one in await comes(demo, "QuestionnaireResponse", len(before) + 2)
        if identifier(one) not in before
    ]
    (shared,) = [one for one in fresh if "subject" in one]
    (counted,) = [one for one in fresh if "subject" not in one]
    assert answers(shared) == {"heard": 9, "safe": 8, "overall": 7, "helpful": SHARED}
    _nothing_leads_from_the_counted_copy_to_anybody(counted, shared, client)
    await demo.end()
    await looks_again(therapist)
    assert none_of((PRIVATE, counted["id"], identifier(counted)), await what_the_record_page_shows(call))
    assert SHARED in await reached(therapist)
    assert none_of(kept, await reached(therapist))
    assert PRIVATE in str(await demo.command("journal", "dump")), "sealed, and found with the key"
    assert PRIVATE not in await at_the_host(demo)
    assert none_of(("felt_judged", PRIVATE), str(await demo.read("QuestionnaireResponse")))
    logs = "".join(path.read_text("utf-8") for path in demo.data.glob("*.log"))
    assert none_of((PRIVATE, SHARED, FEELING, HOPE, "marker-theirs"), logs)


async def what_the_record_page_shows(call: Call) -> str:
    """The page of what is stored, opened whole, and all that was sent to it."""
    record = await call.person("record")
    await record.page.goto(record.link)
    await expect(record.page.get_by_role("button", name="Read again")).to_be_visible()
    await expect(record.page.get_by_text(SHARED).first).to_be_attached()
    return await reached(record) + await record.page.content()


def _nothing_leads_from_the_counted_copy_to_anybody(
    counted: Resource, shared: Resource, client: Person
) -> None:
    told = answers(counted)
    pseudonym = told.pop("pseudonym")
    assert told == {"focus": 3, "off": "yes"}
    assert re.fullmatch(r"[0-9a-f]{32}", pseudonym)
    assert not {"subject", "author", "source", "encounter", "basedOn", "partOf"} & counted.keys()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", counted["authored"]), "no time of day"
    assert identifier(counted) != identifier(shared)
    assert UUID(identifier(counted)).version == 4, "not derived from anything that can be known"
    whole = json.dumps({key: value for key, value in counted.items() if key != "meta"})
    person, session = shared["author"]["reference"].partition("/")[2], shared["id"]
    assert none_of((person, session, client.link.partition("#")[2]), whole)
