"""Runs of a meeting: who came and went, and the webhooks that tell it.

Rules:
- The first to join begins an occurrence; at most one is open for each meeting.
- A connection is one signalling socket: it opens once and closes once, and a reconnect is another
  connection.
- Webhooks are owed in the same transaction, and only for an occurrence with Fermata switched on.
- Switching Fermata on or off while people are in the call ends one occurrence and begins another with the
  same people, so that an occurrence is told completely or not at all.
"""

import sqlite3
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from plugin.sandbox.links import Visitor
from plugin.sandbox.outbox import owe

Reason = Literal["left", "gone"]
View = Literal["lobby", "left", "over"]
SURVEY_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One run of a meeting."""

    id: str
    meeting: str
    fermata: bool


def open_occurrence(db: sqlite3.Connection, meeting: str) -> Occurrence | None:
    """The run that people are in, or were a moment ago."""
    row = db.execute(
        "SELECT id, meeting, fermata FROM occurrence WHERE meeting = ? AND ended_at IS NULL", (meeting,)
    ).fetchone()
    return Occurrence(row["id"], row["meeting"], bool(row["fermata"])) if row else None


def fermata_on(db: sqlite3.Connection, meeting: str) -> bool:
    """What the therapist's switch says for the session that runs, or for the next one."""
    row = db.execute("SELECT fermata FROM meeting WHERE id = ?", (meeting,)).fetchone()
    return bool(row["fermata"])


def arrive(db: sqlite3.Connection, visitor: Visitor, now: datetime) -> str:
    """Open a connection for *visitor* and return its id; begins the occurrence when nobody was there."""
    occurrence = open_occurrence(db, visitor.meeting) or _begin(db, visitor.meeting, now)
    return _connect(db, occurrence, visitor.person, now)


def depart(db: sqlite3.Connection, connection: str, reason: Reason, now: datetime) -> None:
    """Close a connection, unless it is closed already."""
    row = db.execute(
        "SELECT occurrence.id, meeting, fermata, person FROM connection"
        " JOIN occurrence ON occurrence.id = occurrence WHERE connection.id = ? AND left_at IS NULL",
        (connection,),
    ).fetchone()
    if row is None:
        return
    _disconnect(db, connection, reason, now)
    if row["fermata"]:
        _tell_person(db, "participant.left", row, connection, now, reason=reason)


def all_gone(db: sqlite3.Connection, meeting: str, now: datetime) -> None:
    """Close every connection of the open occurrence: after a restart no socket is left."""
    for connection in _connected(db, meeting):
        depart(db, connection["id"], "gone", now)


def close(db: sqlite3.Connection, meeting: str, now: datetime) -> None:
    """End the open occurrence for everybody; the switch is for one session, so it goes back to on."""
    if open_occurrence(db, meeting):
        _end(db, meeting, now)
        db.execute("UPDATE meeting SET fermata = 1 WHERE id = ?", (meeting,))


def switch(db: sqlite3.Connection, meeting: str, now: datetime, *, on: bool) -> dict[str, str]:
    """Turn Fermata on or off; returns the new connection of each old one when an occurrence was open."""
    if fermata_on(db, meeting) == on:
        return {}
    connected = _connected(db, meeting)
    _end(db, meeting, now)
    db.execute("UPDATE meeting SET fermata = ? WHERE id = ?", (on, meeting))
    if not connected:
        return {}
    occurrence = _begin(db, meeting, now)
    return {row["id"]: _connect(db, occurrence, row["person"], now) for row in connected}


def attended(db: sqlite3.Connection, visitor: Visitor, now: datetime) -> tuple[View, str | None]:
    """Which view a call link leads to, and the occurrence a participant token may be issued for.

    That is the last occurrence this person was in, with Fermata on, while it runs and for 24 h after its end.
    """
    row = db.execute(
        "SELECT occurrence.id, ended_at, fermata, left_at, reason FROM connection"
        " JOIN occurrence ON occurrence.id = occurrence WHERE person = ?"
        " ORDER BY ended_at IS NULL DESC, started_at DESC,"
        " left_at IS NULL DESC, left_at DESC, connection.rowid DESC LIMIT 1",
        (visitor.person,),
    ).fetchone()
    if row is None or not row["fermata"]:
        return "lobby", None
    if row["ended_at"] is None:
        return ("left" if row["reason"] == "left" else "lobby"), row["id"]
    if datetime.fromisoformat(row["ended_at"]) + SURVEY_LIFE <= now:
        return "lobby", None
    return ("lobby" if open_occurrence(db, visitor.meeting) else "over"), row["id"]


def _begin(db: sqlite3.Connection, meeting: str, now: datetime) -> Occurrence:
    occurrence = Occurrence(str(uuid.uuid4()), meeting, fermata_on(db, meeting))
    db.execute(
        "INSERT INTO occurrence (id, meeting, fermata, started_at) VALUES (?, ?, ?, ?)",
        (occurrence.id, meeting, occurrence.fermata, now.isoformat()),
    )
    if occurrence.fermata:
        owe(db, "meeting.started", {"meeting": meeting, "occurrence": occurrence.id}, now)
    return occurrence


def _end(db: sqlite3.Connection, meeting: str, now: datetime) -> None:
    occurrence = open_occurrence(db, meeting)
    if occurrence is None:
        return
    for connection in _connected(db, meeting):
        _disconnect(db, connection["id"], "gone", now)
    db.execute("UPDATE occurrence SET ended_at = ? WHERE id = ?", (now.isoformat(), occurrence.id))
    if occurrence.fermata:
        owe(db, "meeting.ended", {"meeting": meeting, "occurrence": occurrence.id}, now)


def _connect(db: sqlite3.Connection, occurrence: Occurrence, person: str, now: datetime) -> str:
    connection = str(uuid.uuid4())
    db.execute(
        "INSERT INTO connection (id, occurrence, person, joined_at) VALUES (?, ?, ?, ?)",
        (connection, occurrence.id, person, now.isoformat()),
    )
    if occurrence.fermata:
        facts = {"id": occurrence.id, "meeting": occurrence.meeting, "person": person}
        _tell_person(db, "participant.joined", facts, connection, now)
    return connection


def _disconnect(db: sqlite3.Connection, connection: str, reason: Reason, now: datetime) -> None:
    db.execute(
        "UPDATE connection SET left_at = ?, reason = ? WHERE id = ?", (now.isoformat(), reason, connection)
    )


def _connected(db: sqlite3.Connection, meeting: str) -> list[sqlite3.Row]:
    return db.execute(
        "SELECT connection.id, person FROM connection JOIN occurrence ON occurrence.id = occurrence"
        " WHERE meeting = ? AND ended_at IS NULL AND left_at IS NULL ORDER BY connection.rowid",
        (meeting,),
    ).fetchall()


def _tell_person(
    db: sqlite3.Connection,
    type_: str,
    facts: sqlite3.Row | dict[str, str],
    connection: str,
    now: datetime,
    **more: str,
) -> None:
    role = db.execute("SELECT role FROM person WHERE id = ?", (facts["person"],)).fetchone()["role"]
    data = {
        "meeting": facts["meeting"],
        "occurrence": facts["id"],
        "participant": facts["person"],
        "connection": connection,
        **({"role": role} if role else {}),
        **more,
    }
    owe(db, type_, data, now)
