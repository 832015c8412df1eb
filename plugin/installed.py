"""One host platform of one practice, as whoever listens or speaks to it needs it."""

from collections.abc import Mapping
from typing import Protocol

from pydantic import BaseModel


class Installed(Protocol):
    """What the settings say of it."""

    @property
    def tenant(self) -> str:
        """The practice."""

    @property
    def host(self) -> str:
        """The host's name."""

    @property
    def url(self) -> str:
        """Where the host answers, without a slash at its end."""

    @property
    def webhook_keys(self) -> Mapping[str, str]:
        """The secrets that sign its deliveries, by id."""

    @property
    def webhook_window(self) -> int | None:
        """How many seconds late a stamp may be; null leaves it to the host's door."""

    @property
    def webhook_url(self) -> str | None:
        """The address its sender was given, where a gateway makes it another one than ours."""

    @property
    def token_keys(self) -> Mapping[str, str]:
        """What its participant tokens are signed with, by key id."""

    def as_account(self) -> BaseModel | None:
        """Who we are to its API; null when nothing was set up."""
