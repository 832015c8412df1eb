"""A small journal of two sessions, and what it serves after somebody changed its file."""

from pathlib import Path

import apsw

from plugin.journal.masters import Masters
from plugin.journal.sqlite import SqliteJournal
from plugin.ports import Broken, Journal, Note
from tests.journal.making import body, entry, head, received

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
