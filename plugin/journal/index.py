"""Finding without knowing: deliveries and notes are looked up by keyed hash, notes sealed under a key of their own.

Both keys are derived from the journal's own key, so no name, meeting or host id is in the index, and nobody
without a master key can test a guess against it.
"""

import hmac

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plugin.journal.sealing import Place, derived, framed, seal, unseal
from plugin.ports import Received


class Index:
    """Turns keys of others into tags, and seals notes."""

    def __init__(self, journal_key: bytes) -> None:
        # Keyed once and copied. ``hmac.digest`` would also hand Python's lock to the event loop each time.
        self._keyed = hmac.new(derived(journal_key, "index"), digestmod="sha256")
        self._notes = AESGCM(derived(journal_key, "notes"))

    def delivery(self, received: Received) -> bytes:
        """The tag of a delivery."""
        return self._tag(("delivery", received.tenant, received.host, received.key))

    def body(self, received: Received) -> bytes:
        """What is kept of a delivery's body, to tell another body from the same one."""
        return self._tag(("body", received.digest))

    def note(self, key: str) -> bytes:
        """The tag of a note."""
        return self._tag(("note", key))

    def seal_note(self, tag: bytes, body: bytes) -> bytes:
        """Seal a note for its tag."""
        return seal(self._notes, body, ("notes", tag))

    def open_note(self, tag: bytes, sealed: bytes) -> bytes:
        """Open the note under a tag; raises ``Unsealable``."""
        return unseal(self._notes, sealed, ("notes", tag))

    def _tag(self, parts: Place) -> bytes:
        tag = self._keyed.copy()
        tag.update(framed(parts))
        return tag.digest()
