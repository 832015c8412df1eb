"""Bytes of the file change by chance: it is told, not served."""

import random
from collections.abc import Callable
from pathlib import Path

import apsw

from plugin.journal.dump import problems
from plugin.journal.masters import Masters
from plugin.journal.sqlite import CannotOpen, SqliteJournal
from tests.journal.filling import GOOD, filled, served


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
