"""How a client proves at a token endpoint who it is: by a signed assertion, or by a secret.

Source: RFC 6749, section 2.3.1 (a secret, in the header or in the form); RFC 7523 (an assertion).
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol
from urllib.parse import quote_plus

SecretMethod = Literal["client_secret_basic", "client_secret_post"]
"""Where a secret stands: in the header (what RFC 6749 prefers), or in the form (what some servers only read)."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What to add to one request for a token."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)


class Credentials(Protocol):
    """Proves a client at a token endpoint."""

    def prove(self, endpoint: str) -> Proof:
        """The proof for one try at one endpoint."""
        ...


class ClientSecret:
    """A secret that the server handed out."""

    def __init__(self, client_id: str, secret: str, *, method: SecretMethod) -> None:
        self._client = client_id
        self._secret = secret
        self._method = method

    def prove(self, endpoint: str) -> Proof:
        """The same for every endpoint: whoever gets the secret can use it, so it goes only where TLS guards it."""
        if self._method == "client_secret_post":
            return Proof(form={"client_id": self._client, "client_secret": self._secret})
        # Both are form-encoded first; the standard says so, as an id may hold a colon.
        pair = f"{quote_plus(self._client)}:{quote_plus(self._secret)}"
        return Proof(headers={"Authorization": "Basic " + b64encode(pair.encode()).decode()})
