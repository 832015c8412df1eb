"""A journal's process is killed again and again: what it called kept is there, and nothing is half there."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from plugin.journal.dump import problems
from plugin.journal.masters import masters_from
from plugin.journal.sqlite import SqliteJournal
from plugin.ports import SeenBefore
from tests.journal.child import SESSIONS
from tests.journal.making import NOON, head, received, secret

ROOT = Path(__file__).parents[2]
NAMES = {head(f"session {n}").session: f"session {n}" for n in range(SESSIONS)}


@contextmanager
def living(path: Path, keys: str, autocheckpoint: int, manner: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.journal.child", str(path), keys, str(autocheckpoint), manner]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
        try:
            yield child
        finally:
            child.kill()


def killed_after(child: subprocess.Popen[bytes], word: str, lines: int) -> list[str]:
    """Kill right after the nth line that begins with a word was read; answers all that was said."""
    assert child.stdout is not None
    said = []
    while lines:
        line = child.stdout.readline().decode()
        assert line, "the child ended by itself"
        said.append(line)
        lines -= line.startswith(word)
    os.kill(child.pid, signal.SIGKILL)
    said += child.stdout.read().decode().splitlines(keepends=True)
    assert child.wait() == -signal.SIGKILL
    return [line.strip() for line in said if line.endswith("\n")]


def last_of(said: list[str], word: str) -> dict[str, int]:
    return {session: int(position) for first, session, position in map(str.split, said) if first == word}


async def check(path: Path, keys: str, said: list[str], before: dict[str, int]) -> tuple[dict[str, int], int]:
    """Compare what is there with what was said; answers the last positions and how many were kept unsaid."""
    kept, tried = before | last_of(said, "kept"), before | last_of(said, "try")
    journal = SqliteJournal(path, masters_from(keys))
    there = {}
    for session in NAMES:
        records = await journal.read(session)
        there[session] = len(records)
        assert kept.get(session, 0) <= len(records) <= tried.get(session, 0)
    for session, last in there.items():
        for position in {last} - {0}:
            with pytest.raises(SeenBefore):
                await journal.append([], received=received(f"{session}:{position}"))
        await journal.append([], received=received(f"new to {session}:{last}"))
    await journal.close()
    assert problems(path, masters_from(keys)) == []
    return there, sum(there[session] - kept.get(session, 0) for session in NAMES)


ROUNDS = [
    *[("kept", 1_000, "plain")] * 8,  # in the middle of ordinary work, within a millisecond of an answer
    *[("try", 1_000, "plain")] * 8,  # within a millisecond of a request
    *[("kept", 4, "plain")] * 8,  # a checkpoint at nearly every commit, so most of these hit one
    *[("try", 4, "forgets")] * 8,  # and the log cut to nothing in between
]


@pytest.mark.timeout(600)  # it starts 32 processes, and the machine may be busy
async def test_thirty_two_kills_lose_nothing_that_was_kept(path: Path) -> None:
    dice = random.Random(7)
    keys = f"a={secret()}"
    there: dict[str, int] = {}
    unsaid = 0
    for word, autocheckpoint, manner in ROUNDS:
        with living(path, keys, autocheckpoint, manner) as child:
            said = await asyncio.to_thread(killed_after, child, word, dice.randint(1, 400))
        there, more = await check(path, keys, said, there)
        unsaid += more
    assert sum(there.values()) > 32 * 50
    assert unsaid > 0  # or the kills came too late to prove anything
    db = apsw.Connection(str(path))
    assert db.execute("SELECT count(*) FROM orders WHERE due_at > 0").get == 0
    assert db.execute("SELECT count(*) FROM records WHERE payload IS NULL").get > 0
    db.close()


async def test_orders_are_owed_for_exactly_the_records_that_are_there(path: Path) -> None:
    keys = f"a={secret()}"
    with living(path, keys, 4, "plain") as child:
        await asyncio.to_thread(killed_after, child, "try", 300)
    journal = SqliteJournal(path, masters_from(keys))
    records = {
        f"{session}:{record.position}:0" for session in NAMES for record in await journal.read(session)
    }
    assert records == {order.order for order in await journal.owed(NOON, limit=10_000)}
    await journal.close()


async def test_one_kill_finds_out_who_answers_before_the_commit(path: Path) -> None:
    keys = f"a={secret()}"
    with living(path, keys, 1_000, "lies") as child:
        said = await asyncio.to_thread(killed_after, child, "kept", 1)
    with pytest.raises(AssertionError):
        await check(path, keys, said, {})
