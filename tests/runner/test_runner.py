"""The runner: nothing is shown or accepted that the journal does not hold."""

import asyncio
import json
import sqlite3

import pytest

from plugin.core.refusal import Refused
from plugin.ports import Contradiction, SeenBefore, Unwritable
from tests.runner.conftest import CLIENT, THERAPIST, House, visitor
from webhooks.events import MeetingEnded, MeetingStarted, PersonJoined, PersonLeft, RecordingStopped, Role


async def begun(house: House) -> str:
    await house.tell(MeetingStarted)
    await house.tell(PersonJoined, person="T", connection="t", role=Role.THERAPIST)
    await house.tell(PersonJoined, person="C", connection="c", role=Role.CLIENT)
    session = await house.runner.link_opened(THERAPIST, "lT", visible=True)
    assert session == await house.runner.link_opened(CLIENT, "lC", visible=True)
    assert session
    return session


def cards(house: House, person: str) -> dict[str, dict[str, object]]:
    return {card["card"]: card for card in json.loads(house.screens.last[person])}


async def test_a_press_is_journaled_shown_delivered_and_seen(house: House) -> None:
    session = await begun(house)
    pause = await house.ask(CLIENT, "pause.press")
    assert cards(house, "C")["pause-sheet"]["says"] == "on_its_way"
    assert house.screens.watched["T"] == {pause}
    await house.runner.painted(session, "T", "lT", frozenset({pause}))
    assert cards(house, "C")["pause-sheet"]["says"] == "delivered"
    await house.ask(THERAPIST, "pause.see", pause=pause)
    assert cards(house, "C")["pause-sheet"]["says"] == "seen"


async def test_after_a_restart_the_same_screens_come_back(house: House) -> None:
    session = await begun(house)
    pause = await house.ask(CLIENT, "pause.press")
    await house.runner.painted(session, "T", "lT", frozenset({pause}))
    await house.restart()
    await house.runner.link_opened(CLIENT, "lC2", visible=True)
    assert cards(house, "C")["pause-sheet"]["says"] == "unreachable"
    await house.runner.link_opened(THERAPIST, "lT2", visible=True)
    assert cards(house, "C")["pause-sheet"]["says"] == "delivered"
    assert cards(house, "T")["pause-notice"]["stage"] == "band"


async def test_a_delivery_counts_once_and_another_body_under_its_key_is_an_alarm(house: House) -> None:
    await house.tell(MeetingStarted, key="same")
    with pytest.raises(SeenBefore):
        await house.tell(MeetingStarted, key="same")
    with pytest.raises(Contradiction):
        await house.tell(PersonJoined, key="same", person="T", connection="t", role=None)


async def test_a_hundred_deliveries_at_once_make_one_session(house: House) -> None:
    joins = [house.tell(PersonJoined, person=f"p{n}", connection=f"c{n}", role=None) for n in range(100)]
    await asyncio.gather(*joins)
    ((_, session),) = house.runner.sessions()
    assert len(session.people) == 100


async def test_a_link_before_the_meeting_waits_and_is_told_when_it_begins(house: House) -> None:
    begins: list[str] = []
    house.runner.on_begin(begins.append)
    assert await house.runner.link_opened(CLIENT, "early", visible=True) is None
    with pytest.raises(Refused, match="alone"):
        await house.ask(CLIENT, "pause.press")
    await house.tell(MeetingStarted)
    assert begins == [await house.runner.link_opened(CLIENT, "early", visible=True)]


async def test_a_token_that_knows_only_the_meeting_finds_the_open_occurrence(house: House) -> None:
    session = await begun(house)
    assert house.runner.find(visitor("C", Role.CLIENT, occurrence=None)) == session
    assert house.runner.find(visitor("C", Role.CLIENT, occurrence="other")) is None


async def test_a_yes_is_remembered_by_the_next_session(house: House) -> None:
    await begun(house)
    await house.ask(CLIENT, "consent.answer", choice="save", therapist=True, practice=False)
    await house.tell(MeetingEnded)
    later = PersonJoined(
        host="sandbox",
        meeting="m",
        occurrence="o2",
        at=house.clock(),
        key="z",
        person="C",
        connection="c",
        role=Role.CLIENT,
    )
    await house.tell(lambda **_more: later, key="z")
    await house.runner.link_opened(visitor("C", Role.CLIENT, occurrence="o2"), "lC2", visible=True)
    assert "consent-card" not in cards(house, "C")


async def test_the_alarm_moves_the_words_with_the_clock(house: House) -> None:
    await begun(house)
    await house.ask(CLIENT, "pause.press")
    house.clock.wait(10)
    await house.screens.until("C", '"says":"trying"')


async def test_a_refused_wish_leaves_no_record(house: House) -> None:
    session = await begun(house)
    pause = await house.ask(CLIENT, "pause.press")
    before = len(await house.journal.read(session))
    assert await house.refused(THERAPIST, "pause.resume", pause=pause, choice="go_on") == "not_yours"
    assert len(await house.journal.read(session)) == before


