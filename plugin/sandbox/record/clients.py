"""The programs that may ask for access tokens, and how they are registered."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Client:
    """A program with a key of its own.

    Its public keys are either fetched from ``jwks_uri`` or given here as ``jwks``; ``scope`` is the most that it is
    ever granted. Raises ``ValueError`` for a registration that could not work or would not be safe.
    """

    client_id: str
    scope: str
    jwks_uri: str | None = None
    jwks: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        if not self.client_id or len(self.client_id) > 200:
            raise ValueError("a client needs a client_id of at most 200 characters")
        if (self.jwks_uri is None) == (self.jwks is None):
            raise ValueError(f"client {self.client_id} needs either jwks_uri or jwks")
        if self.jwks_uri is not None and not _safe(self.jwks_uri):
            raise ValueError(
                f"the jwks_uri of client {self.client_id} is not https, nor http on this machine"
            )


def clients_from(document: str) -> dict[str, Client]:
    """Read registrations: a JSON list of ``{client_id, scope, jwks_uri | jwks}``; raises ``ValueError``."""
    listed = json.loads(document)
    if not isinstance(listed, list):
        raise ValueError("the clients are not a JSON list")
    clients = [_client(entry) for entry in listed]
    if len({client.client_id for client in clients}) < len(clients):
        raise ValueError("a client_id stands twice")
    return {client.client_id: client for client in clients}


def _client(entry: object) -> Client:
    if not isinstance(entry, dict) or not {"client_id", "scope"} <= entry.keys():
        raise ValueError("a client is not an object with client_id, scope and jwks_uri or jwks")
    jwks_uri, jwks = entry.get("jwks_uri"), entry.get("jwks")
    if not isinstance(jwks_uri, str | None) or not isinstance(jwks, dict | None):
        raise ValueError("jwks_uri is not a text or jwks is not an object")
    return Client(str(entry["client_id"]), str(entry["scope"]), jwks_uri, jwks)


def _safe(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname or ""))
    )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
