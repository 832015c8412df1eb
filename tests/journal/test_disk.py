"""A disk that is full: nothing is called kept that is not, and it goes on when there is space again."""

import asyncio
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from plugin.journal.dump import problems
from plugin.journal.masters import masters_from
from plugin.journal.sqlite import SqliteJournal
from plugin.ports import SeenBefore, Unwritable
from tests.journal.making import entry, head, received, secret

ROOT = Path(__file__).parents[2]


async def told(journal: SqliteJournal, name: str, position: int) -> str:
    """What an append was answered."""
    made = entry(position, of=head(name), said="x" * 700, orders=1)
    try:
        await journal.append([made], received=received(f"{name}:{position}"))
    except Unwritable:
        return "unwritable"
    return "kept"


def limit(size: int) -> None:
    """No file of this process may grow beyond this, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


async def main(path: Path, keys: str, autocheckpoint: int) -> None:
    """The child's life: fill the disk side by side and one by one, be refused, get space, go on."""
    journal = SqliteJournal(path, masters_from(keys), autocheckpoint=autocheckpoint)
    limit(400_000)
    last = {f"s{n}": 0 for n in range(8)}
    for at_once in (8, 1):
        for group in [list(last)[n : n + at_once] for n in range(0, 8, at_once)]:
            answers = ["kept"]
            while set(answers) == {"kept"}:
                answers = await asyncio.gather(*(told(journal, name, last[name] + 1) for name in group))
                last |= {
                    name: last[name] + 1 for name, said in zip(group, answers, strict=True) if said == "kept"
                }
    refused = [await told(journal, name, position + 1) for name, position in last.items()]
    limit(resource.RLIM_INFINITY)
    after = [await told(journal, name, position + 1) for name, position in last.items()]
    print(json.dumps([last, refused, after]))
    await journal.close()


async def check(path: Path, autocheckpoint: int) -> None:
    keys = f"a={secret()}"
    command = [sys.executable, "-m", "tests.journal.test_disk", str(path), keys, str(autocheckpoint)]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=60
    )
    kept, refused, after = json.loads(done.stdout)
    assert refused == ["unwritable"] * 8
    assert after == ["kept"] * 8
    journal = SqliteJournal(path, masters_from(keys))
    for name, last in kept.items():
        assert len(await journal.read(head(name).session)) == last + 1 > 5
        with pytest.raises(SeenBefore):
            await journal.append([], received=received(f"{name}:{last + 1}"))
    assert len(await journal.outstanding()) == sum(kept.values()) + 8
    await journal.close()
    assert problems(path, masters_from(keys)) == []


async def test_a_log_that_cannot_grow_refuses_and_recovers(path: Path) -> None:
    await check(path, 1_000)


async def test_a_file_that_cannot_grow_refuses_and_recovers(path: Path) -> None:
    await check(path, 4)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
