"""Settings of a host's record: which kind it is, where it is, and how its client proves who it is.

``auth`` decides which of the three forms is read, ``kind`` only what is spoken there.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

from plugin.keys import FEWEST_BYTES, weak

FEWEST_BYTES_HANDED_OUT = 16
"""Of a client secret: servers make these, and some make short ones."""


def is_loopback(name: str | None) -> bool:
    """Whether a host name or address can only mean this machine."""
    return name in {"localhost", "::1"} or bool(name and name.startswith("127."))


def safe_url(text: str) -> str:
    """A URL that a secret may be sent to, without a slash at its end; raises ``ValueError``."""
    return _guarded(text).rstrip("/")


def _guarded(text: str) -> str:
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.hostname or url.username or url.query or url.fragment:
        raise ValueError("is not a plain http or https URL")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError("must be https:// anywhere but on this machine")
    return text


def _no_weaker_than(fewest: int) -> Callable[[str], str]:
    def check(secret: str) -> str:
        if weakness := weak(secret, fewest=fewest):
            raise ValueError(weakness)
        return secret

    return check


Url = Annotated[str, AfterValidator(safe_url)]
TokenUrl = Annotated[str, AfterValidator(_guarded)]
"""To the letter: some servers know their token endpoint only with the slash at its end."""

ClientSecret = Annotated[str, AfterValidator(_no_weaker_than(FEWEST_BYTES_HANDED_OUT)), Field(repr=False)]
Token = Annotated[
    str,
    StringConstraints(pattern=r"^[\x21-\x7e]+$"),
    AfterValidator(_no_weaker_than(FEWEST_BYTES)),
    Field(repr=False),
]


class Part(BaseModel):
    """A part of the settings: frozen, and unknown names stop the start."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _Record(Part):
    kind: Literal["fhir", "hostapi"] = "fhir"
    base: Url
    scope: str | None = None


class _Client(_Record):
    client_id: Annotated[str, Field(min_length=1)]
    token_url: TokenUrl | None = None

    @model_validator(mode="after")
    def _findable(self) -> Self:
        if self.kind == "hostapi" and self.token_url is None:
            raise ValueError("token_url is missing; only a FHIR server says itself where its tokens are")
        return self


class SignedResults(_Client):
    """A client with a key of its own (SMART Backend Services)."""

    auth: Literal["private_key_jwt"] = "private_key_jwt"
    kid: str
    key_file: Path


class SecretResults(_Client):
    """A client with a secret that the host handed out."""

    auth: Literal["client_secret_basic", "client_secret_post"]
    client_secret: ClientSecret


class BearerResults(_Record):
    """A token that the host's operator made once and for all."""

    auth: Literal["bearer"]
    token: Token


def _auth(given: object) -> str:
    said = given.get("auth", "private_key_jwt") if isinstance(given, Mapping) else getattr(given, "auth", "")
    return str(said)


ResultsSettings = Annotated[
    Annotated[SignedResults, Tag("private_key_jwt")]
    | Annotated[SecretResults, Tag("client_secret_basic")]
    | Annotated[SecretResults, Tag("client_secret_post")]
    | Annotated[BearerResults, Tag("bearer")],
    Discriminator(
        _auth,
        custom_error_type="auth",
        custom_error_message="auth must be private_key_jwt, client_secret_basic, client_secret_post or bearer",
    ),
]
"""Where a host keeps results. A mistake in it is named with the ``auth`` it was read for."""
