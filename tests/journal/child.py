"""A process that keeps a journal and says what it was told, to be killed at any moment by a test.

``python -m tests.journal.child FILE KEYS AUTOCHECKPOINT MANNER``: appends to ten sessions at once, for ever, each
append with a delivery and an order. Prints ``try SESSION POSITION`` before and ``kept SESSION POSITION`` after
each, in one write a line. The manner ``forgets`` forgets a kind now and then, ``lies`` says kept too early.
"""

import asyncio
import os
import sys
from pathlib import Path

from plugin.journal.masters import masters_from
from plugin.journal.sqlite import SqliteJournal
from tests.journal.making import entry, head, received

SESSIONS = 10


def say(word: str, session: str, position: int) -> None:
    os.write(1, f"{word} {session} {position}\n".encode())


async def live(journal: SqliteJournal, name: str, last: int, manner: str) -> None:
    session = head(name).session
    for position in range(last + 1, last + 100_000):
        said = f"{name} {position} " + "x" * (position % 7 * 200)
        made = entry(position, of=head(name), kind="call" if position % 3 else "text", said=said, orders=1)
        say("try", session, position)
        append = asyncio.ensure_future(journal.append([made], received=received(f"{session}:{position}")))
        if manner != "lies":
            await append
        say("kept", session, position)
        await append
        if manner == "forgets" and position % 20 == 0:
            await journal.forget(session, "text")


async def main(path: Path, keys: str, autocheckpoint: int, manner: str) -> None:
    journal = SqliteJournal(path, masters_from(keys), autocheckpoint=autocheckpoint)
    last = {shelf.head.session: shelf.last for shelf in await journal.shelves()}
    names = [f"session {n}" for n in range(SESSIONS)]
    await asyncio.gather(*(live(journal, name, last.get(head(name).session, 0), manner) for name in names))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]))
