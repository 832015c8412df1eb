"""What every engine owes to ``plugin.ports.Journal`` about orders; nothing here knows which engine it is."""

import json
from datetime import timedelta

from plugin.ports import (
    Journal,
    Record,
)
from tests.journal.making import NOON, body, entry, head


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
