"""What every engine owes to ``plugin.ports.Journal`` about records, deliveries and notes."""

import asyncio
import json
from datetime import timedelta

import pytest

from plugin.ports import (
    Conflict,
    Contradiction,
    Entry,
    Journal,
    Note,
    SeenBefore,
    Shelf,
    Unwritable,
)
from tests.journal.conftest import Engine
from tests.journal.making import NOON, body, entry, head, received


async def ids(journal: Journal) -> list[str]:
    return [order.order for order in await journal.owed(NOON)]


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
