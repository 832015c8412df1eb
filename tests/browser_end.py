"""The browser's end of the wire, spoken by hand."""

import json
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Self
from uuid import uuid4

from websockets.asyncio.client import ClientConnection


class Browser:
    """One end of the wire: keeps what it was shown and answered."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.revision = 0
        self.frames: list[dict[str, Any]] = []
        self._unread: dict[str, deque[dict[str, Any]]] = defaultdict(deque)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()

    async def send(self, **frame: object) -> None:
        await self.socket.send(json.dumps({"v": 1, **frame}))

    async def next(self, kind: str) -> dict[str, Any]:
        """The next frame of a kind; the others are kept until they are asked for."""
        while not self._unread[kind]:
            frame: dict[str, Any] = json.loads(await self.socket.recv())
            self.frames.append(frame)
            self._unread[frame["type"]].append(frame)
        return self._unread[kind].popleft()

    async def screen(self, *, showing: str | None = None, without: str | None = None) -> list[dict[str, Any]]:
        """The next screen on which a card is, or another one is not."""

        def fits(cards: list[dict[str, Any]]) -> bool:
            tags = {card["card"] for card in cards}
            return (showing is None or showing in tags) and without not in tags

        return await self.until(fits)

    async def until(self, fits: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The next screen that fits."""
        while True:
            frame = await self.next("screen")
            self.revision = int(frame["revision"])
            cards: list[dict[str, Any]] = frame["cards"]
            if fits(cards):
                return cards

    async def shows(self, card: str, **fields: object) -> dict[str, Any]:
        """The card with these fields, on the next screen that has it."""

        def found(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [each for each in cards if each["card"] == card and fields.items() <= each.items()]

        return found(await self.until(lambda cards: bool(found(cards))))[0]

    async def ask(self, kind: str, **fields: object) -> dict[str, Any]:
        """Ask, and wait for the answer with the same id."""
        ask = str(fields.pop("id", uuid4()))
        await self.send(type="ask", id=ask, age_ms=fields.pop("age_ms", 0), kind=kind, **fields)
        while True:
            answer = await self.next("answer")
            if answer["id"] == ask:
                return answer

    async def closed(self) -> int | None:
        """Read to the end; answers the close code."""
        await self.socket.wait_closed()
        return self.socket.close_code
