"""A process to be killed: creates numbered tasks and prints each number once it is told that it was kept."""

import asyncio
import sys
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from plugin.sandbox.record import Store, writes
from plugin.sandbox.record.json_value import Resource
from plugin.sandbox.record.query import condition
from tests.sandbox.record import samples


async def write(path: Path, first: int) -> None:
    store = Store(path)
    for number in count(first):
        task: Resource = {**samples.task(f"n{number}"), "description": f"n{number}"}
        unless = condition("Task", f"identifier=n{number}")
        await store.run(partial(writes.create, resource=task, unless=unless, at=datetime.now(UTC)))
        print(number, flush=True)


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2])))
