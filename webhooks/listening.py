"""What a host file offers: a module with these names, found by its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from webhooks.delivery import WINDOW, Delivery, Reason, Window
from webhooks.events import Fact, HostFact


@dataclass(frozen=True, slots=True)
class Door:
    """How a host's deliveries come in, and which answers its sender understands.

    ``content_types`` are media types without parameters; ``paths`` what the sender puts behind
    ``/webhooks/{tenant}/{host}/``. ``accepted`` is the status of a delivery that was kept, ``refused`` of one that is
    not verified, ``unreadable`` of one that is verified and makes no sense, ``contradicted`` of one whose key was
    kept with another body: some senders give up for good, or count as delivered, what others try again. ``window``
    is how late and how early a stamp may be, where the settings say nothing: as long as this host goes on sending a
    delivery that it stamped once.
    """

    content_types: tuple[str, ...] = ("application/json",)
    paths: tuple[str, ...] = ("",)
    accepted: int = 202
    refused: int = 401
    unreadable: int = 400
    contradicted: int = 409
    window: Window = WINDOW


class Step(NamedTuple):
    """One check of a host file in words, and the reasons it can refuse with."""

    says: str
    reasons: tuple[Reason, ...]


class Host(Protocol):
    """What a host file is: a module with these names."""

    @property
    def name(self) -> str:
        """The host's own name in lower case, as in ``/webhooks/{tenant}/{name}``."""

    @property
    def door(self) -> Door:
        """How its deliveries come in and what they are answered."""

    @property
    def tells(self) -> tuple[type[Fact], ...]:
        """The kinds of facts that its deliveries can give."""

    @property
    def steps(self) -> Sequence[Step]:
        """The checks of ``verify`` and ``read`` in their order, for people who look for a mistake."""

    def weakness(self, secret: str) -> str | None:
        """Say what makes *secret* unfit, as the end of a sentence, or None; asked once at start-up."""

    def verify(
        self, delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = ...
    ) -> str:
        """Give the id of the secret that vouches for *delivery*.

        Args:
            delivery: the request as it came.
            secrets: the secrets active now, by id; two while one replaces the other.
            now: when the delivery arrived, aware.
            window: the times to forgive; by default those of the door.

        Raises:
            NotAccepted: ``Unsigned``, ``Stale`` or ``Malformed``, whatever the bytes are.
            Handshake: it is a trial of the address, to be answered and not to be kept.
        """

    def key(self, delivery: Delivery) -> str:
        """Give the name a verified delivery keeps over retries. May raise ``Malformed``."""

    def read(self, delivery: Delivery) -> list[HostFact]:
        """Give the facts of a verified delivery; kinds we do not use give none. May raise ``Malformed``."""

    def sign(
        self, body: bytes, key_id: str, secret: str, now: datetime, *, key: str, url: str = ""
    ) -> Delivery:
        """Give the delivery that this host would send now with *body*.

        Args:
            body: as the host writes it. Where the host puts its stamp into the body, it is put anew.
            key_id: the id of the secret.
            secret: what to sign with.
            now: when it is sent, aware.
            key: the delivery's name, used where it travels in a header.
            url: the address it is sent to, for hosts that sign it.

        Raises:
            ValueError: *secret* is of no use, or *body* has no place for the stamp.
        """
