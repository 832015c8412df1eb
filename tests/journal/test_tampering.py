"""Damage is told, not served: each test changes the file behind the journal's back."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from plugin.journal.dump import dump, problems
from plugin.journal.masters import Masters
from plugin.journal.sqlite import CannotOpen, SqliteJournal
from plugin.ports import Broken, Journal, Note
from tests.journal.making import NOON, body, entry, head, received

ONE, TWO = head("one").session, head("two").session
GOOD = {
    ONE: [body(f"record {n}", orders=n == 2) for n in (1, 2, 3, 4)],
    TWO: [body(f"record {n}") for n in (1, 2, 3)],
}


async def filled(path: Path, keys: Masters) -> None:
    journal = SqliteJournal(path, keys)
    for position, kind in ((1, "call"), (2, "score"), (3, "call"), (4, "score")):
        await journal.append(
            [entry(position, kind=kind, orders=position == 2)], notes=[Note(kind, kind.encode())]
        )
    for position in (1, 2, 3):
        await journal.append([entry(position, of=head("two"))], received=received(str(position)))
    await journal.close()


def changed(path: Path, *statements: str) -> None:
    db = apsw.Connection(str(path))
    for statement in statements:
        db.execute(statement)
        assert db.changes() > 0
    db.close()


async def served(journal: Journal) -> dict[str, list[bytes | None] | str]:
    """What each session gives: its bodies, or why it is broken."""
    given: dict[str, list[bytes | None] | str] = {}
    for session in GOOD:
        try:
            given[session] = [record.body for record in await journal.read(session)]
        except Broken as error:
            given[session] = str(error)
    return given


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


def flipped(at: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]


async def outcome(path: Path, keys: Masters) -> str:
    try:
        journal = SqliteJournal(path, keys)
    except CannotOpen as error:
        return str(error)
    try:
        given = await served(journal)
    finally:
        await journal.close()
    wrong = {session: told for session, told in given.items() if told != GOOD[session]}
    assert all(isinstance(told, str) or told == [] for told in wrong.values()), wrong
    return "; ".join(str(told) for told in wrong.values())


async def test_every_flipped_byte_of_what_is_sealed_is_noticed(path: Path, keys: Masters) -> None:
    await filled(path, keys)
    db = apsw.Connection(str(path))
    sealed = [value for (value,) in db.execute("SELECT payload FROM records WHERE session = 1").fetchall()]
    db.close()
    content = path.read_bytes()
    for payload in sealed[:2]:
        assert isinstance(payload, bytes)
        start = content.index(payload)
        for at in range(start, start + len(payload), 5):
            path.write_bytes(flipped(at)(content))
            assert "session" in await outcome(path, keys)


async def told_of(path: Path, keys: Masters) -> bool:
    """Whether serving it or a check of the whole file says that something is wrong."""
    if "session" in await outcome(path, keys):
        return True
    try:
        return bool(problems(path, keys))
    except CannotOpen:
        return True


async def test_no_flipped_byte_anywhere_is_served_as_truth(path: Path, keys: Masters) -> None:
    """A flip changes nothing that is served, or it is told, at the latest by a check of the whole file."""
    await filled(path, keys)
    content = path.read_bytes()
    silent = 0
    for at in random.Random(20261123).sample(range(len(content)), 150):
        path.write_bytes(flipped(at)(content))
        if await outcome(path, keys) == "":
            silent += 1
        else:
            path.write_bytes(flipped(at)(content))
            assert await told_of(path, keys), at
    assert silent < 150


async def test_a_damaged_page_is_told_and_ends_nothing(path: Path, keys: Masters) -> None:
    await filled(path, keys)
    content = path.read_bytes()
    used = [page for page in range(1, len(content) // 4096) if any(content[page * 4096 : (page + 1) * 4096])]
    assert len(used) > 10
    for page in used:
        path.write_bytes(content[: page * 4096] + b"\xa5" * 4096 + content[(page + 1) * 4096 :])
        assert await told_of(path, keys), page


async def test_a_whole_journal_has_no_problems(path: Path, keys: Masters, tmp_path: Path) -> None:
    await filled(path, keys)
    assert problems(path, keys) == []
    copy = tmp_path / "other" / "journal.sqlite"
    copy.parent.mkdir(mode=0o700)
    shutil.copy(path, copy)
    changed(copy, "UPDATE records SET payload = NULL WHERE number = 5")
    assert problems(copy, keys) == [f"session {TWO} breaks at position 1: its payload is missing"]
    assert len(list(dump(copy, keys))) == 4 + 1 + 2
