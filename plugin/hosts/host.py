"""What a host file offers: a module with these functions, of which only ``who`` must be there.

Asking is written without input and output: a function yields requests, is sent the replies, and returns what they
mean. So a host file can be tried with recorded replies, and only one place in the service opens connections.
"""

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from pydantic import BaseModel

from webhooks.delivery import Delivery
from webhooks.events import HostFact, Role


@dataclass(frozen=True, slots=True)
class Participant:
    """Who a host says that a browser is, and until when it says so.

    ``occurrence`` is null where the host's tokens know only the meeting.
    """

    meeting: str
    occurrence: str | None
    person: str
    role: Role | None
    until: datetime


@runtime_checkable
class Host(Protocol):
    """How to speak to a host."""

    def who(self, token: str, keys: Mapping[str, str], now: datetime) -> Participant:
        """The participant that a host's token names; raises ``plugin.signed.Unacceptable``."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What to send to a host. ``headers`` and ``body`` may hold secrets."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a host answered; a host may repeat our own token in ``body``, so it is never logged."""

    status: int
    body: bytes = field(repr=False)


class NotTold(Exception):
    """The host did not tell; ``reason`` is a short code and holds nothing of what it answered."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Call:
    """A call to ask about: its names at the host, and which person is known to hold each connection.

    ``closed`` are those connections of which the host told that they are over.
    """

    meeting: str
    occurrence: str
    holders: Mapping[str, str]
    closed: frozenset[str] = frozenset()


Asking = Generator[Request, Reply, Sequence[HostFact]]
Registration = Generator[Request, Reply, None]


@runtime_checkable
class Askable(Protocol):
    """A host that can be asked who is inside a call."""

    @property
    def Account(self) -> type[BaseModel]:
        """What its API wants to know of us: the table ``account`` of the settings is read as this."""

    def ask(self, url: str, call: Call, account: BaseModel, now: datetime) -> Asking:
        """Ask who is inside. Returns facts, mostly one ``PeoplePresent`` at *now*.

        Args:
            url: the host's address by the settings, without a slash at its end.
            call: the call.
            account: what ``Account`` made of the settings.
            now: the time, aware.

        Raises:
            NotTold: the answer is none; nothing may be concluded from it.
        """
        ...


@runtime_checkable
class Registering(Protocol):
    """A host that forgets where to send, so that it is told again and again."""

    @property
    def Account(self) -> type[BaseModel]:
        """What its API wants to know of us: the table ``account`` of the settings is read as this."""

    def register(
        self, url: str, hook: str, keys: Mapping[str, str], account: BaseModel, now: datetime
    ) -> Registration:
        """Have the host send its deliveries to *hook*, harmless when it does already; raises ``NotTold``.

        Args:
            url: the host's address by the settings, without a slash at its end.
            hook: the address to send to, as ``verify`` will be given it.
            keys: the secrets that sign deliveries, by id, the newest first.
            account: what ``Account`` made of the settings.
            now: the time, aware.
        """
        ...


Hear = Callable[[Delivery], Awaitable[None]]


@runtime_checkable
class Feeding(Protocol):
    """A host that tells its events over a connection that we open, in place of webhooks."""

    @property
    def Account(self) -> type[BaseModel]:
        """What its API wants to know of us: the table ``account`` of the settings is read as this."""

    async def feed(
        self, account: BaseModel, *, hear: Hear, missed: Callable[[], None], now: Callable[[], datetime]
    ) -> None:
        """Hold the connection and hand on what comes, until cancelled.

        Nothing that the host or the network does ends it. It returns at once where the account names no connection.

        Args:
            account: what ``Account`` made of the settings.
            hear: takes one event. It carries no proof, as the connection vouches for it: ``key`` and ``read`` of the
                listening side are for it, ``verify`` is not. Called for one event at a time, in their order. It
                returns when the event is kept, was kept before or is of no use, and raises
                ``plugin.ports.Unwritable`` when it cannot be kept now: then the same event is offered again, and
                those behind it wait. After any other exception, which is logged by its class, the event is dropped.
            missed: called whenever a connection stands, the first time too: what happened until then may never be
                told over it. It must return at once and not raise; open calls are to be asked about elsewhere.
            now: gives the time, aware.
        """
        ...
