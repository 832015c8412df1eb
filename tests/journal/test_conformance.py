"""What every engine owes to ``plugin.ports.Journal``; nothing here knows which engine it is."""

import asyncio
import json
from datetime import timedelta

import pytest

from plugin.ports import (
    Conflict,
    Contradiction,
    Entry,
    Erased,
    Journal,
    Note,
    Record,
    SeenBefore,
    Shelf,
    Unwritable,
)
from tests.journal.conftest import Engine
from tests.journal.making import NOON, body, entry, head, received


async def ids(journal: Journal) -> list[str]:
    return [order.order for order in await journal.owed(NOON)]


async def test_what_is_appended_is_read_back_in_order(journal: Journal) -> None:
    await journal.append([entry(1, kind="call"), entry(2, kind="pause", said="stop ⏸")])
    await journal.append([entry(3, kind="text")])
    assert await journal.read(head().session) == [
        Record(1, "call", body("record 1")),
        Record(2, "pause", body("stop ⏸")),
        Record(3, "text", body("record 3")),
    ]


async def test_a_session_nobody_knows_has_no_records(journal: Journal) -> None:
    assert await journal.read(head("never").session) == []


async def test_what_was_appended_is_there_after_opening_again(engine: Engine) -> None:
    first = engine()
    await first.append([entry(1, orders=1)], received=received("d1"), notes=[Note("k", b"n")])
    await first.close()
    second = engine()
    assert [record.body for record in await second.read(head().session)] == [body("record 1", orders=1)]
    assert await second.recall("k") == b"n"
    assert await ids(second) == [f"{head().session}:1:0"]
    await second.append([entry(2)])
    with pytest.raises(SeenBefore):
        await second.append([entry(3)], received=received("d1"))
    await second.close()


@pytest.mark.parametrize("position", [0, 1, 3, -1])
async def test_only_the_next_position_is_taken(journal: Journal, position: int) -> None:
    await journal.append([entry(1)])
    with pytest.raises(Conflict):
        await journal.append([entry(position)])
    assert len(await journal.read(head().session)) == 1


async def test_a_refused_append_leaves_nothing(journal: Journal) -> None:
    with pytest.raises(Conflict):
        await journal.append(
            [entry(1, orders=1), entry(1, of=head("two")), entry(3)],
            received=received("d1"),
            notes=[Note("k", b"n")],
        )
    assert await journal.shelves() == []
    assert await journal.recall("k") is None
    assert await journal.outstanding() == []
    await journal.append([entry(1)], received=received("d1"))


async def test_one_append_may_touch_several_sessions(journal: Journal) -> None:
    await journal.append([entry(1), entry(1, of=head("two")), entry(2)])
    assert [shelf.last for shelf in await journal.shelves()] == [2, 1]


