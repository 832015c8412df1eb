"""Any history, told to the journal and to the obviously right one, ends the same; reopened at any point too."""

import asyncio
import tempfile
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.journal.masters import Masters
from plugin.journal.sqlite import SqliteJournal
from plugin.ports import Conflict, Contradiction, Entry, Note, SeenBefore
from tests.journal.making import NOON, entry, head, masters, received
from tests.journal.model import Model

Move = tuple[str, tuple[Any, ...]]
KEYS: Masters = masters()
REFUSED = (SeenBefore, Contradiction, Conflict)

names = st.sampled_from(["a", "b", "c"])
sessions = names.map(lambda name: head(name).session)
kinds = st.sampled_from(["call", "pause", "text"])
moments = st.integers(-3, 3).map(lambda hours: NOON + timedelta(hours=hours))
order_ids = st.builds(
    lambda session, position, item: f"{session}:{position}:{item}",
    sessions,
    st.integers(1, 4),
    st.integers(0, 1),
)
deliveries = st.none() | st.builds(
    lambda key, told, at: received(key, told, at=at), st.sampled_from("xyz"), st.sampled_from("pq"), moments
)
notes = st.lists(st.builds(Note, st.sampled_from("mn"), st.binary(max_size=9)), max_size=2)
wanted = st.lists(
    st.tuples(names, st.sampled_from([0, 0, 0, 0, 1, -1]), kinds, st.text(max_size=5), st.integers(0, 2)),
    max_size=3,
)
moves: st.SearchStrategy[Move] = st.one_of(
    st.tuples(st.just("append"), st.tuples(wanted, deliveries, notes)),
    st.tuples(st.just("append"), st.tuples(wanted, st.none(), st.just([]))),
    st.tuples(st.just("shelve"), st.tuples(sessions)),
    st.tuples(st.just("settle"), st.tuples(order_ids)),
    st.tuples(st.just("postpone"), st.tuples(order_ids, moments, st.sampled_from(["http_503"]))),
    st.tuples(st.just("park"), st.tuples(order_ids, st.sampled_from(["http_422"]))),
    st.tuples(st.just("retry"), st.tuples(moments, st.none() | order_ids)),
    st.tuples(st.just("forget"), st.tuples(sessions, st.none() | kinds)),
    st.tuples(st.just("prune"), st.tuples(moments)),
    st.tuples(st.just("schedule"), st.tuples(sessions, st.dictionaries(kinds, moments))),
)
"""Moves told at once, in one breath, so that they share a transaction; then perhaps a new start."""
breaths = st.tuples(st.lists(moves, min_size=1, max_size=6), st.booleans())


def entries_of(wanted: list[tuple[str, int, str, str, int]], model: Model) -> list[Entry]:
    """Entries at the position that is next as far as the model knows, or beside it."""
    last = {head(name).session: len(model.records.get(head(name).session, [])) for name in "abc"}
    made: list[Entry] = []
    for name, beside, kind, said, orders in wanted:
        last[head(name).session] += 1
        made.append(
            entry(last[head(name).session] + beside, of=head(name), kind=kind, said=said, orders=orders)
        )
    return made


def called(journal: SqliteJournal, move: str, told: tuple[Any, ...]) -> Coroutine[Any, Any, object]:
    """The move as a call of the journal."""
    keywords = {"append": ("received", "notes"), "postpone": ("due_at", "reason"), "park": ("reason",)}
    named = keywords.get(move, ())
    plain = told[: len(told) - len(named)]
    answer: Coroutine[Any, Any, object] = getattr(journal, move)(
        *plain, **dict(zip(named, told[len(plain) :], strict=True))
    )
    return answer


async def same_answers(journal: SqliteJournal, model: Model, told: list[Move]) -> None:
    waiting: list[asyncio.Future[object]] = []
    expected: list[object] = []
    for move, drawn in told:
        arguments = (entries_of(drawn[0], model), *drawn[1:]) if move == "append" else drawn
        waiting.append(asyncio.ensure_future(called(journal, move, arguments)))
        await asyncio.sleep(0)
        try:
            expected.append(getattr(model, move)(*arguments))
        except REFUSED as refused:
            expected.append(type(refused))
    given = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) if isinstance(answer, BaseException) else answer for answer in given] == expected


async def same_state(journal: SqliteJournal, model: Model) -> None:
    assert await journal.shelves() == model.shelves()
    assert await journal.shelves(include_shelved=False) == [s for s in model.shelves() if not s.shelved]
    for name in "abc":
        session = head(name).session
        assert await journal.read(session) == model.records.get(session, [])
        mine = [owed for order, owed in model.orders.items() if order.startswith(session)]
        assert await journal.outstanding(session) == mine
    assert await journal.outstanding() == list(model.orders.values())
    waiting = [owed for owed in model.orders.values() if not owed.parked]
    assert await journal.owed(NOON) == [owed for owed in waiting if owed.due_at <= NOON]
    assert await journal.next_due() == min((owed.due_at for owed in waiting), default=None)
    assert {key: await journal.recall(key) for key in "mn"} == {key: model.notes.get(key) for key in "mn"}
    assert set(await journal.expired(NOON)) == model.expired(NOON)


async def lived(history: list[tuple[list[Move], bool]], path: Path) -> None:
    journal, model = SqliteJournal(path, KEYS), Model()
    for told, reopened in history:
        await same_answers(journal, model, told)
        await same_state(journal, model)
        if reopened:
            await journal.close()
            journal = SqliteJournal(path, KEYS)
            await same_state(journal, model)
    await journal.close()


@settings(max_examples=150, deadline=None)
@given(st.lists(breaths, min_size=1, max_size=8))
def test_any_history_ends_as_in_the_model(history: list[tuple[list[Move], bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(lived(history, Path(folder) / "kept" / "journal.sqlite"))
