"""Damage is told, not served: each test changes the file behind the journal's back."""

import shutil
from pathlib import Path

import apsw
import pytest

from plugin.journal.dump import dump, problems
from plugin.journal.masters import Masters
from plugin.journal.sqlite import SqliteJournal
from plugin.ports import Broken
from tests.journal.filling import GOOD, ONE, TWO, changed, filled, served
from tests.journal.making import NOON, entry, head


@pytest.mark.parametrize(
    ("statements", "position", "says"),
    [
        (["UPDATE records SET payload = zeroblob(80) WHERE number = 2"], 2, "not the one that was kept"),
        (["UPDATE records SET digest = zeroblob(32) WHERE number = 2"], 2, "chain"),
        (["UPDATE records SET link = zeroblob(32) WHERE number = 2"], 2, "chain"),
        (["UPDATE records SET kind = 'call' WHERE number = 2"], 2, "chain"),
        (["UPDATE records SET payload = NULL WHERE number = 2"], 2, "payload is missing"),
        (["UPDATE records SET key = 99 WHERE number = 2"], 2, "key is missing"),
        (["DELETE FROM keys WHERE number = 3"], 2, "key is missing"),
        (["UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE number = 2) WHERE number = 3"], 2, "open"),
        (["UPDATE keys SET wrapped = zeroblob(61) WHERE number = 3"], 2, "known format"),
        (["DELETE FROM records WHERE number = 1"], 1, "chain"),
        (["DELETE FROM records WHERE number = 3"], 3, "chain"),
        (["DELETE FROM records WHERE number = 4"], 4, "end is missing"),
        (["UPDATE sessions SET last = 3, tip = (SELECT link FROM records WHERE number = 3) WHERE number = 1",
          "UPDATE records SET position = 7 WHERE number = 4"], 4, "chain"),
        (["UPDATE records SET position = 9 WHERE number = 2", "UPDATE records SET position = 2 WHERE number = 3",
          "UPDATE records SET position = 3 WHERE number = 2"], 2, "chain"),
        (["UPDATE sessions SET tip = zeroblob(32) WHERE number = 1"], 5, "end is missing"),
    ],
)  # fmt: skip
async def test_a_changed_row_breaks_its_session_at_its_position(
    path: Path, keys: Masters, statements: list[str], position: int, says: str
) -> None:
    await filled(path, keys)
    changed(path, *statements)
    journal = SqliteJournal(path, keys)
    given = await served(journal)
    assert given[TWO] == GOOD[TWO]
    broken = given[ONE]
    assert isinstance(broken, str)
    assert broken.startswith(f"session {ONE} breaks at position {position}: ")
    assert says in broken
    await journal.append([entry(4, of=head("two"))])
    await journal.close()


SWAP = """
UPDATE records SET (payload, digest) =
    (SELECT payload, digest FROM records AS other WHERE other.number = 6 - records.number) WHERE number IN ({})
"""


@pytest.mark.parametrize(("pair", "what"), [((1, 5), "sessions"), ((1, 3), "positions"), ((1, 2), "kinds")])
async def test_swapped_payloads_do_not_open_even_with_a_mended_chain(
    path: Path, keys: Masters, pair: tuple[int, int], what: str
) -> None:
    await filled(path, keys)
    db = apsw.Connection(str(path))
    values = {n: db.execute("SELECT payload, digest FROM records WHERE number = ?", (n,)).get for n in pair}
    for n, other in (pair, pair[::-1]):
        db.execute("UPDATE records SET payload = ?, digest = ? WHERE number = ?", (*values[other], n))
    mend(db)
    db.close()
    journal = SqliteJournal(path, keys)
    given = await served(journal)
    assert "does not open this value here" in str(given[ONE]), what
    assert (what == "sessions") == ("does not open this value here" in str(given[TWO]))
    await journal.close()


def mend(db: apsw.Connection) -> None:
    """Link every session anew, as somebody would who can write the file but has no key."""
    from plugin.journal import chain

    for number, session in db.execute("SELECT number, session FROM sessions").fetchall():
        link = chain.origin(str(session))
        rows = db.execute(
            "SELECT number, position, kind, digest FROM records WHERE session = ?", (number,)
        ).fetchall()
        for record, position, kind, digest in sorted(rows, key=lambda row: int(str(row[1]))):
            assert isinstance(digest, bytes)
            link = chain.link(link, int(str(position)), str(kind), digest)
            db.execute("UPDATE records SET link = ? WHERE number = ?", (link, record))
        db.execute("UPDATE sessions SET tip = ? WHERE number = ?", (link, number))


async def test_mending_the_chain_alone_changes_nothing(path: Path, keys: Masters) -> None:
    await filled(path, keys)
    db = apsw.Connection(str(path))
    mend(db)
    db.close()
    journal = SqliteJournal(path, keys)
    assert await served(journal) == GOOD
    await journal.close()


async def test_a_head_moved_to_another_session_leaves_that_one_out_and_says_so(
    path: Path, keys: Masters
) -> None:
    await filled(path, keys)
    changed(path, "UPDATE sessions SET head = (SELECT head FROM sessions WHERE number = 2) WHERE number = 1")
    journal = SqliteJournal(path, keys)
    assert [shelf.head for shelf in await journal.shelves()] == [head("two")]
    rows = [row async for row in journal.dump()]
    assert [row["broken"] for row in rows if row["session"] == ONE] == [
        f"session {ONE}: its head does not open"
    ]
    await journal.close()


async def test_a_note_moved_to_another_key_does_not_open(path: Path, keys: Masters) -> None:
    await filled(path, keys)
    changed(path, "UPDATE notes SET body = (SELECT max(body) FROM notes)")
    journal = SqliteJournal(path, keys)
    outcomes = []
    for key in ("call", "score"):
        try:
            outcomes.append(await journal.recall(key) == key.encode())
        except Broken:
            outcomes.append(False)
    assert sorted(outcomes) == [False, True]
    await journal.close()


async def test_an_order_that_cannot_be_read_is_shown_as_null_and_can_be_parked(
    path: Path, keys: Masters
) -> None:
    await filled(path, keys)
    changed(path, "UPDATE records SET payload = zeroblob(80) WHERE number = 2")
    journal = SqliteJournal(path, keys)
    (owed,) = await journal.owed(NOON)
    assert owed.body == b"null"
    await journal.park(owed.order, reason="unreadable")
    assert await journal.owed(NOON) == []
    await journal.close()


async def test_an_append_to_a_session_whose_keys_do_not_open_is_refused_alone(
    path: Path, keys: Masters
) -> None:
    await filled(path, keys)
    changed(path, "UPDATE keys SET wrapped = zeroblob(61) WHERE session = 1")
    journal = SqliteJournal(path, keys)
    with pytest.raises(Broken, match=ONE):
        await journal.append([entry(5)])
    await journal.append([entry(4, of=head("two"))])
    await journal.close()


async def test_a_whole_journal_has_no_problems(path: Path, keys: Masters, tmp_path: Path) -> None:
    await filled(path, keys)
    assert problems(path, keys) == []
    copy = tmp_path / "other" / "journal.sqlite"
    copy.parent.mkdir(mode=0o700)
    shutil.copy(path, copy)
    changed(copy, "UPDATE records SET payload = NULL WHERE number = 5")
    assert problems(copy, keys) == [f"session {TWO} breaks at position 1: its payload is missing"]
    assert len(list(dump(copy, keys))) == 4 + 1 + 2
