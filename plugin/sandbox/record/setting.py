"""What every request handler of the record works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from plugin.sandbox.record.clients import Client
from plugin.sandbox.record.keys import Keyring
from plugin.sandbox.record.scopes import Allowed
from plugin.sandbox.record.store import Store


@dataclass(frozen=True, slots=True)
class Setting:
    """The store, the clients as they are registered now, where the record answers, and the clock.

    ``clients`` is read at every request, so a registration may change while the record runs.
    """

    store: Store
    clients: Mapping[str, Client]
    base_url: str
    now: Callable[[], datetime]

    @property
    def fhir(self) -> str:
        """The base of the FHIR API, without a slash at its end."""
        return f"{self.base_url}/fhir"

    @property
    def token_endpoint(self) -> str:
        """Where access tokens are to be had; the audience of every assertion."""
        return f"{self.base_url}/oauth/token"


SETTING = web.AppKey("SETTING", Setting)
KEYRING = web.AppKey("KEYRING", Keyring)
ALLOWED: web.RequestKey[Allowed] = web.RequestKey("ALLOWED", frozenset)
"""What the request's access token allows."""
