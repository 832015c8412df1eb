"""Deliveries that do not say which run of a meeting they are about, taken by the runner."""

import asyncio
from typing import Any

import pytest

from plugin.ports import SeenBefore, Unwritable
from tests.runner.conftest import House
from webhooks.events import HostFact, MeetingEnded, MeetingStarted, PersonJoined, PersonLeft, Role


async def tell(house: House, kind: Any, *, key: str | None = None, **more: Any) -> None:
    def made(**known: Any) -> HostFact:
        fact: HostFact = kind(**{**known, "occurrence": None})
        return fact

    await house.tell(made, key=key, **more)


async def test_a_hundred_at_once_make_one_session(house: House) -> None:
    joins = [tell(house, PersonJoined, person=f"p{n}", connection=f"c{n}", role=None) for n in range(100)]
    await asyncio.gather(tell(house, MeetingStarted, begun=house.clock()), *joins)

    ((head, session),) = house.runner.sessions()
    assert len(session.people) == 100
    assert head.occurrence.startswith("m@")


async def test_the_run_is_the_same_one_after_a_restart(house: House) -> None:
    await tell(house, MeetingStarted, begun=house.clock())
    await tell(house, PersonJoined, person="C", connection="c", role=Role.CLIENT)
    await house.restart()
    await tell(house, PersonJoined, person="T", connection="t", role=Role.THERAPIST)

    ((_, session),) = house.runner.sessions()
    assert sorted(session.people) == ["C", "T"]


async def test_a_delivery_that_was_kept_before_begins_nothing(house: House) -> None:
    await tell(house, PersonJoined, key="join", person="C", connection="c", role=Role.CLIENT)
    await tell(house, MeetingEnded)
    house.clock.wait(3600)
    with pytest.raises(SeenBefore):
        await tell(house, PersonJoined, key="join", person="C", connection="c", role=Role.CLIENT)

    assert [session.over for _, session in house.runner.sessions()] == [True]


async def test_the_next_run_of_a_room_is_a_session_of_its_own(house: House) -> None:
    for _ in range(2):
        await tell(house, PersonJoined, person="C", connection="c", role=Role.CLIENT)
        house.clock.wait(60)
        await tell(house, MeetingEnded)
        house.clock.wait(3600)

    assert [session.over for _, session in house.runner.sessions()] == [True, True]


async def test_what_is_older_than_a_day_is_kept_as_seen_and_tells_nothing(house: House) -> None:
    late = house.clock()
    house.clock.wait(2 * 86_400)

    def made(**known: Any) -> HostFact:
        return PersonJoined(**{**known, "occurrence": None, "at": late}, person="C", role=Role.CLIENT)

    await house.tell(made, key="late")
    assert house.runner.sessions() == []
    with pytest.raises(SeenBefore):
        await house.tell(made, key="late")


async def test_facts_that_say_their_run_and_facts_that_do_not_wait_for_each_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = house.clock()
    house.clock.wait(2 * 86_400)
    append = house.journal.append

    async def slow(entries: Any, **more: Any) -> None:
        for _ in range(50 if entries else 0):
            await house.journal.head("nobody's")
        await append(entries, **more)

    def old(**known: Any) -> HostFact:
        return PersonLeft(**{**known, "occurrence": None, "at": late}, person="C")

    async def one_after_the_other() -> None:
        await house.tell(old)
        await house.tell(PersonJoined, person="C", connection="c", role=Role.CLIENT)

    monkeypatch.setattr(house.journal, "append", slow)
    await asyncio.gather(house.tell(MeetingStarted), one_after_the_other())
    ((_, session),) = house.runner.sessions()
    assert (session.started_at, list(session.people)) == (house.clock(), ["C"])


async def test_a_straggler_of_an_erased_call_leaves_nothing_in_memory(house: House) -> None:
    await house.tell(MeetingStarted)
    ((head, _),) = house.runner.sessions()
    await house.journal.forget(head.session)
    await house.restart()
    await house.tell(MeetingEnded)

    assert house.runner.sessions() == []


async def test_runs_that_move_together_do_so_though_the_journal_fails_right_afterwards(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tell(house, MeetingStarted, begun=house.clock())
    house.clock.wait(60)

    async def failing(session: str, due: object) -> None:
        raise Unwritable

    with monkeypatch.context() as patch:
        patch.setattr(house.journal, "schedule", failing)
        await tell(house, MeetingStarted, begun=house.clock())
    await tell(house, PersonJoined, person="C", connection="c", role=Role.CLIENT)
    assert [(run.over, sorted(run.people)) for _, run in house.runner.sessions()] == [
        (True, []),
        (False, ["C"]),
    ]
