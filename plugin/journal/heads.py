"""Which call a session is, sealed: host, meeting and occurrence are somebody's appointment."""

import json

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plugin.journal.places import head_place
from plugin.journal.sealing import seal, unseal
from plugin.ports import Head


def sealed_head(key: AESGCM, head: Head) -> bytes:
    """A head as it is stored."""
    told = json.dumps([head.host, head.meeting, head.occurrence]).encode()
    return seal(key, told, head_place(head.session, head.tenant))


def opened_head(key: AESGCM, session: str, tenant: str, sealed: bytes) -> Head:
    """A head read back; raises ``Unsealable``."""
    host, meeting, occurrence = json.loads(unseal(key, sealed, head_place(session, tenant)))
    return Head(session=session, tenant=tenant, host=host, meeting=meeting, occurrence=occurrence)
