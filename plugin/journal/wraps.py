"""Keys under keys: a master key wraps the journal's own key and one key of each tenant; that wraps data keys.

A data key belongs to one session and one retention kind; deleting its wrapped form destroys what it sealed. The
wrapped keys live in the same file as the payloads. So an *old copy* of the file still opens with a master key
that was in use when it was made; such copies end when their master key is destroyed. That is cheap: put a new key
first in the list, start once (all tenant keys are wrapped anew), and take the old key away everywhere.
"""

from typing import Any

import apsw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from plugin.journal.masters import Masters
from plugin.journal.memory import Memory
from plugin.journal.opening import CannotOpen
from plugin.journal.sealing import Place, Unsealable, new_key, seal, unseal

JOURNAL = "journal"
_TENANTS_REMEMBERED = 10_000


class Wraps:
    """Opens and makes the keys of tenants over one connection, in one thread."""

    def __init__(self, db: apsw.Connection, masters: Masters) -> None:
        self._db = db
        self._masters = masters
        self.tenants: Memory[AESGCM] = Memory(_TENANTS_REMEMBERED)

    def journal_key(self) -> bytes:
        """The journal's own key; raises ``Unsealable``."""
        row = self._db.execute("SELECT master, wrapped FROM wraps WHERE owner = ?", (JOURNAL,)).fetchone()
        if row is None:
            raise Unsealable("the journal has no key of its own")
        return unwrapped(self._masters, JOURNAL, *row)

    def tenant_key(self, tenant: str) -> AESGCM:
        """The key of a tenant; raises ``Unsealable`` when there is none or it does not open."""
        known = self.tenants.get(tenant)
        if known is None:
            row = self._db.execute(
                "SELECT master, wrapped FROM wraps WHERE owner = ?", (_owner(tenant),)
            ).fetchone()
            if row is None:
                raise Unsealable("the tenant has no key")
            known = AESGCM(unwrapped(self._masters, _owner(tenant), *row))
            self.tenants.put(tenant, known)
        return known

    def tenant_key_or_new(self, tenant: str) -> AESGCM:
        """The key of a tenant, made within the running transaction when it has none."""
        if self.tenants.get(tenant) is None:
            owner = _owner(tenant)
            if self._db.execute("SELECT count(*) FROM wraps WHERE owner = ?", (owner,)).get == 0:
                insert(self._db, self._masters, owner, new_key())
        return self.tenant_key(tenant)


def insert(db: apsw.Connection, masters: Masters, owner: str, key: bytes) -> None:
    """Wrap a key under the current master key and keep it, instead of the one that was there."""
    place = _place(owner, masters.current)
    db.execute(
        "INSERT OR REPLACE INTO wraps (owner, master, wrapped) VALUES (?, ?, ?)",
        (owner, masters.current, seal(AESGCM(masters.keys[masters.current]), key, place)),
    )


def unwrapped(masters: Masters, owner: str, master: str, wrapped: bytes) -> bytes:
    """A key from under its master key; raises ``Unsealable`` when that is unknown or another one."""
    if master not in masters.keys:
        raise Unsealable(f"the master key {master!r} is not in the list")
    try:
        return unseal(AESGCM(masters.keys[master]), wrapped, _place(owner, master))
    except Unsealable:
        raise Unsealable(
            f"the master key {master!r} is not the one that was used, or its wrap is damaged"
        ) from None


def rewrap(db: apsw.Connection, masters: Masters) -> int:
    """Wrap under the current master key what is still under another one; answers how many keys moved.

    One transaction: interrupted, it has not happened. Makes the journal's own key when there is none. Raises
    ``CannotOpen`` when the list of master keys does not open what is there.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        moved = _rewrap(db, masters)
        db.execute("COMMIT")
    except Unsealable as error:
        raise CannotOpen(f"the journal was sealed with other master keys: {error}") from None
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
    return moved


def _rewrap(db: apsw.Connection, masters: Masters) -> int:
    moved = 0
    rows: list[Any] = db.execute("SELECT owner, master, wrapped FROM wraps").fetchall()
    for owner, master, wrapped in rows:
        key = unwrapped(masters, owner, master, wrapped)
        if master != masters.current:
            insert(db, masters, owner, key)
            moved += 1
    if not rows:
        insert(db, masters, JOURNAL, new_key())
    return moved


def _owner(tenant: str) -> str:
    return f"tenant:{tenant}"


def _place(owner: str, master: str) -> Place:
    return ("wraps", owner, master)
