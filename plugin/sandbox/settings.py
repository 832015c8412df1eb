"""What the sandbox needs to know before it starts, read from the environment.

Secrets are lists, so that a key can be replaced while both sides run: the first token key signs, and every
webhook secret signs each delivery until the old one is taken away.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

WEBHOOK_SECRET_BYTES = range(24, 65)
TOKEN_KEY_BYTES = 32
ACTIVE_WEBHOOK_SECRETS = 2


class Misconfigured(Exception):
    """A setting is missing or wrong; the message names it and is fit for one line on the terminal."""


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Where the sandbox runs, what it signs with, and which plugin it installs."""

    port: int
    data: Path
    public_url: str
    plugin_url: str
    tenant: str
    webhook_secrets: Mapping[str, bytes] = field(repr=False)
    token_keys: Mapping[str, bytes] = field(repr=False)
    clients: Path | None = None
    bind: str = "127.0.0.1"
    empty_after: timedelta = timedelta(seconds=20)

    @property
    def database(self) -> Path:
        """The file that holds meetings, links and unsent webhooks."""
        return self.data / "sandbox.sqlite3"


def settings_from(environ: Mapping[str, str]) -> SandboxSettings:
    """Read the settings.

    Raises:
        Misconfigured: a variable is missing or cannot be right.
    """
    port = _port(environ)
    bind = environ.get("SANDBOX_BIND", "127.0.0.1")
    clients = environ.get("SANDBOX_CLIENTS")
    return SandboxSettings(
        port=port,
        bind=bind,
        data=Path(_needed(environ, "SANDBOX_DATA")),
        public_url=_address("SANDBOX_PUBLIC_URL", environ.get("SANDBOX_PUBLIC_URL", f"http://{bind}:{port}")),
        plugin_url=_address("SANDBOX_PLUGIN_URL", _needed(environ, "SANDBOX_PLUGIN_URL")),
        tenant=_needed(environ, "SANDBOX_TENANT"),
        webhook_secrets=_webhook_secrets(_needed(environ, "SANDBOX_WEBHOOK_SECRETS")),
        token_keys=_token_keys(_needed(environ, "SANDBOX_TOKEN_KEYS")),
        clients=Path(clients) if clients else None,
        empty_after=_seconds(environ, "SANDBOX_EMPTY_SECONDS", 20),
    )


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise Misconfigured(f"{name} is not set")
    return value


def _port(environ: Mapping[str, str]) -> int:
    text = _needed(environ, "SANDBOX_PORT")
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65_536:
        raise Misconfigured("SANDBOX_PORT is not a port number")
    return int(text)


def _seconds(environ: Mapping[str, str], name: str, default: int) -> timedelta:
    text = environ.get(name, str(default))
    try:
        seconds = float(text)
    except ValueError:
        raise Misconfigured(f"{name} is not a number of seconds") from None
    if not 0 <= seconds <= 3600:
        raise Misconfigured(f"{name} is not between 0 and 3600")
    return timedelta(seconds=seconds)


def _address(name: str, text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise Misconfigured(f"{name} is not an address like https://example.org")
    return text.rstrip("/")


def _pairs(name: str, text: str) -> dict[str, str]:
    pairs = dict(entry.strip().partition("=")[::2] for entry in text.split(",") if entry.strip())
    if not pairs or not all(pairs) or not all(pairs.values()):
        raise Misconfigured(f"{name} is not a list like id=secret,id2=secret2")
    return pairs


def _webhook_secrets(text: str) -> dict[str, bytes]:
    secrets = {key: _webhook_secret(value) for key, value in _pairs("SANDBOX_WEBHOOK_SECRETS", text).items()}
    if len(secrets) > ACTIVE_WEBHOOK_SECRETS:
        raise Misconfigured("SANDBOX_WEBHOOK_SECRETS holds more than two secrets")
    return secrets


def _webhook_secret(text: str) -> bytes:
    try:
        secret = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        secret = b""
    if not text.startswith("whsec_") or len(secret) not in WEBHOOK_SECRET_BYTES:
        raise Misconfigured(
            "SANDBOX_WEBHOOK_SECRETS holds a secret that is not whsec_<24 to 64 bytes in base64>"
        )
    return secret


def _token_keys(text: str) -> dict[str, bytes]:
    keys = {key: value.encode() for key, value in _pairs("SANDBOX_TOKEN_KEYS", text).items()}
    if any(len(key) < TOKEN_KEY_BYTES for key in keys.values()):
        raise Misconfigured("SANDBOX_TOKEN_KEYS holds a key shorter than 32 bytes")
    return keys
