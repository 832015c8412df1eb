"""Presence and roles, by the host's word and by links."""

from itertools import permutations

import pytest

from plugin.core import people
from plugin.core.people import Person, agreed
from tests.core.story import Story, at
from webhooks.events import PersonJoined, PersonLeft, Role

CALL = {"host": "livekit", "meeting": "m", "occurrence": "o", "person": "C"}


@pytest.mark.parametrize(("one", "other", "held"), [
    (Role.CLIENT, Role.THERAPIST, Role.CLIENT), (Role.THERAPIST, Role.CLIENT, Role.CLIENT),
    (None, Role.THERAPIST, Role.THERAPIST), (Role.CLIENT, None, Role.CLIENT), (None, None, None),
    (Role.FACILITATOR, Role.THERAPIST, Role.FACILITATOR), (Role.PRACTICE, Role.CLIENT, Role.PRACTICE),
])  # fmt: skip
def test_of_two_claims_the_one_with_less_power_holds(
    one: Role | None, other: Role | None, held: Role | None
) -> None:
    assert agreed(one, other) is held


def test_where_one_connection_is_allowed_a_lost_leave_leaves_no_ghost() -> None:
    facts = [
        PersonJoined(**CALL, at=at(1), key="1", connection="first", role=Role.CLIENT, sole=True),
        PersonJoined(**CALL, at=at(60), key="2", connection="second", role=Role.CLIENT, sole=True),
        PersonLeft(**CALL, at=at(70), key="3", connection="second"),
    ]
    for order in permutations(facts):
        person = Person("C")
        for fact in order:
            person = people.told(person, fact, at(80))
        assert not person.present


def test_a_closed_tab_is_off_the_call_at_once_and_has_left_after_twenty_seconds() -> None:
    story = Story().start().unlinks("C").leaves("C", deliberate=False)
    assert not story.session.people["C"].on_call
    assert story.wait(19.9).session.people["C"].left is None
    assert story.wait(0.2).session.people["C"].left == "gone"


def test_a_link_brings_back_whoever_was_gone_but_not_whoever_pressed_leave() -> None:
    gone = Story().start().unlinks("C").leaves("C", deliberate=False).wait(30).links("C", "new")
    assert gone.session.people["C"].left is None
    left = Story().start().leaves("C").unlinks("C").wait(30).links("C", "new")
    assert left.session.people["C"].left == "deliberate"
    assert left.joins("C", "again").session.people["C"].left is None


def test_one_of_two_windows_leaving_is_not_leaving() -> None:
    story = Story().start().joins("C", "second").leaves("C")
    assert story.session.people["C"].left is None


def test_nobody_leaves_by_time_while_an_overlay_is_linked() -> None:
    story = Story().start().leaves("C", deliberate=False).wait(3600)
    assert story.session.people["C"].left is None


def test_an_empty_call_of_which_the_host_says_nothing_is_over_after_a_while() -> None:
    story = Story().start().unlinks("C").leaves("C").unlinks("T").leaves("T").wait(899)
    assert not story.session.over
    assert story.wait(2).session.over


@pytest.mark.parametrize(("seconds", "line"), [(0, "ready"), (9.9, "ready"), (10, "down")])
def test_the_therapist_is_told_when_the_line_of_the_pause_is_down(seconds: float, line: str) -> None:
    story = Story().start().unlinks("C").wait(seconds)
    assert story.cards("T")["pause-ready"]["state"] == line
