"""Who is there: what hosts told, what they left out when asked, and what nobody told any more."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin import rituals
from plugin.core.events import Heard
from plugin.core.fold import SILENT
from plugin.core.people import Person
from tests.core.story import Story, at
from webhooks.events import (
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PeoplePresent,
    PersonJoined,
    PersonLeft,
    PersonRole,
    Present,
    RecordingStarted,
    RecordingStopped,
    Role,
    WaitingEntered,
)

CALL = {"host": "h", "meeting": "m", "occurrence": "o"}
THERAPIST = Present(person="T", connection="t", role=Role.THERAPIST)
CLIENT = Present(person="C", connection="c", role=Role.CLIENT)


def met() -> Story:
    """A call that both have joined, without an overlay."""
    story = Story().fact(MeetingStarted)
    story.fact(PersonJoined, person="T", connection="t", role=Role.THERAPIST)
    return story.fact(PersonJoined, person="C", connection="c", role=Role.CLIENT)


def listed(story: Story, *people: Present, whole: bool = True) -> Story:
    return story.fact(PeoplePresent, people=people, whole=whole)


def person(story: Story, name: str) -> Person:
    return story.session.people[name]


def test_a_lost_join_is_made_up_for_by_the_list() -> None:
    story = listed(Story().fact(MeetingStarted), THERAPIST, CLIENT)

    assert {p.id: (p.role, p.present) for p in story.session.people.values()} == {
        "T": (Role.THERAPIST, True),
        "C": (Role.CLIENT, True),
    }
    assert story.session.met


def test_a_lost_leave_is_made_up_for_by_the_list_once_the_browser_is_silent_too() -> None:
    story = met().wait(31)
    listed(story, THERAPIST)

    assert not person(story, "C").present
    assert person(story.wait(21), "C").left == "gone"


@pytest.mark.parametrize("people", [(), (THERAPIST,)])
def test_a_list_ends_nobody_whose_browser_is_linked_or_was_heard_in_the_last_half_minute(
    people: tuple[Present, ...],
) -> None:
    story = met().links("C").wait(3600)
    listed(story, *people)
    assert person(story, "C").present
    story.unlinks("C").wait(29)
    listed(story, *people)
    assert person(story, "C").present
    story.wait(2)
    listed(story, *people)
    assert not person(story, "C").present


def test_who_was_left_out_by_mistake_is_found_again() -> None:
    story = met().wait(31)
    listed(story)
    listed(story.wait(30), THERAPIST, CLIENT)

    assert person(story, "C").on_call
    assert person(story, "T").on_call


def test_what_the_host_told_to_be_closed_no_list_opens_again() -> None:
    story = met().fact(PersonLeft, person="C", connection="c")
    listed(story, THERAPIST, CLIENT)

    assert not person(story, "C").present


def test_a_list_that_does_not_name_everybody_ends_nobody() -> None:
    story = met().wait(31)
    listed(story, THERAPIST, whole=False)

    assert person(story, "C").present


def test_a_list_without_connections_confirms_those_who_are_there_and_finds_those_who_are_not() -> None:
    nameless = [Present(person=name) for name in "TC"]
    story = met()
    before = story.session.people
    listed(story, *nameless)
    assert story.session.people == before
    story.fact(PersonLeft, person="C", connection="c")
    listed(story.wait(5), *nameless)
    assert person(story, "C").present
    listed(story.wait(60), nameless[0])
    assert not person(story, "C").present


def test_a_list_that_is_older_than_a_leave_brings_nobody_back() -> None:
    story = met()
    asked_at = at(story.now)
    story.wait(1).fact(PersonLeft, person="C", connection="c")
    fact = PeoplePresent(**CALL, at=asked_at, key="old", people=(Present(person="C"),))
    story.tell(Heard(at=at(story.now), fact=fact))

    assert not person(story, "C").present


def test_the_same_list_again_is_no_record() -> None:
    story = listed(met(), THERAPIST, CLIENT)
    fact = PeoplePresent(**CALL, at=at(30), key="again", people=(THERAPIST, CLIENT))
    session, orders = rituals.step(story.session, Heard(at=at(30), fact=fact))

    assert session is story.session
    assert not orders


def test_a_call_without_any_sign_is_over_after_a_stated_time() -> None:
    story = met().wait(SILENT.total_seconds() - 1)
    assert not story.session.over
    assert story.wait(1).session.over


def test_nothing_ends_by_time_while_an_overlay_is_linked() -> None:
    story = met().links("C").wait(24 * 3600)
    assert not story.session.over
    story.unlinks("C").wait(SILENT.total_seconds())
    assert story.session.over


def test_lists_are_signs_of_a_call_that_lasts() -> None:
    story = met()
    for _ in range(20):
        listed(story.wait(SILENT.total_seconds() / 10), THERAPIST, CLIENT)
    assert not story.session.over
    assert (
        (at(story.now) - story.session.heard_at) < timedelta(minutes=11) if story.session.heard_at else False
    )


def test_empty_lists_are_no_sign_of_a_call_of_which_nothing_else_is_heard() -> None:
    story = Story().fact(MeetingStarted)
    for _ in range(9):
        listed(story.wait(SILENT.total_seconds() / 8))
    assert story.session.over


def test_what_was_told_to_be_closed_stays_so_though_a_list_had_left_it_out_before() -> None:
    story = listed(met().wait(31), THERAPIST).fact(PersonLeft, person="C", connection="c").wait(21)
    listed(story, THERAPIST, CLIENT)

    assert person(story, "C").left == "gone"


def test_a_join_told_after_a_list_that_no_longer_had_it_brings_nobody_back() -> None:
    story = listed(Story().fact(MeetingStarted), THERAPIST, CLIENT).wait(31)
    listed(story, THERAPIST).wait(21)
    story.fact(PersonJoined, person="C", connection="c", role=Role.CLIENT).wait(21)

    assert person(story, "C").left == "gone"


def test_a_list_that_is_older_than_a_join_does_not_contradict_it() -> None:
    story = met().fact(PersonLeft, person="C", connection="c").wait(60)
    asked_at = at(story.now)
    story.wait(5).fact(PersonJoined, person="C", connection="d", role=Role.CLIENT)
    fact = PeoplePresent(**CALL, at=asked_at, key="old", people=(THERAPIST,))
    story.tell(Heard(at=at(story.now), fact=fact))

    assert person(story, "C").present


def test_a_guessed_end_counts_only_when_nobody_is_inside() -> None:
    story = met().fact(MeetingEnded, partly=True)
    assert not story.session.over
    story.fact(PersonLeft, person="C", connection="c").fact(PersonLeft, person="T", connection="t")
    assert story.fact(MeetingEnded, partly=True).session.over


def test_who_is_early_for_the_next_call_of_a_room_was_not_in_the_one_that_is_over() -> None:
    story = Story().fact(MeetingStarted).joins("T").wait(600).ends().wait(60).links("C")

    assert not story.session.met
    assert list(story.cards("C")) == ["call-end"]


def test_people_of_a_side_room_have_not_met_there() -> None:
    story = met()
    assert story.session.met
    assert not story.fact(MeetingStarted, breakout=True).session.met


def test_a_leave_without_a_connection_closes_what_was_opened_before_it() -> None:
    story = met().wait(5)
    left = PersonLeft(**CALL, at=at(story.now), key="l", person="C")
    story.wait(1).fact(PersonJoined, person="C", connection="d", role=Role.CLIENT)
    story.tell(Heard(at=at(story.now), fact=left))

    assert person(story, "C").connections == {"c": False, "d": True}


@given(st.permutations(["T", "C", "T left", "C left", "guess"]), st.booleans())
def test_a_guessed_end_holds_the_same_whenever_it_is_told(order: list[str], early: bool) -> None:
    facts: dict[str, HostFact] = {
        "T": PersonJoined(**CALL, at=at(1), key="1", person="T", connection="t", role=Role.THERAPIST),
        "C": PersonJoined(**CALL, at=at(2), key="2", person="C", connection="c", role=Role.CLIENT),
        "T left": PersonLeft(**CALL, at=at(60), key="3", person="T", connection="t"),
        "C left": PersonLeft(**CALL, at=at(61), key="4", person="C", connection="c"),
        "guess": MeetingEnded(**CALL, at=at(30 if early else 90), key="5", partly=True),
    }
    story = Story()
    for name in order:
        story.tell(Heard(at=at(100), fact=facts[name]))
    first = order[0] == "guess"
    assert story.session.over == (first or not early)


@given(st.permutations(["joined", "left", "raised", "again"]))
def test_a_leave_that_calls_the_person_something_else_closes_their_stay_all_the_same(
    order: list[str],
) -> None:
    facts: dict[str, HostFact] = {
        "joined": PersonJoined(**CALL, at=at(1), key="1", person="C", connection="c", role=Role.CLIENT),
        "left": PersonLeft(**CALL, at=at(9), key="2", person="somebody", connection="c"),
        "raised": PersonRole(
            **CALL, at=at(2), key="3", person="somebody", connection="c", role=Role.THERAPIST
        ),
        "again": PersonJoined(**CALL, at=at(12), key="4", person="C", connection="d", role=Role.CLIENT),
    }
    story = Story()
    for name in order:
        story.tell(Heard(at=at(20), fact=facts[name]))

    assert {p.id: (p.role, dict(sorted(p.connections.items()))) for p in story.session.people.values()} == {
        "C": (Role.CLIENT, {"c": False, "d": True})
    }


FACTS: dict[str, Callable[[], HostFact]] = {
    "started": lambda: MeetingStarted(**CALL, at=at(0), key="1", begun=at(0)),
    "therapist": lambda: PersonJoined(
        **CALL, at=at(1), key="2", person="T", connection="t", role=Role.THERAPIST
    ),
    "waiting": lambda: WaitingEntered(**CALL, at=at(1), key="3", person="C"),
    "client": lambda: PersonJoined(**CALL, at=at(2), key="4", person="C", connection="c", role=Role.CLIENT),
    "raised": lambda: PersonRole(**CALL, at=at(3), key="5", person="C", role=Role.THERAPIST),
    "on": lambda: RecordingStarted(**CALL, at=at(3), key="6"),
    "off": lambda: RecordingStopped(**CALL, at=at(4), key="7"),
    "on again": lambda: RecordingStarted(**CALL, at=at(5), key="8"),
    "reload": lambda: PersonJoined(**CALL, at=at(8), key="9", person="C", connection="d", role=Role.CLIENT),
    "old leave": lambda: PersonLeft(**CALL, at=at(70), key="10", person="C", connection="c"),
    "therapist left": lambda: PersonLeft(**CALL, at=at(80), key="11", person="T", connection="t"),
}


@given(st.permutations(sorted(FACTS)), st.data())
def test_hosts_facts_lead_to_the_same_call_in_any_order_and_doubled(
    order: list[str], data: st.DataObject
) -> None:
    doubled = order + data.draw(st.lists(st.sampled_from(order), max_size=8))
    ended = data.draw(st.booleans())

    assert told(order, ended=ended) == told(doubled, ended=ended) == told(list(FACTS), ended=ended)


def told(order: list[str], *, ended: bool) -> object:
    story = Story()
    facts = [FACTS[name]() for name in order]
    if ended:
        facts.append(MeetingEnded(**CALL, at=at(90), key="12", begun=at(0)))
    for fact in facts:
        story.tell(Heard(at=at(100), fact=fact))
    session = story.wait(30).session
    people = {
        p.id: (p.role, dict(sorted(p.connections.items())), p.present, p.arrived_at, p.left is None)
        for p in session.people.values()
    }
    return session.begun, session.started_at, session.ended_at, session.over, session.recording, people
