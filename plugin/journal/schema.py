"""The tables, and the steps that lead to them.

Each step runs in one transaction together with its number in ``PRAGMA user_version``: an interrupted step has not
happened, and the next start takes it again. Steps are never edited, only added.

What can be read without a key: session ids (derived, opaque), tenants, kinds, counts, sizes, and when orders are due.
"""

from collections.abc import Sequence

import apsw

from plugin.journal.opening import CannotOpen

APPLICATION = 0x4665726D  # "Ferm", in the header of the file
FIRST = f"""
PRAGMA application_id = {APPLICATION};
CREATE TABLE wraps (               -- keys under a master key: the journal's own, and one of each tenant
    owner TEXT PRIMARY KEY, master TEXT NOT NULL, wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (            -- oldest first by number; tip is the link of the last record
    number INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, head BLOB NOT NULL,
    last INTEGER NOT NULL, tip BLOB NOT NULL, shelved INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_open ON sessions (number) WHERE shelved = 0;
CREATE TABLE keys (                -- one of each kind of a session, under the tenant's key; no number twice
    number INTEGER PRIMARY KEY AUTOINCREMENT, session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
    kind TEXT NOT NULL, wrapped BLOB NOT NULL, UNIQUE (session, kind)
) STRICT;
CREATE TABLE records (             -- payload is null when its key was forgotten; digest and link stay
    number INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
    position INTEGER NOT NULL, kind TEXT NOT NULL, key INTEGER NOT NULL,
    payload BLOB, digest BLOB NOT NULL, link BLOB NOT NULL, UNIQUE (session, position)
) STRICT;
CREATE TABLE orders (              -- not yet settled; the order itself is in its record
    number INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
    position INTEGER NOT NULL, item INTEGER NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL,
    parked INTEGER NOT NULL, reason TEXT, UNIQUE (session, position, item)
) STRICT;
CREATE INDEX orders_due ON orders (due_at) WHERE parked = 0;
CREATE TABLE due (                 -- when each kind of a session may be forgotten
    session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE, kind TEXT NOT NULL, due_at INTEGER NOT NULL,
    PRIMARY KEY (session, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX due_at ON due (due_at);
CREATE TABLE inbox (               -- deliveries seen, by keyed hash
    tag BLOB PRIMARY KEY, digest BLOB NOT NULL, received_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE notes (tag BLOB PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE erased (session TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
"""
STEPS: Sequence[str] = (FIRST,)


def migrate(db: apsw.Connection, steps: Sequence[str] = STEPS) -> None:
    """Bring a file to the present shape; raises ``CannotOpen`` for a newer or a foreign one."""
    version = check_version(db, steps)
    for number in range(version, len(steps)):
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute(steps[number])
            db.pragma("user_version", number + 1)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def check_version(db: apsw.Connection, steps: Sequence[str] = STEPS) -> int:
    """How many steps a file has taken; raises ``CannotOpen`` when it is not ours or from a later release."""
    version = int(db.pragma("user_version"))
    tables = db.execute("SELECT count(*) FROM sqlite_schema").get
    if (version or tables) and db.pragma("application_id") != APPLICATION:
        raise CannotOpen("the file is a database, but not a journal of Fermata")
    if version > len(steps):
        raise CannotOpen(
            f"the journal has format {version}; this release knows up to {len(steps)}, use a newer one"
        )
    return version
