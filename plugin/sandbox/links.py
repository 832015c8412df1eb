"""The demo meeting's people and their links.

A link carries its secret in the URL's fragment, which browsers never send; the page exchanges it by POST.
Links are reusable and stay the same over restarts: each secret follows from ``link.key`` in the data
folder, and the database holds only the secret's hash.
"""

import base64
import hashlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PEOPLE: Mapping[str, str | None] = {"therapist": "therapist", "client": "client", "guest": None}
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whom a link or a page session stands for; ``person`` is empty for the page of what is stored."""

    page: str
    meeting: str
    person: str = ""
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo meeting: the ids of its people at the host."""

    meeting: str
    people: Mapping[str, str]

    @property
    def therapist(self) -> str:
        """The ``Practitioner`` id."""
        return self.people["therapist"]

    @property
    def client(self) -> str:
        """The ``Patient`` id."""
        return self.people["client"]


def link_key(data: Path) -> bytes:
    """The key in *data* that all link secrets follow from, made at the first start; raises ``OSError``."""
    path = data / "link.key"
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        descriptor = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.with_suffix(".new").rename(path)
    return path.read_bytes()


def seed(db: sqlite3.Connection, key: bytes) -> Demo:
    """Make the demo meeting, its people and their links where they are not there yet."""
    known = db.execute("SELECT id FROM meeting").fetchone()
    meeting = known["id"] if known else f"meeting-{secrets.token_hex(6)}"
    db.execute("INSERT OR IGNORE INTO meeting (id) VALUES (?)", (meeting,))
    for page, role in PEOPLE.items():
        new = (f"{page}-{secrets.token_hex(6)}", meeting, role, page)
        db.execute("INSERT OR IGNORE INTO person (id, meeting, role, page) VALUES (?, ?, ?, ?)", new)
    people = {row["page"]: row["id"] for row in db.execute("SELECT page, id FROM person")}
    for page in (*PEOPLE, "record"):
        link = (_digest(secret_of(key, meeting, page)), page, meeting, people.get(page))
        db.execute("INSERT OR IGNORE INTO link (digest, page, meeting, person) VALUES (?, ?, ?, ?)", link)
    return Demo(meeting, people)


def secret_of(key: bytes, meeting: str, page: str) -> str:
    """The secret of one page's link: 256 bits that nobody without the key can work out."""
    return _text(hmac.digest(key, f"link/{meeting}/{page}".encode(), "sha256"))


def urls(public_url: str, key: bytes, demo: Demo) -> dict[str, str]:
    """The links to hand out, by the page they open."""
    calls = {page: f"{public_url}/call#{secret_of(key, demo.meeting, page)}" for page in PEOPLE}
    return {**calls, "record": f"{public_url}/record#{secret_of(key, demo.meeting, 'record')}"}


def visitor_with(db: sqlite3.Connection, secret: str) -> Visitor | None:
    """Whose link carries *secret*; looked up by hash, so its timing tells nothing about other links."""
    row = db.execute(
        "SELECT link.page, link.meeting, link.person, role FROM link"
        " LEFT JOIN person ON person.id = link.person WHERE digest = ?",
        (_digest(secret),),
    ).fetchone()
    return Visitor(row["page"], row["meeting"], row["person"] or "", row["role"]) if row else None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