async def test_of_many_writers_of_one_position_exactly_one_wins(journal: Journal) -> None:
    tries = [journal.append([entry(1, said=f"writer {n}")]) for n in range(20)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 19
    (record,) = await journal.read(head().session)
    assert record.body == body(f"writer {outcomes.index(None)}")


async def test_a_conflict_spoils_nothing_for_the_others(journal: Journal) -> None:
    tries = [
        journal.append([entry(1, of=head(str(n))), entry(2 + n % 2, of=head(str(n)))]) for n in range(20)
    ]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert [outcome is None for outcome in outcomes] == [n % 2 == 0 for n in range(20)]
    assert {shelf.head for shelf in await journal.shelves()} == {head(str(n)) for n in range(0, 20, 2)}


async def test_a_delivery_is_kept_once(journal: Journal) -> None:
    await journal.append([entry(1)], received=received("d1"))
    with pytest.raises(SeenBefore):
        await journal.append([entry(2)], received=received("d1"))
    with pytest.raises(Contradiction):
        await journal.append([entry(2)], received=received("d1", "another body"))
    await journal.append([entry(2)], received=received("d1", tenant="another practice"))
    assert len(await journal.read(head().session)) == 2


async def test_being_seen_before_comes_before_a_conflict(journal: Journal) -> None:
    await journal.append([entry(1)], received=received("d1"))
    with pytest.raises(SeenBefore):
        await journal.append([entry(1)], received=received("d1"))


async def test_a_delivery_without_entries_is_remembered(journal: Journal) -> None:
    await journal.append([], received=received("nothing in it"))
    with pytest.raises(SeenBefore):
        await journal.append([], received=received("nothing in it"))


async def test_of_one_delivery_sent_many_times_at_once_one_is_kept(journal: Journal) -> None:
    tries = [journal.append([entry(1)], received=received("d1")) for _ in range(50)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert outcomes.count(None) == 1
    assert sum(type(outcome) is SeenBefore for outcome in outcomes) == 49


async def test_pruned_deliveries_are_new_again(journal: Journal) -> None:
    await journal.append([], received=received("old", at=NOON - timedelta(days=8)))
    await journal.append([], received=received("young", at=NOON))
    assert await journal.prune(NOON - timedelta(days=7)) == 1
    await journal.append([], received=received("old"))
    with pytest.raises(SeenBefore):
        await journal.append([], received=received("young"))


async def test_the_latest_note_is_recalled(journal: Journal) -> None:
    assert await journal.recall("consent of somebody") is None
    await journal.append([entry(1)], notes=[Note("consent of somebody", b"yes"), Note("other", b"x")])
    await journal.append([entry(2)], notes=[Note("consent of somebody", b"no")])
    assert await journal.recall("consent of somebody") == b"no"
    assert await journal.recall("other") == b"x"


async def test_sessions_are_listed_oldest_first(journal: Journal) -> None:
    for name in ("c", "a", "b"):
        await journal.append([entry(1, of=head(name))])
    await journal.append([entry(2, of=head("a"))])
    assert await journal.shelves() == [
        Shelf(head("c"), 1, False),
        Shelf(head("a"), 2, False),
        Shelf(head("b"), 1, False),
    ]


async def test_a_start_can_leave_out_what_is_shelved_until_something_comes(journal: Journal) -> None:
    await journal.append([entry(1), entry(1, of=head("two"))])
    await journal.shelve(head().session)
    assert [shelf.head for shelf in await journal.shelves(include_shelved=False)] == [head("two")]
    assert [shelf.shelved for shelf in await journal.shelves()] == [True, False]
    await journal.append([entry(2)])
    assert len(await journal.shelves(include_shelved=False)) == 2


async def test_long_lists_come_whole(journal: Journal) -> None:
    await asyncio.gather(*(journal.append([entry(1, of=head(str(n)), orders=1)]) for n in range(450)))
    assert len({shelf.head.session for shelf in await journal.shelves()}) == 450
    assert len({order.order for order in await journal.outstanding()}) == 450
    assert len(await journal.owed(NOON)) == 100
    assert len(await journal.owed(NOON, limit=7)) == 7


async def test_an_order_is_owed_at_once_and_with_its_own_words(journal: Journal) -> None:
    await journal.append([entry(1), entry(2, said="größer", orders=2)])
    owed = await journal.owed(NOON)
    assert [order.order for order in owed] == [f"{head().session}:2:0", f"{head().session}:2:1"]
    assert [json.loads(order.body) for order in owed] == json.loads(body("größer", orders=2))["orders"]
    assert all(not order.parked and order.attempts == 0 and order.reason is None for order in owed)
    due = await journal.next_due()
    assert due is not None
    assert due <= NOON


async def test_orders_come_in_the_journals_order(journal: Journal) -> None:
    for name in ("b", "a"):
        await journal.append([entry(1, of=head(name), orders=1)])
    await journal.append([entry(2, of=head("b"), orders=1)])
    b, a = head("b").session, head("a").session
    assert await ids(journal) == [f"{b}:1:0", f"{a}:1:0", f"{b}:2:0"]


async def test_a_settled_order_is_owed_no_more(journal: Journal) -> None:
    await journal.append([entry(1, orders=2)])
    await journal.settle(f"{head().session}:1:0")
    await journal.settle(f"{head().session}:1:0")
    assert [order.order for order in await journal.outstanding()] == [f"{head().session}:1:1"]


async def test_a_postponed_order_waits_and_counts(journal: Journal) -> None:
    await journal.append([entry(1, orders=1)])
    order = f"{head().session}:1:0"
    later = NOON + timedelta(seconds=30, microseconds=7)
    await journal.postpone(order, due_at=later, reason="http_503")
    assert await journal.owed(later - timedelta(microseconds=1)) == []
    assert await journal.next_due() == later
    (owed,) = await journal.owed(later)
    assert (owed.attempts, owed.due_at, owed.parked, owed.reason) == (1, later, False, "http_503")


async def test_a_parked_order_waits_for_an_operator(journal: Journal) -> None:
    await journal.append([entry(1, orders=2)])
    first, second = f"{head().session}:1:0", f"{head().session}:1:1"
    await journal.park(first, reason="http_422")
    assert await ids(journal) == [second]
    assert [(order.parked, order.reason) for order in await journal.outstanding()] == [
        (True, "http_422"),
        (False, None),
    ]
    await journal.settle(second)
    assert await journal.next_due() is None
    assert await journal.retry(NOON) == 1
    assert await journal.next_due() == NOON
    assert await ids(journal) == [first]
    assert await journal.retry(NOON) == 0


async def test_one_order_can_be_retried_by_its_id(journal: Journal) -> None:
    await journal.append([entry(1, orders=2)])
    first, second = f"{head().session}:1:0", f"{head().session}:1:1"
    await journal.park(first, reason="a")
    await journal.park(second, reason="b")
    assert await journal.retry(NOON, second) == 1
    assert await ids(journal) == [second]
    assert await journal.retry(NOON, f"{head('never').session}:1:0") == 0


async def test_outstanding_orders_of_one_session(journal: Journal) -> None:
    await journal.append([entry(1, orders=1), entry(1, of=head("two"), orders=1)])
    assert [order.order for order in await journal.outstanding(head("two").session)] == [
        f"{head('two').session}:1:0"
    ]


async def test_a_forgotten_kind_keeps_its_place_and_loses_its_words(journal: Journal) -> None:
    await journal.append([entry(1), entry(2, kind="checkin", orders=1), entry(3, kind="score", orders=1)])
    await journal.forget(head().session, "checkin")
    assert await journal.read(head().session) == [
        Record(1, "call", body("record 1")),
        Record(2, "checkin", None),
        Record(3, "score", body("record 3", orders=1)),
    ]
    assert await ids(journal) == [f"{head().session}:3:0"]


async def test_a_kind_can_come_again_after_it_was_forgotten(journal: Journal) -> None:
    await journal.append([entry(1, kind="pause")])
    await journal.forget(head().session, "pause")
    await journal.append([entry(2, kind="pause")])
    assert [record.body for record in await journal.read(head().session)] == [None, body("record 2")]


async def test_forgetting_and_appending_in_one_breath_keeps_both_right(journal: Journal) -> None:
    await journal.append([entry(1, kind="pause")])
    await asyncio.gather(
        journal.append([entry(2, kind="pause")]),
        journal.forget(head().session, "pause"),
        journal.append([entry(3, kind="pause")]),
        journal.append([entry(4)]),
    )
    bodies = [record.body for record in await journal.read(head().session)]
    assert bodies == [None, None, body("record 3"), body("record 4")]


async def test_an_erased_session_is_gone_and_stays_gone(journal: Journal, engine: Engine) -> None:
    await journal.append([entry(1, orders=1)], received=received("d1"))
    await journal.append([entry(1, of=head("two"))])
    await journal.forget(head().session)
    await journal.forget(head().session)
    assert await journal.read(head().session) == []
    assert await journal.outstanding() == []
    assert [shelf.head for shelf in await journal.shelves()] == [head("two")]
    with pytest.raises(Erased):
        await journal.append([entry(1)], received=received("late"))
    with pytest.raises(SeenBefore):
        await journal.append([], received=received("d1"))
    await journal.close()
    again = engine()
    with pytest.raises(Erased):
        await again.append([entry(1)])
    await again.close()


async def test_forgetting_what_is_not_there_changes_nothing(journal: Journal) -> None:
    await journal.append([entry(1)])
    await journal.forget(head("never").session)
    await journal.forget(head().session, "score")
    await journal.append([entry(1, of=head("never"))])
    assert [record.body for record in await journal.read(head().session)] == [body("record 1")]


async def test_a_dump_holds_every_record_and_every_note(journal: Journal) -> None:
    await journal.append([entry(1, orders=1), entry(2, kind="text")], notes=[Note("k", b'{"said": "yes"}')])
    await journal.forget(head().session, "text")
    rows = [row async for row in journal.dump()]
    assert [(row["position"], row["kind"], row["meeting"]) for row in rows] == [
        (1, "call", "meeting-one"),
        (2, "text", "meeting-one"),
        (None, "note", None),
    ]
    assert [row["body"] for row in rows] == [json.loads(body("record 1", orders=1)), None, {"said": "yes"}]


async def test_what_waits_is_written_before_it_closes(engine: Engine) -> None:
    journal = engine()
    waiting = [asyncio.ensure_future(journal.append([entry(1, of=head(str(n)))])) for n in range(50)]
    await asyncio.sleep(0)
    await journal.close()
    await asyncio.gather(*waiting)
    again = engine()
    assert len(await again.shelves()) == 50
    await again.close()


async def test_a_closed_journal_takes_and_tells_nothing(engine: Engine) -> None:
    journal = engine()
    await journal.close()
    await journal.close()
    with pytest.raises(Unwritable):
        await journal.append([entry(1)])
    with pytest.raises(Unwritable):
        await journal.read(head().session)


async def test_an_entry_of_no_known_kind_is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="kind"):
        await journal.append([entry(1, kind="head")])
    await journal.append([entry(1)])


async def test_a_session_never_changes_its_tenant(journal: Journal) -> None:
    await journal.append([entry(1)])
    with pytest.raises(ValueError, match="tenant"):
        await journal.append([Entry(head(tenant="another"), 2, "call", body(), 0)])


async def test_an_append_that_nobody_waits_for_any_more_is_kept_or_not_but_whole(journal: Journal) -> None:
    waiting = asyncio.ensure_future(journal.append([entry(1), entry(2)]))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await journal.append([entry(1, of=head("two"))])
    assert len(await journal.read(head().session)) in {0, 2}


async def test_a_class_expires_when_its_time_is_over(journal: Journal) -> None:
    await journal.append([entry(1), entry(1, of=head("two"))])
    later = NOON + timedelta(days=30)
    await journal.schedule(head().session, {"checkin": later, "call": later + timedelta(days=1)})
    await journal.schedule(head("two").session, {"pause": NOON})
    assert await journal.expired(later - timedelta(microseconds=1)) == [(head("two").session, "pause")]
    assert await journal.expired(later) == [(head("two").session, "pause"), (head().session, "checkin")]


async def test_a_new_schedule_replaces_the_one_before(journal: Journal) -> None:
    await journal.append([entry(1)])
    await journal.schedule(head().session, {"checkin": NOON, "call": NOON})
    await journal.schedule(head().session, {"call": NOON + timedelta(days=1)})
    assert await journal.expired(NOON) == []
    await journal.schedule(head("never").session, {"call": NOON})
    assert await journal.expired(NOON) == []


async def test_a_class_does_not_expire_while_it_owes_an_order(journal: Journal) -> None:
    await journal.append([entry(1, kind="score", orders=1), entry(2, kind="text")])
    await journal.schedule(head().session, {"score": NOON, "text": NOON})
    await journal.park(f"{head().session}:1:0", reason="http_422")
    assert await journal.expired(NOON) == [(head().session, "text")]
    await journal.settle(f"{head().session}:1:0")
    assert await journal.expired(NOON) == [(head().session, "score"), (head().session, "text")]


async def test_what_was_forgotten_does_not_expire_again(journal: Journal) -> None:
    await journal.append([entry(1), entry(2, kind="text"), entry(1, of=head("two"))])
    await journal.schedule(head().session, {"call": NOON, "text": NOON})
    await journal.schedule(head("two").session, {"call": NOON})
    await journal.forget(head().session, "text")
    await journal.forget(head("two").session)
    assert await journal.expired(NOON) == [(head().session, "call")]
