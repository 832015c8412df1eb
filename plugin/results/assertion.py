"""Client assertions of SMART Backend Services: a short signed word that we are who the host knows us as.

Source: HL7 SMART App Launch 2.2, "Client Authentication: Asymmetric". A client must know both RS384 and ES384.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from plugin.results.credentials import Proof

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

ASSERTION_LIFE = 240
"""Seconds; the specification allows 300, and clocks differ."""


class Assertions:
    """Signs client assertions; the algorithm follows from the key.

    Raises:
        ValueError: the key is neither EC P-384 nor RSA, or not a PEM without a passphrase.
    """

    def __init__(self, *, client_id: str, kid: str, key: bytes, now: Callable[[], datetime]) -> None:
        self._client = client_id
        self._kid = kid
        self._now = now
        try:
            loaded = load_pem_private_key(key, password=None)
        except (ValueError, TypeError):
            raise ValueError("the record's key is not a PEM private key without a passphrase") from None
        if isinstance(loaded, RSAPrivateKey):
            self._key: RSAPrivateKey | EllipticCurvePrivateKey = loaded
            self._algorithm = "RS384"
        elif isinstance(loaded, EllipticCurvePrivateKey) and isinstance(loaded.curve, SECP384R1):
            self._key = loaded
            self._algorithm = "ES384"
        else:
            raise ValueError("the record's key must be RSA or EC P-384")

    def prove(self, endpoint: str) -> Proof:
        """A form with an assertion that is good for this endpoint and this try only."""
        return Proof(form={"client_assertion_type": _ASSERTION_TYPE, "client_assertion": self.sign(endpoint)})

    def sign(self, audience: str) -> str:
        """A new assertion for one try at one token endpoint."""
        issued = int(self._now().timestamp())
        claims = {
            "iss": self._client,
            "sub": self._client,
            "aud": audience,
            "iat": issued,
            "exp": issued + ASSERTION_LIFE,
            "jti": str(uuid4()),
        }
        return jwt.encode(claims, self._key, self._algorithm, headers={"kid": self._kid, "typ": "JWT"})
