"""Secrets as the settings hold them, and the bytes that they mean."""

from base64 import b64decode


def octets(secret: str) -> bytes:
    """Give the bytes of a secret that is text; one of the environment may hold some that are none."""
    return secret.encode("utf-8", "surrogateescape")


def unpacked(secret: str) -> bytes | None:
    """Give the bytes of a secret in base64, with its padding or without; null for what is none."""
    try:
        return b64decode(secret + "=" * (-len(secret) % 4), validate=True)
    except ValueError:
        return None


def too_short(secret: bytes, fewest: int) -> str | None:
    """Say that *secret* has fewer bytes than *fewest*, as the end of a sentence."""
    return None if len(secret) >= fewest else f"has {len(secret)} bytes, fewer than {fewest}"
