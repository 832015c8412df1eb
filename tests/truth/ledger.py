"""Three ledgers that know nothing of each other: what clients pressed, what the service kept, what therapists saw."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

OVER = ("left", "resumed")


class Untrue(AssertionError):
    """Somebody was told something that was not so."""


@dataclass
class Ledger:
    """What the two sides of some calls were shown; written by the test from their screens and answers alone."""

    ended: dict[str, str] = field(default_factory=dict)
    """The client's ledger: every pause pressed, and how it ended as its owner was told ("" while it runs)."""
    accepted: set[str] = field(default_factory=set)
    """Pauses whose owner was told, by an answer or on the screen, that they have arrived."""
    appeared: Counter[str] = field(default_factory=Counter)
    """The therapist's ledger: how often a pause came onto the screen."""
    _there: dict[str, dict[str, str]] = field(default_factory=dict)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def pressed(self, pause: str) -> None:
        self.ended.setdefault(pause, "")
        self.wake()

    def told(self, pause: str, outcome: str = "") -> None:
        """The owner was told that the pause was accepted, or how it ended."""
        self.accepted.add(pause)
        self.ended[pause] = outcome or self.ended[pause]
        self.wake()

    def screen(self, call: str, notices: Mapping[str, str]) -> None:
        """A therapist's whole screen: pauses and their stages."""
        before = self._there.get(call, {})
        self._there[call] = dict(notices)
        for pause, stage in notices.items():
            if before.get(pause) in OVER and stage not in OVER:
                raise Untrue(f"{pause} was over on the therapist's screen and is there again")
            self.appeared[pause] += pause not in before
        self.wake()

    def notice(self, call: str, pause: str, stage: str | None) -> None:
        """One notice of a therapist's screen came, changed or (null) went."""
        rest = {known: at for known, at in self._there.get(call, {}).items() if known != pause}
        self.screen(call, rest if stage is None else {**rest, pause: stage})

    async def until(self, fits: Callable[[], bool]) -> None:
        """Wait until the ledgers fit."""
        while not fits():
            moved = self._moved
            await moved.wait()

    def wake(self) -> None:
        """Have everybody who waits look again."""
        self._moved.set()
        self._moved = asyncio.Event()


def kept(bodies: Iterable[dict[str, Any]]) -> dict[str, str]:
    """The service's ledger, read from records of its journal: pauses by id, and how they ended.

    A press that came over both roads may be recorded twice, when something else changed with it; it is one pause.
    """
    ended: dict[str, str] = {}
    for event in (body["event"] for body in bodies if "event" in body):
        match event["type"]:
            case "pause_pressed":
                ended.setdefault(event["ask"], "")
            case "pause_withdrawn":
                ended[event["pause"]] = "withdrawn"
            case "pause_resumed":
                ended[event["pause"]] = "resumed"
    return ended
