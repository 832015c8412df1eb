"""The secret with which a client proves who it is, in the header or in the form (RFC 6749, section 2.3.1).

Only digests are kept, so a copy of the registrations opens nothing; secrets are random, so a plain digest will do.
"""

import hmac
from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import unquote_plus

from plugin.sandbox.record.clients import Client


def in_header(header: str) -> tuple[str, str] | None:
    """The id and the secret of a Basic header; null when it is none."""
    scheme, _, encoded = header.partition(" ")
    try:
        client, colon, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return None
    if scheme.lower() != "basic" or not colon:
        return None
    return unquote_plus(client), unquote_plus(secret)


def known(clients: Mapping[str, Client], name: str, secret: str) -> Client | None:
    """The client of this name, if this is its secret."""
    client = clients.get(name)
    kept = client.secret_sha256 if client else None
    return client if _same(secret, kept) else None


def holder_of(clients: Mapping[str, Client], token: str) -> Client | None:
    """The client that was given this token for good."""
    return next((client for client in clients.values() if _same(token, client.token_sha256)), None)


def _same(given: str, kept: str | None) -> bool:
    digest = sha256(given.encode(errors="surrogateescape")).hexdigest()
    return hmac.compare_digest(digest, kept or "") and kept is not None
