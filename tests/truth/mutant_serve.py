"""``fermata serve`` with one defect, to show that the tests find it: it answers before the journal has committed."""

import asyncio
import sys
from collections.abc import Sequence

from plugin.__main__ import main
from plugin.journal.appending import Append
from plugin.journal.sqlite import SqliteJournal
from plugin.ports import Entry, Note, Received

LATE = 0.1
"""Seconds from the answer to the commit."""


async def append(
    self: SqliteJournal,
    entries: Sequence[Entry],
    *,
    received: Received | None = None,
    notes: Sequence[Note] = (),
) -> None:
    """Answer at once, and write later."""

    def write() -> None:
        self._writer.submit(Append(entries, received, notes)).add_done_callback(lambda done: done.exception())

    asyncio.get_running_loop().call_later(LATE, write)


if __name__ == "__main__":
    SqliteJournal.append = append  # type: ignore[method-assign]  # the defect
    sys.exit(main(["serve"]))
