"""The tables of the record's own SQLite file, as steps that each take the file one version further."""

import apsw

STEPS = (
    """
    CREATE TABLE resource (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
        UNIQUE (kind, id)
    ) STRICT;
    CREATE TABLE version (
        seq INTEGER NOT NULL REFERENCES resource, version INTEGER NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (seq, version)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE found_by (
        kind TEXT NOT NULL, parameter TEXT NOT NULL, value TEXT NOT NULL, system TEXT NOT NULL,
        seq INTEGER NOT NULL REFERENCES resource,
        PRIMARY KEY (kind, parameter, value, system, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX found_by_seq ON found_by (seq);
    CREATE TABLE assertion (
        client TEXT NOT NULL, digest BLOB NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY (client, digest)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE access (
        digest BLOB PRIMARY KEY, client TEXT NOT NULL, scope TEXT NOT NULL, expires REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE result (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
    """,
)


def migrate(connection: apsw.Connection) -> None:
    """Bring an open file to the newest version; a step that was cut short is done again as a whole."""
    done = int(str(connection.pragma("user_version")))
    for version, step in enumerate(STEPS[done:], done + 1):
        connection.execute(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {version}; COMMIT")
