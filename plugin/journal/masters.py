"""Master keys: the secrets of an operator that open everything else, and live outside the journal.

They are written ``id=base64`` with commas between. The first seals; the others can still open what was sealed
with them, until the journal was started once with the new first key and nothing refers to the old one any more.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

KEY_BYTES = 32
_FEWEST_DISTINCT_BYTES = 12  # 32 random bytes have about 30; below 12 is less likely than 1 in 10**15
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class WeakKey(ValueError):
    """A master key that cannot be used; the message names its id and the reason, never the key."""


@dataclass(frozen=True, slots=True, repr=False)
class Masters:
    """The id of the key that seals, and all keys that open, by id."""

    current: str
    keys: Mapping[str, bytes]


def masters_from(text: str) -> Masters:
    """Read ``id=base64,id2=base64``; raises ``WeakKey`` with one clear line."""
    secrets: dict[str, str] = {}
    for n, part in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        name, equals, secret = part.partition("=")
        if not equals:
            raise WeakKey(f"master key {n} is not written id=base64")
        if name in secrets:
            raise WeakKey(f"master key id {name!r} is there twice")
        secrets[name] = secret
    return masters_of(secrets)


def masters_of(secrets: Mapping[str, str]) -> Masters:
    """Decode keys in base64 by their ids, the current one first; raises ``WeakKey`` with one clear line."""
    if not secrets:
        raise WeakKey("there is no master key; make one with: openssl rand -base64 32")
    return Masters(
        current=next(iter(secrets)), keys={name: _key(name, secret) for name, secret in secrets.items()}
    )


def _key(name: str, secret: str) -> bytes:
    if not _ID.fullmatch(name):
        raise WeakKey("the id of a master key is 1 to 32 letters, digits, - and _")
    try:
        key = base64.b64decode(secret.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error:
        raise WeakKey(f"master key {name!r} is not base64") from None
    if len(key) != KEY_BYTES:
        raise WeakKey(f"master key {name!r} has {len(key)} bytes; it needs exactly {KEY_BYTES}")
    if len(set(key)) < _FEWEST_DISTINCT_BYTES or all(32 <= byte < 127 for byte in key):
        raise WeakKey(f"master key {name!r} is not random; make one with: openssl rand -base64 {KEY_BYTES}")
    return key
