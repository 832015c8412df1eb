"""Which run of a meeting a fact is about, for hosts whose deliveries do not say."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin import rituals
from plugin.core.events import Heard, Ticked
from plugin.core.runs import Run, placed
from plugin.core.session import Session
from tests.core.story import at
from webhooks.events import (
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PeoplePresent,
    PersonJoined,
    PersonLeft,
    RecordingStopped,
    Role,
    WaitingEntered,
    WaitingLeft,
)

CALL = {"host": "h", "meeting": "m"}


class Meeting:
    """All runs of one meeting, as they are told."""

    def __init__(self) -> None:
        self.runs: dict[str, Session] = {}
        self.dropped = 0

    def tell(self, fact: HostFact, *, now: float = 0.0) -> "Meeting":
        moment = max(at(now), fact.at)
        found = placed(fact, [Run(name, session) for name, session in self.runs.items()], moment)
        self.dropped += not found
        for each in found:
            name = str(each.occurrence)
            session = self.runs.get(name) or rituals.begin(name, moment)
            self.runs[name], _ = rituals.step(session, Heard(at=moment, fact=each))
        return self

    def present(self) -> list[list[str]]:
        """Who is inside, run by run in the order of their beginnings."""
        runs = sorted(self.runs.values(), key=lambda run: run.begun or run.started_at or run.now)
        return [sorted(p.id for p in run.people.values() if p.present) for run in runs]

    def told(self) -> list[tuple[object, ...]]:
        """What is known of each run, without the names that we gave them."""
        rows: list[tuple[object, ...]] = [
            (
                run.started_at and run.started_at.isoformat(),
                run.begun and run.begun.isoformat(),
                run.ended_at and run.ended_at.isoformat(),
                sorted((p.id, sorted(p.connections.items())) for p in run.people.values()),
            )
            for run in self.runs.values()
        ]
        return sorted(rows, key=str)


def started(seconds: float, **more: object) -> MeetingStarted:
    return MeetingStarted(**CALL, at=at(seconds), key=f"s{seconds}", **more)


def ended(seconds: float, **more: object) -> MeetingEnded:
    return MeetingEnded(**CALL, at=at(seconds), key=f"e{seconds}", **more)


def joined(person: str, seconds: float, connection: str = "") -> PersonJoined:
    name = connection or f"{person}{seconds}"
    role = Role.CLIENT if person == "C" else Role.THERAPIST
    known = {"person": person, "connection": name, "role": role}
    return PersonJoined(**CALL, at=at(seconds), key=f"j{name}", **known)


def left(person: str, seconds: float, connection: str) -> PersonLeft:
    return PersonLeft(**CALL, at=at(seconds), key=f"l{connection}", person=person, connection=connection)


def test_a_person_before_the_beginning_and_one_after_it_are_in_one_run() -> None:
    meeting = Meeting().tell(joined("T", 1)).tell(started(0, begun=at(0))).tell(joined("C", 2))

    assert meeting.present() == [["C", "T"]]
    assert [run.begun for run in meeting.runs.values()] == [at(0)]


def test_after_the_end_a_join_begins_the_next_run_and_a_late_leave_does_not() -> None:
    meeting = Meeting().tell(started(0, begun=at(0))).tell(joined("C", 1, "c")).tell(ended(60, begun=at(0)))
    meeting.tell(left("C", 90, "c"))
    assert len(meeting.runs) == 1
    meeting.tell(joined("C", 3600))
    assert meeting.present() == [[], ["C"]]


def test_a_room_made_anew_ends_the_run_whose_end_was_lost() -> None:
    meeting = Meeting().tell(started(0, begun=at(0))).tell(joined("C", 1)).tell(started(300, begun=at(300)))

    assert meeting.present() == [[], []]
    first, second = meeting.runs.values()
    assert (first.ended_at, first.over, second.over) == (at(300), True, False)


def test_who_was_the_first_of_the_new_room_is_taken_along_into_it() -> None:
    meeting = Meeting().tell(started(0, begun=at(0))).tell(joined("T", 1)).tell(joined("C", 300))
    meeting.tell(started(300, begun=at(300)))

    assert meeting.present() == [[], ["C"]]
    assert list(meeting.runs.values())[1].people["C"].role is Role.CLIENT


def test_whom_a_list_left_out_since_is_not_taken_along() -> None:
    meeting = Meeting().tell(started(0, begun=at(0))).tell(joined("T", 1)).tell(joined("C", 300))
    meeting.tell(PeoplePresent(**CALL, at=at(340), key="list"), now=340)
    meeting.tell(started(300, begun=at(300)), now=350)

    assert meeting.present() == [[], []]


def test_a_host_that_has_no_word_for_a_beginning_gets_one_run_after_another() -> None:
    meeting = Meeting()
    for day in (0.0, 86_400.0):
        meeting.tell(joined("T", day)).tell(started(day + 1)).tell(joined("C", day + 2)).tell(ended(day + 60))

    assert [len(people) for people in meeting.present()] == [0, 0]
    assert [run.started_at for run in meeting.runs.values()] == [at(0), at(86_400)]


def test_a_second_beginning_of_a_host_with_many_nodes_is_the_same_run() -> None:
    meeting = Meeting().tell(started(0)).tell(joined("T", 1)).tell(started(120)).tell(joined("C", 121))

    assert meeting.present() == [["C", "T"]]


def test_what_is_days_old_and_fits_no_run_is_dropped() -> None:
    meeting = Meeting().tell(joined("C", 0), now=86_401)
    assert (meeting.runs, meeting.dropped) == ({}, 1)
    meeting.tell(joined("C", 100_000)).tell(left("C", 50_000, "old"))
    assert (len(meeting.runs), meeting.dropped) == (1, 2)


def test_a_list_never_begins_a_run() -> None:
    assert Meeting().tell(PeoplePresent(**CALL, at=at(0), key="l")).runs == {}


@pytest.mark.parametrize("kind", [RecordingStopped, WaitingEntered, WaitingLeft])
def test_only_what_happens_in_a_call_begins_a_run(kind: type[HostFact]) -> None:
    meeting = Meeting().tell(joined("C", 0)).tell(ended(60))
    who = {} if kind is RecordingStopped else {"person": "C"}
    meeting.tell(kind(**CALL, at=at(60 + 900), key="late", **who))

    assert len(meeting.runs) == 1


def test_a_run_that_was_over_is_not_taken_for_one_that_begins_later() -> None:
    meeting = Meeting().tell(left("C", 0, "c"))
    (name,) = meeting.runs
    meeting.runs[name], _ = rituals.step(meeting.runs[name], Ticked(at=at(20_000)))
    assert meeting.runs[name].over
    meeting.tell(started(30_000, begun=at(30_000))).tell(joined("C", 30_001))

    assert [(run.over, run.begun) for run in meeting.runs.values()] == [(True, None), (False, at(30_000))]


def test_who_comes_after_all_had_left_is_not_lost_in_a_run_that_time_has_ended_since() -> None:
    meeting = Meeting().tell(joined("C", 0, "c")).tell(left("C", 60, "c"))
    (name,) = meeting.runs
    for moment in (80, 2000):
        meeting.runs[name], _ = rituals.step(meeting.runs[name], Ticked(at=at(moment)))
    assert meeting.runs[name].over
    meeting.tell(joined("T", 30, "t"), now=2001).tell(joined("C", 1200), now=2001)

    assert [sorted(run.people) for run in meeting.runs.values()] == [["C", "T"], ["C"]]
    assert [run.over for run in meeting.runs.values()] == [True, False]


def test_two_runs_in_one_second_have_two_names() -> None:
    meeting = Meeting().tell(joined("C", 0, "a")).tell(ended(0))
    meeting.tell(joined("C", 0, "b"))

    assert len(meeting.runs) == 2


RUN: dict[str, Callable[[float], HostFact]] = {
    "started": lambda day: started(day, begun=at(day)),
    "T": lambda day: joined("T", day + 1),
    "C": lambda day: joined("C", day + 4),
    "C left": lambda day: left("C", day + 90, f"C{day + 4}"),
    "C again": lambda day: joined("C", day + 40),
    "T left": lambda day: left("T", day + 99, f"T{day + 1}"),
    "ended": lambda day: ended(day + 100, begun=at(day)),
}


@given(st.lists(st.permutations(sorted(RUN)), min_size=1, max_size=3), st.data())
def test_each_run_is_told_the_same_in_any_order_of_its_facts_and_doubled(
    orders: list[list[str]], data: st.DataObject
) -> None:
    shuffled, plain = Meeting(), Meeting()
    for number, order in enumerate(orders):
        day = number * 10_000.0
        doubled = order + data.draw(st.lists(st.sampled_from(order), max_size=5))
        for name in doubled:
            shuffled.tell(RUN[name](day), now=day + 200)
        for make in RUN.values():
            plain.tell(make(day), now=day + 200)

    assert shuffled.told() == plain.told()


@given(st.permutations([name for name in sorted(RUN) if name not in {"started", "ended"}]), st.booleans())
def test_without_any_word_of_its_beginning_and_end_a_run_is_one_run(order: list[str], marked: bool) -> None:
    meeting = Meeting()
    for name in order:
        meeting.tell(RUN[name](0.0), now=200)
    if marked:
        meeting.tell(started(0), now=200).tell(ended(100), now=200)

    assert len(meeting.runs) == 1
    assert meeting.present() == [[]] if marked else len(meeting.present()[0]) == 1


@given(st.permutations(["start", "T", "C", "end"]))
def test_hosts_that_name_no_run_are_told_the_same_in_any_order(order: list[str]) -> None:
    facts: dict[str, HostFact] = {
        "start": started(0),
        "T": joined("T", 1),
        "C": joined("C", 30),
        "end": ended(100),
    }
    meeting, plain = Meeting(), Meeting()
    for name in order:
        meeting.tell(facts[name], now=200)
    for fact in facts.values():
        plain.tell(fact, now=200)

    assert meeting.told() == plain.told()
    assert all(run.over for run in meeting.runs.values())
