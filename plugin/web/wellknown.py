"""``/.well-known/jwks.json``: the public halves of the keys that sign for the results' API clients."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from aiohttp import web


class Client(Protocol):
    """An API client with a private key in a file."""

    @property
    def kid(self) -> str:
        """The key's id."""

    @property
    def key_file(self) -> Path:
        """The PEM file."""


class KeySet:
    """The public keys; read when somebody first asks, so that a start need not wait for it."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._clients = tuple(clients)
        self._document: bytes | None = None

    async def jwks(self, _request: web.Request) -> web.Response:
        """All public keys as a JSON Web Key Set."""
        if self._document is None:
            keys = [public_key(client.kid, client.key_file.read_bytes()) for client in self._clients]
            self._document = json.dumps({"keys": keys}).encode()
        return web.Response(
            body=self._document,
            content_type="application/json",
            headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"},
        )


def public_key(kid: str, pem: bytes) -> dict[str, object]:
    """The public half of a PEM private key, EC P-384 or RSA, as a JSON Web Key; raises ``ValueError``."""
    # Imported here: only a process that is asked for its keys needs them.
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415
    from jwt.algorithms import ECAlgorithm, RSAAlgorithm  # noqa: PLC0415

    private = load_pem_private_key(pem, password=None)
    if isinstance(private, EllipticCurvePrivateKey):
        return {
            **ECAlgorithm.to_jwk(private.public_key(), as_dict=True),
            "alg": "ES384",
            "use": "sig",
            "kid": kid,
        }
    if isinstance(private, RSAPrivateKey):
        key = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        return {**key, "alg": "RS384", "use": "sig", "kid": kid, "key_ops": ["verify"]}
    raise ValueError("the key is neither EC nor RSA")
