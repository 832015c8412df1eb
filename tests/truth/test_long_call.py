"""Ninety-five minutes on a moved clock, with a kill at minute seventy: the pause works to the end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from tests.browser.journeys.demo import eventually
from tests.house import House
from tests.truth.child import Child, serving
from tests.truth.party import Frame, Party, card, on_the_wire


class Call:
    """A child whose clock the test moves, and the host's side of a call in it."""

    def __init__(self, child: Child, ahead: Path) -> None:
        self.child = child
        self._ahead = ahead
        self.house: House = child.call()

    def minute(self, minutes: int) -> None:
        """Move the clocks of the service and of the host to this minute of the call."""
        whole = self._ahead.with_suffix(".new")
        whole.write_text(str(minutes * 60))
        whole.rename(self._ahead)
        self.house.clock.now = datetime.now(UTC) + timedelta(minutes=minutes)


@asynccontextmanager
async def calling(folder: Path) -> AsyncIterator[Call]:
    ahead = folder / "ahead"
    ahead.write_text("0")
    async with serving(folder / "data", module=("tests.truth.clocked_serve", str(ahead))) as child:
        call = Call(child, ahead)
        await call.house.begin()
        yield call


def says(key: str) -> Callable[[list[Frame]], bool]:
    """Whether a client's screen says this of the pause."""
    return lambda cards: (card(cards, "pause-sheet") or {}).get("says") == key


async def ready(client: Party, therapist: Party) -> None:
    """Wait until both sides see that the pause can be used."""
    await client.until(lambda cards: (card(cards, "pause-button") or {}).get("state") == "ready")
    await therapist.until(lambda cards: (card(cards, "pause-ready") or {}).get("state") == "ready")


async def test_ninety_five_minutes_with_a_kill_in_between(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(180),
        calling(tmp_path) as call,
        on_the_wire(call.house, "pat-1", "client") as client,
        on_the_wire(call.house, "pra-1", "therapist") as therapist,
    ):
        await ready(client, therapist)
        first = client.token
        call.minute(4)
        await eventually(lambda: client.token != first)  # renewed over the open link, with the next ping
        renewed = client.token
        call.minute(70)
        await call.child.kill()
        for person in (client, therapist):
            await person.until(lambda cards: not cards)
        await call.child.start()
        assert (await call.house.exchange(client.vouched))[0] == 401
        await ready(client, therapist)
        assert client.token not in (first, renewed)
        call.minute(95)
        pause = str(uuid4())
        assert await client.ask("pause.press", id=pause) == "ok"
        await client.until(says("delivered"))
        assert await therapist.ask("pause.see", pause=pause) == "ok"
        await client.until(says("seen"))
        assert (await call.house.exchange(client.vouched))[0] == 401
