"""What every engine owes to ``plugin.ports.Journal`` about forgetting; nothing here knows which engine it is."""

import asyncio
from datetime import timedelta

import pytest

from plugin.ports import (
    Erased,
    Journal,
    Record,
    SeenBefore,
)
from tests.journal.conftest import Engine
from tests.journal.making import NOON, body, entry, head, received


async def ids(journal: Journal) -> list[str]:
    return [order.order for order in await journal.owed(NOON)]


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
