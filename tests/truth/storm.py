"""Many calls at once, full of pauses, on a service that is killed again and again; and the three ledgers of it.

A press is made by a page's button or by a party on the wire, and ends after it has reached the therapist's screen:
then it is resumed or withdrawn, and the next one is made. After each kill, while nothing runs, the journal is copied;
whatever was called accepted by then must be in the copy.
"""

import asyncio
import math
import random
import shutil
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from uuid import uuid4

from tests.house import House
from tests.truth.child import Child
from tests.truth.ledger import Ledger, Untrue, kept
from tests.truth.party import Frame, Party, on_the_wire

SOON = 0.05
"""Seconds between a press and a kill that counts as right after it."""

Again = Callable[[], Awaitable[None]]


@dataclass
class Storm:
    """One service and its calls."""

    child: Child
    kills: int
    pauses: int
    """How many will be pressed in all."""
    ready: asyncio.Barrier
    """For every call once its people are there, and for the rage."""
    ledger: Ledger = field(default_factory=Ledger)
    houses: list[House] = field(default_factory=list)
    again: list[Again] = field(default_factory=list)
    """Called after each new start."""
    round: float = -1
    over: asyncio.Event = field(default_factory=asyncio.Event)
    soon: int = 0
    _pressed_at: float = 0.0
    _dice: random.Random = field(default_factory=lambda: random.Random(4))
    _checks: list[asyncio.Task[None]] = field(default_factory=list)

    async def begin(self, name: str) -> House:
        """A call that the host has opened, with both people in it; each client is asked for consent once."""
        house = self.child.call(name)
        await house.begin((f"pat-{name}", "client"), (f"pra-{name}", "therapist"))
        self.houses.append(house)
        return house

    async def end(self) -> None:
        """The host ends every call."""
        for house in self.houses:
            house.clock.now = datetime.now(UTC)
            await house.end()

    def press(self, pause: str) -> None:
        """Note a press that is being made now."""
        self._pressed_at = monotonic()
        self.ledger.pressed(pause)

    async def turn(self, share: float) -> None:
        """Wait until this share of all kills is done, so that presses are spread over them."""
        await self.ledger.until(lambda: self.round >= share * self.kills)

    async def rage(self) -> None:
        """Kill and start again and again; raises ``Untrue``."""
        await self.ready.wait()
        before: set[str] = set()
        for count in range(self.kills):
            await self._accepted(before)
            await self._moment(count)
            waited = monotonic() - self._pressed_at
            await self.child.kill()
            self.soon += waited <= SOON
            before = set(self.ledger.ended)
            self._look(count)
            await self.child.start()
            await asyncio.gather(*(each() for each in self.again))
            for check in [check for check in self._checks if check.done()]:
                check.result()
        await asyncio.gather(*self._checks)
        self.round = math.inf
        self.ledger.wake()
        self.over.set()

    async def _accepted(self, before: set[str]) -> None:
        """Wait for what was on its way at the last kill, so that nobody is starved."""
        await self.ledger.until(lambda: before <= self.ledger.accepted)

    async def _moment(self, count: int) -> None:
        """Let the next ones press; mostly right after that, while it is kept and answered, now and then later."""
        ended = self.ledger.ended
        known, self.round = len(ended), count
        self.ledger.wake()
        if count % 4 == 3:
            await asyncio.sleep(self._dice.uniform(0, 0.3))
            return
        await self.ledger.until(lambda: known < len(ended) or known >= self.pauses)
        await asyncio.sleep(self._dice.choice((0.0, 0.002, 0.005, 0.01, 0.03)))

    def _look(self, count: int) -> None:
        """Copy what the dead process has left, and compare in the background."""
        copy = self.child.data.parent / f"{self.child.data.name}-{count}"
        copy.mkdir(mode=0o700)
        for file in self.child.data.glob("journal.db*"):
            shutil.copy(file, copy)
        accepted = set(self.ledger.accepted)
        self._checks.append(asyncio.create_task(asyncio.to_thread(self._compare, copy, accepted)))

    def _compare(self, copy: Path, accepted: set[str]) -> None:
        lost = accepted - kept(self.child.bodies(copy / "journal.db")).keys()
        shutil.rmtree(copy)
        if lost:
            raise Untrue(f"called accepted and not kept: {sorted(lost)}")


def seeing(ledger: Ledger, call: str) -> Callable[[list[Frame]], None]:
    """Writes a therapist's screens into the ledger."""

    def shown(cards: list[Frame]) -> None:
        notices = {card["pause"]: card["stage"] for card in cards if card["card"] == "pause-notice"}
        ledger.screen(call, notices)

    return shown


async def agree(client: Party) -> None:
    """The client's yes, so that the record keeps their pauses."""
    assert await client.ask("consent.answer", choice="save", therapist=True, practice=False) == "ok"


async def call_on_the_wire(storm: Storm, name: str, pauses: int, *, offset: float) -> None:
    """One call without a browser; ``offset`` is a part of the time between two of its presses."""
    house = await storm.begin(name)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(on_the_wire(house, f"pat-{name}", "client"))
        shown = seeing(storm.ledger, name)
        therapist = await stack.enter_async_context(on_the_wire(house, f"pra-{name}", "therapist", shown))
        storm.again += [client.hurry, therapist.hurry]
        await agree(client)
        await storm.ready.wait()
        for count in range(pauses):
            await storm.turn((count + offset) / pauses)
            await _pause(storm, client, therapist, count)


async def _pause(storm: Storm, client: Party, therapist: Party, count: int) -> None:
    ledger, pause = storm.ledger, str(uuid4())
    storm.press(pause)
    if (refused := await client.ask("pause.press", id=pause)) != "ok":
        raise Untrue(f"{pause} was refused: {refused}")
    ledger.told(pause)
    await ledger.until(lambda: pause in ledger.appeared)
    if count % 3 == 0:
        await therapist.ask("pause.see", pause=pause)
    if count % 4 == 0 and await client.ask("pause.withdraw", pause=pause) == "ok":
        ledger.told(pause, "withdrawn")
    elif (refused := await client.ask("pause.resume", pause=pause, choice="go_on")) == "ok":
        ledger.told(pause, "resumed")
    else:
        raise Untrue(f"{pause} could not be resumed: {refused}")
