"""The performer between a real journal and a record that misbehaves."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from plugin.attempt import LONGEST, span
from plugin.core.orders import Result, SaveResult
from plugin.journal.sqlite import SqliteJournal
from plugin.performer import LANES, Performer
from plugin.ports import Entry, Head, Owed, Results
from tests.journal.making import head, masters
from tests.results import samples
from tests.results.faults import fails, status
from tests.results.record_server import serving
from tests.results.recorded import Clock, RecordServer
from tests.results.saving import results


@dataclass(slots=True)
class Desk:
    """A journal, a record, a performer between them, and what the performer told."""

    journal: SqliteJournal
    record: RecordServer
    results: dict[tuple[str, str], Results | None] = field(default_factory=dict)
    told: asyncio.Queue[tuple[str, str, str]] = field(default_factory=asyncio.Queue)
    history: list[tuple[str, str, str]] = field(default_factory=list)
    written: dict[str, int] = field(default_factory=dict)

    def now(self) -> datetime:
        return samples.AT + timedelta(seconds=self.record.clock() - 1000)

    def performer(self, jitter: Callable[[], float] = lambda: 1.0) -> Performer:
        return Performer(
            self.journal,
            lambda tenant, host: self.results[tenant, host],
            now=self.now,
            observe=lambda *what: self.told.put_nowait(what),
            jitter=jitter,
        )

    async def owe(self, *owed: Result, of: Head | None = None) -> None:
        orders = ",".join(SaveResult(result=result).model_dump_json() for result in owed)
        await self.owe_raw(orders, len(owed), of=of)

    async def owe_raw(self, orders: str, count: int, *, of: Head | None = None) -> None:
        of = of or head()
        position = self.written[of.session] = self.written.get(of.session, 0) + 1
        body = f'{{"event":{{}},"orders":[{orders}]}}'.encode()
        await self.journal.append([Entry(of, position, "call", body, count)])

    async def hear(self) -> tuple[str, str, str]:
        self.history.append(await self.told.get())
        return self.history[-1]

    async def hear_until_quiet(self, performer: Performer) -> None:
        """Listen until nothing is owed but what is parked, moving the clock past every delay."""
        while [owed for owed in await self.journal.outstanding() if not owed.parked]:
            event, _code, _order = await self.hear()
            if event in {"postponed", "trouble"}:
                self.record.clock.seconds += LONGEST.total_seconds()
                performer.nudge()

    async def only_owed(self) -> Owed:
        (owed,) = await self.journal.outstanding()
        return owed


@asynccontextmanager
async def running(performer: Performer) -> AsyncIterator[Performer]:
    async with asyncio.TaskGroup() as group:
        group.create_task(performer.run())
        try:
            yield performer
        finally:
            await performer.drain(5)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    record = RecordServer(Clock())
    journal = SqliteJournal(tmp_path / "kept" / "journal.sqlite", masters())
    async with serving(record), results(record) as kept:
        desk = Desk(journal, record)
        desk.results["practice", "sandbox"] = kept
        yield desk
    await journal.close()


async def test_what_is_owed_is_stored_once_and_settled(desk: Desk) -> None:
    await desk.owe(samples.consent())
    performer = desk.performer()
    async with running(performer):
        await desk.hear_until_quiet(performer)
        await desk.owe(samples.pulse(), samples.counted())
        await desk.owe(samples.pause(), of=head("two"))
        performer.nudge()
        await desk.hear_until_quiet(performer)
    assert sorted(one["resourceType"] for one in desk.record.resources) == [
        "Consent",
        "Observation",
        "QuestionnaireResponse",
        "QuestionnaireResponse",
    ]
    assert {event for event, _, _ in desk.history} == {"saved"}


async def test_a_record_that_is_down_for_a_while_gets_everything_once(desk: Desk) -> None:
    desk.record.create_faults.extend([status(503), fails("cut after writing"), status(500), status(429)] * 3)
    desk.record.token_faults.extend([status(500), status(400)])
    for name in ("one", "two", "three"):
        await desk.owe(samples.consent(), samples.pulse(), samples.pause(), of=head(name))
    performer = desk.performer()
    async with running(performer):
        await desk.hear_until_quiet(performer)
    assert [len(desk.record.of(kind)) for kind in ("Consent", "QuestionnaireResponse", "Observation")] == [
        3
    ] * 3
    assert await desk.journal.outstanding() == []


async def test_nothing_of_a_session_overtakes_what_was_journaled_before_it(desk: Desk) -> None:
    desk.record.create_faults.extend([status(503), status(503)])
    await desk.owe(samples.consent())
    performer = desk.performer()
    async with running(performer):
        assert (await desk.hear())[:2] == ("postponed", "http_503")
        await desk.owe(samples.pulse(), samples.pause())
        performer.nudge()
        assert [(await desk.hear())[1] for _ in range(2)] == ["behind", "behind"]
        assert desk.record.resources == []
        desk.record.clock.seconds += LONGEST.total_seconds()
        performer.nudge()
        await desk.hear_until_quiet(performer)
    stored = [one["resourceType"] for one in desk.record.resources]
    assert stored == ["Consent", "QuestionnaireResponse", "Observation"]


async def test_sessions_go_side_by_side_and_not_too_many(desk: Desk) -> None:
    sessions = [head(f"session {n}") for n in range(LANES + 2)]
    desk.record.create_faults.extend([fails("slow")] * len(sessions))
    for one in sessions:
        await desk.owe(samples.pulse(), samples.pause(), of=one)
    performer = desk.performer()
    async with running(performer):
        for _ in range(LANES):
            await desk.record.arrivals.get()
        performer.nudge()
        assert len(await desk.journal.outstanding()) == 2 * len(sessions)
        desk.record.released.set()
        await desk.hear_until_quiet(performer)
    assert desk.record.most_writing == LANES
    assert len(desk.record.resources) == 2 * len(sessions)


async def test_what_the_host_will_never_take_is_parked_and_holds_up_nothing(desk: Desk) -> None:
    desk.record.create_faults.append(status(422))
    await desk.owe(samples.consent(), samples.pulse())
    performer = desk.performer()
    async with running(performer):
        await desk.hear_until_quiet(performer)
        parked = await desk.only_owed()
        assert (parked.parked, parked.reason) == (True, "http_422")
        assert len(desk.record.of("QuestionnaireResponse")) == 1
        assert await performer.retry(parked.order) == 1
        await desk.hear_until_quiet(performer)
    assert len(desk.record.of("Consent")) == 1
    assert await desk.journal.outstanding() == []


async def test_a_host_that_says_when_is_asked_then(desk: Desk) -> None:
    desk.record.create_faults.append(status(429, after="900"))
    await desk.owe(samples.pulse())
    async with running(desk.performer()):
        assert (await desk.hear())[:2] == ("postponed", "http_429")
        assert (await desk.only_owed()).due_at == desk.now() + timedelta(seconds=900)


async def test_each_failure_waits_longer_up_to_a_limit(desk: Desk) -> None:
    desk.record.create_faults.extend([status(500)] * 12)
    await desk.owe(samples.pulse())
    waits: list[float] = []
    performer = desk.performer()
    async with running(performer):
        for _ in range(12):
            await desk.hear()
            waits.append(((await desk.only_owed()).due_at - desk.now()).total_seconds())
            desk.record.clock.seconds += waits[-1]
            performer.nudge()
        await desk.hear_until_quiet(performer)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]
    assert span(10**6) == LONGEST


async def test_a_delay_is_a_random_part_of_its_span_and_never_nothing(desk: Desk) -> None:
    desk.record.create_faults.extend([status(500), status(500)])
    await desk.owe(samples.pulse(), of=head("one"))
    throws = iter([0.25, 0.0])
    performer = desk.performer(jitter=lambda: next(throws))
    async with running(performer):
        await desk.hear()
        assert (await desk.only_owed()).due_at == desk.now() + timedelta(seconds=0.5)
        desk.record.clock.seconds += 1
        performer.nudge()
        await desk.hear()
        assert (await desk.only_owed()).due_at == desk.now() + timedelta(seconds=0.25)


async def test_a_drain_finishes_what_is_due(desk: Desk) -> None:
    for n in range(6):
        await desk.owe(samples.pulse(), samples.pause(), of=head(f"session {n}"))
    performer = desk.performer()
    async with asyncio.TaskGroup() as group:
        group.create_task(performer.run())
        await desk.record.arrivals.get()
        assert await performer.drain(30)
    assert len(desk.record.resources) == 12
    assert await desk.journal.outstanding() == []


async def test_a_drain_leaves_owed_what_a_hanging_host_keeps_open(desk: Desk) -> None:
    desk.record.create_faults.append(fails("slow after writing"))
    await desk.owe(samples.consent(), samples.pulse())
    performer = desk.performer()
    async with asyncio.TaskGroup() as group:
        group.create_task(performer.run())
        await desk.record.arrivals.get()
        assert not await performer.drain(0.05)
    assert len(await desk.journal.outstanding()) == 2
    desk.record.released.set()
    successor = desk.performer()
    async with running(successor):
        await desk.hear_until_quiet(successor)
    assert len(desk.record.of("Consent")) == len(desk.record.of("QuestionnaireResponse")) == 1


async def test_a_performer_that_never_ran_is_drained_at_once(desk: Desk) -> None:
    await desk.owe(samples.pulse())
    assert await desk.performer().drain(0)
    assert len(await desk.journal.outstanding()) == 1


async def test_each_tenant_has_a_record_of_its_own(desk: Desk) -> None:
    other = RecordServer(Clock())
    async with serving(other), results(other) as kept:
        desk.results["elsewhere", "sandbox"] = kept
        await desk.owe(samples.pulse())
        await desk.owe(samples.consent(), of=head("two", tenant="elsewhere"))
        performer = desk.performer()
        async with running(performer):
            await desk.hear_until_quiet(performer)
    assert [one["resourceType"] for one in desk.record.resources] == ["QuestionnaireResponse"]
    assert [one["resourceType"] for one in other.resources] == ["Consent"]


async def test_an_order_that_cannot_be_read_or_has_no_record_is_shown_to_an_operator(desk: Desk) -> None:
    desk.results["elsewhere", "sandbox"] = None
    await desk.owe_raw('{"type":"save_result","result":{"type":"of tomorrow"}}', 1)
    await desk.owe(samples.pulse(), of=head("two", tenant="elsewhere"))
    performer = desk.performer()
    async with running(performer):
        await desk.hear_until_quiet(performer)
    assert {owed.reason for owed in await desk.journal.outstanding()} == {"unreadable", "no_record"}


class Defective:
    """A record adapter with a mistake in it."""

    async def save(self, order: str, result: Result) -> None:
        raise KeyError(f"Ana said in {order}: {result}")

    async def close(self) -> None:
        """Have nothing to release."""


async def test_a_defect_parks_one_order_and_says_only_its_class(desk: Desk) -> None:
    desk.results["elsewhere", "sandbox"] = Defective()
    await desk.owe(samples.pulse(), of=head("two", tenant="elsewhere"))
    await desk.owe(samples.pause())
    performer = desk.performer()
    async with running(performer):
        await desk.hear_until_quiet(performer)
    assert (await desk.only_owed()).reason == "KeyError"
    assert len(desk.record.of("Observation")) == 1
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", code) for _, code, _ in desk.history)


async def test_trouble_of_our_own_ends_no_lane_but_its_own_and_is_tried_again(desk: Desk) -> None:
    troubled = iter([True])

    def results_for(tenant: str, host: str) -> Results | None:
        if tenant == "elsewhere" and next(troubled, False):
            raise OSError("the key file is gone")
        return desk.results["practice", host]

    performer = Performer(
        desk.journal, results_for, now=desk.now, observe=lambda *what: desk.told.put_nowait(what)
    )
    await desk.owe(samples.pulse(), of=head("two", tenant="elsewhere"))
    await desk.owe(samples.pause())
    async with running(performer):
        await desk.hear_until_quiet(performer)
    assert ("trouble", "OSError", head("two").session) in desk.history
    assert len(desk.record.resources) == 2


async def test_a_journal_that_cannot_be_read_is_waited_for(desk: Desk) -> None:
    performer = desk.performer()
    await desk.journal.close()
    async with running(performer):
        assert (await desk.hear())[0] == "trouble"
