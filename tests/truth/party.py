"""One end of the wire without a browser, that keeps the rules of one: it comes back, and asks until it is answered.

A press goes over the socket, and by ``POST`` at once where the socket is not provably alive, else after a second.
Only an answer with the same id counts. Whoever shows screens says what it has painted.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import uuid4

import aiohttp
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.house import House

Frame = dict[str, Any]
ALIVE = 2.0
GRACE = 1.0
NO_TOKEN = 4401
FIRST_WAIT, LONGEST_WAIT = 0.25, 5.0
BROKEN = (OSError, TimeoutError, WebSocketException)


@dataclass(eq=False)
class Wish:
    """An ask that is not answered yet."""

    frame: Frame
    answer: "asyncio.Future[str]"
    made: float = field(default_factory=monotonic)

    def aged(self) -> Frame:
        """The ask as it is sent now."""
        return {**self.frame, "age_ms": round((monotonic() - self.made) * 1000)}


@dataclass(eq=False)
class Party:
    """A person on the wire. ``shown`` is called with the cards of every screen before it counts as painted."""

    house: House
    person: str
    role: str
    shown: Callable[[list[Frame]], None] = lambda _cards: None
    vouched: str = ""
    """The host's token, as it was when the page was loaded."""
    token: str = ""
    cards: list[Frame] = field(default_factory=list)
    """The present screen; empty without a connection."""
    _wishes: dict[str, Wish] = field(default_factory=dict)
    _socket: ClientConnection | None = None
    _heard: float = 0.0
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, kind: str, *, id: str | None = None, **fields: object) -> str:
        """Ask until it is answered; ``ok`` or the reason of the refusal."""
        ask = id or str(uuid4())
        frame = {"v": 1, "type": "ask", "id": ask, "kind": kind, **fields}
        wish = Wish(frame, asyncio.get_running_loop().create_future())
        self._wishes[ask] = wish
        posting = asyncio.create_task(self._post(wish, trusted=await self._send(wish)))
        try:
            return await wish.answer
        finally:
            posting.cancel()
            del self._wishes[ask]

    async def until(self, fits: Callable[[list[Frame]], bool]) -> list[Frame]:
        """Wait until the present screen fits."""
        while not fits(self.cards):
            self._moved.clear()
            await self._moved.wait()
        return self.cards

    async def hurry(self) -> None:
        """There is a network again: do not wait for the next try."""
        self._hurry.set()

    async def live(self) -> None:
        """Hold a connection, and come back whenever it breaks, until cancelled."""
        tries = 0
        while True:
            with suppress(*BROKEN, aiohttp.ClientError):
                await self._renew() if not self.token else None
                async with await self.house.socket(open_timeout=3, close_timeout=1) as socket:
                    tries = 0
                    with suppress(ConnectionClosed):
                        await self._talk(socket)
                if socket.close_code == NO_TOKEN:
                    await self._renew()
            self._socket, self.cards = None, []
            self._moved.set()
            self._hurry.clear()
            with suppress(TimeoutError):
                wait = random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2**tries))
                await asyncio.wait_for(self._hurry.wait(), wait)
            tries += 1

    async def _talk(self, socket: ClientConnection) -> None:
        await socket.send(json.dumps({"v": 1, "type": "hello", "token": self.token, "visible": True}))
        async for text in socket:
            if self._socket is None:
                self._socket = socket
                for wish in list(self._wishes.values()):
                    await socket.send(json.dumps(wish.aged()))
            self._heard = monotonic()
            await self._take(socket, json.loads(text))

    async def _take(self, socket: ClientConnection, frame: Frame) -> None:
        match frame["type"]:
            case "screen":
                self.shown(frame["cards"])
                self.cards = frame["cards"]
                self._moved.set()
                painted = {"v": 1, "type": "painted", "revision": frame["revision"]}
                await socket.send(json.dumps(painted))
            case "ping":
                await socket.send(json.dumps({"v": 1, "type": "pong", "visible": True}))
            case "token":
                self.token = frame["token"]
            case "answer":
                self._answered(frame)

    def _answered(self, frame: Frame) -> None:
        wish = self._wishes.get(frame["id"])
        if wish and not wish.answer.done():
            wish.answer.set_result("ok" if frame.get("ok") is True else frame["refused"])

    async def _send(self, wish: Wish) -> bool:
        """Whether the socket is good enough to wait a second for its answer."""
        if self._socket is None:
            self._hurry.set()
            return False
        with suppress(WebSocketException):
            await self._socket.send(json.dumps(wish.aged()))
            return monotonic() - self._heard < ALIVE
        return False

    async def _post(self, wish: Wish, *, trusted: bool) -> None:
        await asyncio.sleep(GRACE if trusted else 0)
        tries = 0
        while not wish.answer.done():
            with suppress(*BROKEN, aiohttp.ClientError, ValueError):
                body = json.dumps({**wish.aged(), "token": self.token})
                status, document = await self.house.say("/v1/asks", body)
                if status == 401:
                    await self._renew()
                if document.get("type") == "answer" and document["id"] == wish.frame["id"]:
                    self._answered(document)
            tries += 1
            await asyncio.sleep(0.1 + random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2**tries)))

    async def _renew(self) -> None:
        for token in filter(None, (self.token, self.vouched)):
            status, document = await self.house.exchange(token)
            if status == 200:
                self.token = document["token"]
                return


@asynccontextmanager
async def on_the_wire(
    house: House, person: str, role: str, shown: Callable[[list[Frame]], None] = lambda _cards: None
) -> AsyncIterator[Party]:
    """A person who holds a connection until the block is left."""
    party = Party(house, person, role, shown, house.participant(person, role))
    living = asyncio.create_task(party.live())
    try:
        yield party
    finally:
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)


def card(cards: list[Frame], tag: str) -> Frame | None:
    """The first card of this kind on a screen."""
    return next((each for each in cards if each["card"] == tag), None)
