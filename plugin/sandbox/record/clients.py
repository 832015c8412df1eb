"""The programs that may ask for access tokens, and how they are registered."""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_DIGEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Client:
    """A program that proves itself in one way.

    Its public keys are fetched from ``jwks_uri`` or given here as ``jwks``; or it has a secret, or one token for
    good, of which only the SHA-256 is kept (hexadecimal). ``scope`` is the most that it is ever granted. Raises
    ``ValueError`` for a registration that could not work or would not be safe.
    """

    client_id: str
    scope: str
    jwks_uri: str | None = None
    jwks: Mapping[str, object] | None = None
    secret_sha256: str | None = None
    token_sha256: str | None = None

    def __post_init__(self) -> None:
        if not self.client_id or len(self.client_id) > 200:
            raise ValueError("a client needs a client_id of at most 200 characters")
        ways = (self.jwks_uri, self.jwks, self.secret_sha256, self.token_sha256)
        if sum(way is not None for way in ways) != 1:
            raise ValueError(
                f"client {self.client_id} needs either jwks_uri or jwks, or secret_sha256, or token_sha256"
            )
        if not all(_DIGEST.fullmatch(digest) for digest in ways[2:] if isinstance(digest, str)):
            raise ValueError(f"the SHA-256 of client {self.client_id} is not 64 hexadecimal digits")
        if self.jwks_uri is not None and not _safe(self.jwks_uri):
            raise ValueError(
                f"the jwks_uri of client {self.client_id} is not https, nor http on this machine"
            )


def clients_from(document: str) -> dict[str, Client]:
    """Read registrations; raises ``ValueError``.

    A JSON list of ``{client_id, scope, jwks_uri | jwks | secret_sha256 | token_sha256}``.
    """
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
    secret, token = (
        str(entry[name]) if name in entry else None for name in ("secret_sha256", "token_sha256")
    )
    return Client(str(entry["client_id"]), str(entry["scope"]), jwks_uri, jwks, secret, token)


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