async def test_pauses_of_a_client_who_said_no_are_forgotten_after_the_call(house: House) -> None:
    session = await begun(house)
    await house.ask(CLIENT, "consent.answer", choice="not_now", therapist=False, practice=False)
    await house.ask(CLIENT, "pause.press")
    await house.tell(MeetingEnded)
    assert await house.runner.sweep() == 1
    kept = {record.kind: record.body for record in await house.journal.read(session)}
    assert kept["pause"] is None
    assert kept["call"] is not None
    assert not (house.runner.state(session) or pytest.fail("no session")).pauses


async def test_classes_are_forgotten_in_their_time_on_a_moved_clock(house: House) -> None:
    session = await begun(house)
    await house.ask(CLIENT, "consent.answer", choice="save", therapist=True, practice=True)
    await house.ask(CLIENT, "checkin.answer", feeling="tense", hope="")
    await house.ask(CLIENT, "pause.press")
    await house.tell(MeetingEnded)
    assert await house.runner.sweep() == 0
    for order in await house.journal.outstanding():
        await house.journal.settle(order.order)
    forgotten = []
    for days in (29, 2, 58, 2, 640):
        house.clock.wait(days * 86400)
        await house.runner.sweep()
        for order in await house.journal.outstanding():
            await house.journal.settle(order.order)
        gone = {r.kind for r in await house.journal.read(session) if r.body is None}
        forgotten.append(sorted(gone))
    assert forgotten == [[], ["checkin"], ["checkin"], ["checkin", "pause"], []]
    assert await house.journal.shelves() == []


async def test_a_straggler_of_a_call_long_over_is_kept_as_seen_and_changes_nothing(house: House) -> None:
    session = await begun(house)
    await house.tell(MeetingEnded)
    house.clock.wait(2 * 86400)
    await house.shelved(session)
    before = await house.journal.read(session)
    await house.tell(PersonJoined, key="late", person="C", connection="d", role=Role.CLIENT)
    with pytest.raises(SeenBefore):
        await house.tell(PersonJoined, key="late", person="C", connection="d", role=Role.CLIENT)
    assert await house.journal.read(session) == before


async def test_a_call_that_closed_by_something_else_than_its_alarm_is_put_away_too(house: House) -> None:
    await house.tell(MeetingStarted)
    await house.tell(MeetingEnded)
    ((head, _),) = house.runner.sessions()
    house.clock.wait(2 * 86400)
    await house.tell(RecordingStopped)
    await house.shelved(head.session)

    assert await house.journal.shelves(include_shelved=False) == []


async def test_a_call_that_could_not_be_put_away_is_put_away_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await begun(house)
    shelve, tries = house.journal.shelve, []

    async def full(session: str) -> None:
        tries.append(session)
        if len(tries) == 1:
            house.clock.wait(2)
            raise Unwritable
        await shelve(session)

    monkeypatch.setattr(house.journal, "shelve", full)
    await house.tell(MeetingEnded)
    house.clock.wait(2 * 86400)
    await house.shelved(session)

    assert await house.journal.shelves(include_shelved=False) == []


async def test_who_knows_only_the_meeting_comes_into_the_run_that_began_last(house: House) -> None:
    session = await begun(house)
    house.clock.wait(60)
    await house.tell(lambda **more: MeetingStarted(**{**more, "occurrence": "next"}))
    await house.tell(lambda **more: MeetingStarted(**{**more, "occurrence": "last"}))
    house.clock.wait(60)
    await house.runner.link_lost(session, "lC")
    await house.tell(lambda **more: MeetingEnded(**{**more, "occurrence": "last"}))

    loose = visitor("C", Role.CLIENT, occurrence=None)
    assert house.runner.find(loose) == house.runner.find(visitor("C", Role.CLIENT, "next"))


async def test_a_call_whose_people_came_back_while_the_service_was_away_is_not_over(house: House) -> None:
    await house.tell(PersonJoined, person="C", connection="c", role=Role.CLIENT)
    await house.tell(PersonLeft, person="C", connection="c")
    house.clock.wait(25)
    await house.tell(PersonLeft, person="C", connection="b")
    ((head, _),) = house.runner.sessions()
    house.clock.wait(20 * 60)
    await house.restart()
    await house.journal.read(head.session)
    await house.tell(PersonJoined, person="C", connection="d", role=Role.CLIENT)

    state = house.runner.state(head.session)
    assert state
    assert not state.over
    assert state.people["C"].on_call


async def test_one_damaged_session_does_not_keep_the_others_from_being_served(house: House) -> None:
    session = await begun(house)
    await house.runner.close()
    await house.journal.close()
    database = sqlite3.connect(house.path)
    database.execute("UPDATE records SET link = zeroblob(32) WHERE position = 2")
    database.commit()
    database.close()
    await house.restart()
    assert house.runner.state(session) is None
    await house.tell(lambda **more: MeetingStarted(**{**more, "occurrence": "next"}))
    assert len(house.runner.sessions()) == 1
