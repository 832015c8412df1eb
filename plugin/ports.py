"""The ports: what the runner and the performer need from the outside, and nothing else.

``Journal`` keeps records in order and owes orders until they are settled. ``Results`` stores a result at the host.
``Voice`` brings a screen to a person's browsers. Session ids are lower-case UUID strings, times aware and in UTC.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from plugin.core.orders import Result


class Conflict(Exception):
    """Another writer took the expected position; read, fold and step again."""


class Unwritable(Exception):
    """The journal cannot write now (disk full, read-only, closed); nothing of this append was kept."""


class SeenBefore(Exception):
    """A delivery with this key and this body was kept earlier."""


class Erased(SeenBefore):
    """The session was forgotten as a whole; what comes late for it is answered as seen and leaves nothing."""


class Contradiction(Exception):
    """A delivery with this key but another body was kept earlier."""


class Broken(Exception):
    """A session's hash chain does not hold, or its key does not open it; it must not be served."""


@dataclass(frozen=True, slots=True)
class Head:
    """Which call a session is; meeting and occurrence are the host's own ids and are sealed at rest."""

    session: str
    tenant: str
    host: str
    meeting: str
    occurrence: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One record to append: the event and the orders it caused, as JSON.

    ``position`` starts at 1 and must be the session's next. ``kind`` is the retention class, in clear:
    ``call``, ``checkin``, ``pause``, ``text`` or ``score``. ``orders`` is how many orders ``body`` holds.
    """

    head: Head
    position: int
    kind: str
    body: bytes
    orders: int


@dataclass(frozen=True, slots=True)
class Received:
    """A delivery as the inbox remembers it: ``digest`` is the SHA-256 of its raw body."""

    tenant: str
    host: str
    key: str
    digest: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """Something to be found again by a later session, under a key that is kept only as a keyed hash."""

    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """One record read back; ``body`` is null when its retention class was forgotten."""

    position: int
    kind: str
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Shelf:
    """A session as the journal lists it: ``last`` is its last position, ``shelved`` when nothing is open in it."""

    head: Head
    last: int
    shelved: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """An order not yet settled. ``order`` is its id ``session:position:index``; ``reason`` a short code."""

    order: str
    body: bytes
    attempts: int
    due_at: datetime
    parked: bool
    reason: str | None


class Journal(Protocol):
    """Keeps what happened. An append is all or nothing and durable when it returns."""

    async def append(
        self, entries: Sequence[Entry], *, received: Received | None = None, notes: Sequence[Note] = ()
    ) -> None:
        """Append the entries, the inbox row and the notes in one transaction.

        Raises ``SeenBefore`` or ``Contradiction`` for a known delivery key, ``Erased``, ``Conflict``,
        ``Unwritable``, ``Broken``.
        """
        ...

    async def read(self, session: str) -> list[Record]:
        """All records of a session in order; raises ``Broken``."""
        ...

    async def shelves(self, *, include_shelved: bool = True) -> list[Shelf]:
        """The sessions that the journal holds, oldest first."""
        ...

    async def head(self, session: str) -> Head | None:
        """Which call a session is, shelved or not; null when none of that id is held. Raises ``Broken``."""
        ...

    async def shelve(self, session: str) -> None:
        """Mark a session as over, so that a start need not fold it."""
        ...

    async def schedule(self, session: str, due: Mapping[str, datetime]) -> None:
        """Say when each retention class of a session may be forgotten; replaces what was said before."""
        ...

    async def expired(self, now: datetime) -> list[tuple[str, str]]:
        """Sessions and classes whose time is over and of which no order is outstanding."""
        ...

    async def recall(self, key: str) -> bytes | None:
        """The latest note under a key."""
        ...

    async def owed(self, now: datetime, *, limit: int = 100) -> list[Owed]:
        """Orders that are due at *now*, neither settled nor parked, in the journal's order."""
        ...

    async def outstanding(self, session: str | None = None) -> list[Owed]:
        """All orders not yet settled, parked ones included."""
        ...

    async def next_due(self) -> datetime | None:
        """When the earliest owed order is due."""
        ...

    async def settle(self, order: str) -> None:
        """The order is done."""
        ...

    async def postpone(self, order: str, *, due_at: datetime, reason: str) -> None:
        """Try again at *due_at*; counts as an attempt."""
        ...

    async def park(self, order: str, *, reason: str) -> None:
        """Give up until an operator retries."""
        ...

    async def retry(self, now: datetime, order: str | None = None) -> int:
        """Make parked orders (or one) due again; answers how many."""
        ...

    async def forget(self, session: str, kind: str | None = None) -> None:
        """Destroy the key and the payloads of one retention class, or of the whole session."""
        ...

    async def prune(self, before: datetime) -> int:
        """Drop inbox rows received before a moment; answers how many."""
        ...

    def dump(self) -> AsyncIterator[dict[str, object]]:
        """Every record opened, for an operator who holds the key."""
        ...

    async def close(self) -> None:
        """Write what waits, then release the file."""
        ...


class Postponed(Exception):
    """The host did not take a result now; ``after`` seconds if it said so."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


class Hopeless(Exception):
    """The host will never take this result as it is; ``reason`` is a short code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Results(Protocol):
    """Stores results at the host, each under an identifier derived from its order's id."""

    async def save(self, order: str, result: Result) -> None:
        """Return once the host holds the result exactly once; raises ``Postponed`` or ``Hopeless``."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


class Voice(Protocol):
    """Brings screens to people."""

    def show(self, session: str, person: str, cards: bytes, *, watched: frozenset[str]) -> None:
        """Push a person's complete list of cards (a JSON array) to all their links; never blocks.

        ``watched`` are the pauses on these cards whose painting counts as delivery.
        """
        ...
