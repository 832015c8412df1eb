"""Keys as settings: how they are written, and how weak is too weak."""

from base64 import b64decode
from collections.abc import Mapping

FEWEST_BYTES = 32
_FEWEST_DIFFERENT = 8


def pairs(given: object) -> object:
    """``id=secret,id=secret`` as a mapping; the first id is the one that is used, all are accepted."""
    if not isinstance(given, str):
        return given
    found: dict[str, str] = {}
    for part in filter(None, given.split(",")):
        key, equals, secret = part.strip().partition("=")
        if not (key and equals and secret) or key in found:
            raise ValueError("must be id=secret, several parted by commas, each id once")
        found[key] = secret
    return found


def strong(keys: Mapping[str, str], *, name: str = "") -> Mapping[str, str]:
    """The same keys, or ``ValueError`` for one that could be guessed, told by its place."""
    for place, secret in enumerate(keys.values(), start=1):
        if weakness := weak(secret):
            raise ValueError(f"{name}: {weakness}" if name else f"key {place} {weakness}")
    return keys


def weak(secret: str, *, fewest: int = FEWEST_BYTES) -> str | None:
    """Why a secret could be guessed, null when it could not; ``fewest`` is in bytes."""
    if len(secret.encode()) < fewest:
        return f"is shorter than {fewest} bytes"
    return "repeats itself; make it by chance" if len(set(secret)) < _FEWEST_DIFFERENT else None


def master_key(keys: Mapping[str, str]) -> Mapping[str, str]:
    """The same keys, or ``ValueError`` unless each is the base64 of 32 bytes made by chance."""
    for place, text in enumerate(keys.values(), start=1):
        try:
            secret = b64decode(text, validate=True)
        except ValueError:
            raise ValueError(f"key {place} is not base64") from None
        if len(secret) != FEWEST_BYTES or len(set(secret)) < _FEWEST_DIFFERENT:
            raise ValueError(f"key {place} is not 32 bytes made by chance")
    return keys
