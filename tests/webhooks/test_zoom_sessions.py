"""What a call becomes by Zoom's events, in the orders in which they come."""

from datetime import timedelta

import pytest

from plugin import rituals
from plugin.core.events import Heard, Ticked
from plugin.core.session import Session
from tests.webhooks.known import FIXTURES
from tests.webhooks.samples import session
from tests.webhooks.zoom_samples import KEYS
from webhooks import zoom
from webhooks.delivery import Stale
from webhooks.events import HostFact, PersonJoined, PersonLeft, WaitingEntered


def told(name: str) -> list[HostFact]:
    return [fact for line in session("zoom", name) for fact in zoom.read(line.delivery)]


def folded(facts: list[HostFact], *, until: timedelta | None = None) -> Session:
    """The session that these facts lead to, heard in this order when they happened or later."""
    state = rituals.begin("s", facts[0].at)
    for fact in facts:
        state, _ = rituals.step(state, Heard(at=max(state.now, fact.at), fact=fact))
    if until is not None:
        state, _ = rituals.step(state, Ticked(at=state.now + until))
    return state


def test_a_whole_session_is_told_in_full() -> None:
    facts = [(fact.type, getattr(fact, "person", "")) for fact in told("whole-session")]

    assert facts == [
        ("waiting_entered", "patient-17"),
        ("meeting_started", ""),
        ("waiting_left", "patient-17"),
        ("person_joined", "TherInvented0000000001"),
        ("waiting_entered", "patient-17"),
        ("waiting_left", "patient-17"),
        ("person_joined", "patient-17"),
        ("person_role", "TherInvented0000000001"),
        ("recording_started", ""),
        ("recording_stopped", ""),
        ("recording_started", ""),
        ("recording_stopped", ""),
        ("person_joined", "patient-17"),
        ("person_left", "patient-17"),
        ("person_left", "patient-17"),
        ("person_left", "TherInvented0000000001"),
        ("meeting_ended", ""),
    ]
    assert {(fact.meeting, fact.occurrence) for fact in told("whole-session")} == {
        ("84177662364", "Fk+Ana/Ben0000000001==")
    }


def test_a_late_leave_of_the_stay_before_a_reload_leaves_nobody_outside() -> None:
    facts = told("whole-session")
    late = next(n for n, fact in enumerate(facts) if isinstance(fact, PersonLeft))
    state = folded(facts[: late + 1], until=timedelta(minutes=2))

    assert state.people["patient-17"].connections == {"16780288": True, "16779264": False}
    assert state.people["patient-17"].on_call


MOVED = [n for n, fact in enumerate(told("breakout-session")) if isinstance(fact, PersonJoined | PersonLeft)][
    2:6
]


def test_moving_into_a_breakout_room_and_back_is_no_end_in_the_order_seen_of_zoom() -> None:
    """There the leave comes first, back the join does; the person and the call go on in both."""
    facts = told("breakout-session")
    there = folded(facts[: MOVED[1] + 1], until=timedelta(minutes=2))
    back = folded(facts[: MOVED[3] + 1], until=timedelta(minutes=2))

    for state, stays in ((there, 1), (back, 2)):
        ben = state.people["77777CCCiCCCCCiCiCiiCii03"]
        assert ben.on_call
        assert sorted(ben.connections.values()) == [False] * stays + [True]
        assert not state.over
        assert len(state.people) == 2


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 3, 2), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_any_order_of_a_breakout_switch_leads_to_the_same_people(order: tuple[int, ...]) -> None:
    facts = told("breakout-session")[: MOVED[3] + 1]
    moves = [facts[n] for n in MOVED]
    rest = [fact for fact in facts if fact not in moves]
    state = folded([*rest, *(moves[n] for n in order)], until=timedelta(minutes=2))

    assert state.people["77777CCCiCCCCCiCiCiiCii03"].on_call


def test_somebody_put_back_into_the_waiting_room_can_come_back_under_the_same_number() -> None:
    facts = told("breakout-session")
    put = next(n for n, fact in enumerate(facts) if isinstance(fact, WaitingEntered))
    state = folded(facts[: put + 1])

    assert state.people["77777CCCiCCCCCiCiCiiCii03"].connections["16841728"]


@pytest.mark.parametrize("name", ["whole-session", "breakout-session"])
def test_a_session_told_to_its_end_is_over_with_nobody_inside(name: str) -> None:
    state = folded(told(name))

    assert state.over
    assert not state.recording
    assert not any(person.present for person in state.people.values())


def test_a_try_again_tells_the_same_under_the_same_key() -> None:
    first, again, late = session("zoom", "odd")[:3]

    assert zoom.key(first.delivery) == zoom.key(again.delivery) == zoom.key(late.delivery)
    assert zoom.read(first.delivery) == zoom.read(again.delivery) == zoom.read(late.delivery)
    with pytest.raises(Stale):
        zoom.verify(late.delivery, KEYS, late.at + timedelta(hours=1))


def test_names_addresses_telephones_and_words_stay_behind() -> None:
    names = ("whole-session", "breakout-session", "odd")
    sent = "".join((FIXTURES / "zoom" / f"{name}.jsonl").read_text() for name in names)
    kept = "".join(fact.model_dump_json() for name in names for fact in told(name))

    for secret in (
        "Ana Example",
        "Ben Example",
        "marker",
        "203.0.113.9",
        "192.0.2.7",
        "Reason",
        "AcctInvented",
    ):
        assert secret in sent
        assert secret not in kept
