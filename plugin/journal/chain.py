"""The hash chain of a session: each record carries the hash of all before it.

A link is SHA-256 over the link before, the position, the kind and the digest of the sealed payload. It needs the
digest only, so a forgotten payload leaves the chain whole. The chain finds damage, gaps and swaps; whoever can
write the file and drop its end can also write a shorter chain, so it is an alarm and not a signature.
"""

from hashlib import sha256

from plugin.journal.sealing import framed


def origin(session: str) -> bytes:
    """What the first record of a session is linked to."""
    return sha256(framed(("fermata chain 1", session))).digest()


def digest(payload: bytes) -> bytes:
    """What stays of a payload when it is forgotten."""
    return sha256(payload).digest()


def link(before: bytes, position: int, kind: str, payload_digest: bytes) -> bytes:
    """The link of a record to the one before it."""
    return sha256(framed((before, position, kind, payload_digest))).digest()
