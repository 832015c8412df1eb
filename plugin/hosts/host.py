"""What every host file offers: a module with these functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from webhooks.events import Role


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


class Host(Protocol):
    """How to speak to a host."""

    def who(self, token: str, keys: Mapping[str, str], now: datetime) -> Participant:
        """The participant that a host's token names; raises ``plugin.signed.Unacceptable``."""
        ...
