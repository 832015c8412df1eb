"""A runner over a real journal in a temporary folder, with a clock that tests move."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from plugin import rituals
from plugin.core.refusal import Refused
from plugin.journal.masters import masters_from
from plugin.journal.sqlite import SqliteJournal
from plugin.ports import Received
from plugin.runner import Runner, Visitor
from webhooks.events import HostFact, Role

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
KEYS = "a=" + b64encode(sha256(b"a key for tests").digest()).decode()


@dataclass
class Clock:
    """The wall clock of the test."""

    at: datetime = START

    def __call__(self) -> datetime:
        """What time it is."""
        return self.at

    def wait(self, seconds: float) -> None:
        """Let time go by."""
        self.at += timedelta(seconds=seconds)


@dataclass
class Screens:
    """What people were shown: the last cards of each, and everything ever shown."""

    last: dict[str, bytes] = field(default_factory=dict)
    watched: dict[str, frozenset[str]] = field(default_factory=dict)
    ever: list[tuple[str, bytes]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, session: str, person: str, cards: bytes, *, watched: frozenset[str]) -> None:
        """Remember it."""
        del session
        self.last[person] = cards
        self.watched[person] = watched
        self.ever.append((person, cards))
        self.changed.set()

    async def until(self, person: str, words: str) -> None:
        """Wait until a person is shown something."""
        async with asyncio.timeout(5):
            while words.encode() not in self.last[person]:
                self.changed.clear()
                await self.changed.wait()


def visitor(person: str, role: Role, occurrence: str | None = "o") -> Visitor:
    """A browser with a token for the test's meeting."""
    return Visitor("practice", "sandbox", "m", occurrence, person, role)


THERAPIST, CLIENT = visitor("T", Role.THERAPIST), visitor("C", Role.CLIENT)


@dataclass
class House:
    """Everything that a test of the runner needs."""

    path: Path
    clock: Clock
    screens: Screens
    journal: SqliteJournal
    runner: Runner
    owed: list[int] = field(default_factory=list)
    count: int = 0

    async def tell(self, kind: Callable[..., HostFact], *, key: str | None = None, **more: object) -> None:
        """A delivery of one fact."""
        self.count += 1
        key = key or f"k{self.count}"
        made = kind(host="sandbox", meeting="m", occurrence="o", at=self.clock(), key=key, **more)
        received = Received("practice", "sandbox", key, sha256(repr(more).encode()).digest(), self.clock())
        await self.runner.tell("practice", [made], received)

    async def ask(self, who: Visitor, kind: str, *, ask: str | None = None, **more: Any) -> str:
        """A wish; answers its id."""
        ask = ask or str(uuid4())
        document = {"v": 1, "type": "ask", "id": ask, "age_ms": 0, "kind": kind, **more}
        await self.runner.ask(who, rituals.ask_from(document), path="ws")
        return ask

    async def refused(self, who: Visitor, kind: str, **more: Any) -> str:
        """The reason for which a wish is refused."""
        with pytest.raises(Refused) as caught:
            await self.ask(who, kind, **more)
        return caught.value.reason

    async def shelved(self, session: str) -> None:
        """Wait until the alarm has put a session away."""
        for _ in range(500):
            if self.runner.state(session) is None:
                return
            await asyncio.sleep(0.01)
        pytest.fail("the session is still in memory")

    async def restart(self) -> None:
        """Close everything and begin anew over the same file."""
        await self.runner.close()
        await self.journal.close()
        self.journal = SqliteJournal(self.path, masters_from(KEYS))
        self.runner = Runner(self.journal, self.screens, now=self.clock, owed=lambda: self.owed.append(1))
        await self.runner.start()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A runner that has started."""
    clock, screens, owed = Clock(), Screens(), list[int]()
    path = tmp_path / "data" / "journal.db"
    journal = SqliteJournal(path, masters_from(KEYS))
    runner = Runner(journal, screens, now=clock, owed=lambda: owed.append(1))
    await runner.start()
    house = House(path, clock, screens, journal, runner, owed)
    yield house
    await house.runner.close()
    await house.journal.close()
