"""Sealing: AES-256-GCM with the place of a value bound into it.

A sealed value is one format byte, a random nonce of 96 bits, and the ciphertext with its tag. Its place (table,
session, position, kind, with the version of this format) is associated data: moved elsewhere, it does not open.
A data key seals one retention class of one session, so it stays far below the 2**32 messages a random nonce allows.
"""

import os
from struct import Struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = b"\x01"
KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_length = Struct(">I").pack

Place = tuple[str | int | bytes, ...]


class Unsealable(Exception):
    """A value that this key does not open here: damaged, moved, or sealed with another key."""


def seal(key: AESGCM, plain: bytes, place: Place) -> bytes:
    """Encrypt a value for one place."""
    nonce = os.urandom(_NONCE_BYTES)
    return FORMAT + nonce + key.encrypt(nonce, plain, _bound(place))


def unseal(key: AESGCM, sealed: bytes, place: Place) -> bytes:
    """Decrypt a value found at a place; raises ``Unsealable``."""
    if sealed[:1] != FORMAT or len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES:
        raise Unsealable("not a sealed value of a known format")
    try:
        return key.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], _bound(place))
    except InvalidTag:
        raise Unsealable("the key does not open this value here") from None


def new_key() -> bytes:
    """A fresh random key."""
    return os.urandom(KEY_BYTES)


def derived(key: bytes, purpose: str) -> bytes:
    """A key for one purpose out of another key (HKDF-SHA256)."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"fermata " + purpose.encode()).derive(
        key
    )


def framed(parts: Place) -> bytes:
    """Parts with their lengths in front, so that no two lists of parts give the same bytes."""
    raws = [part if isinstance(part, bytes) else str(part).encode() for part in parts]
    return b"".join([_length(len(raw)) + raw for raw in raws])


def _bound(place: Place) -> bytes:
    return framed((FORMAT, *place))
