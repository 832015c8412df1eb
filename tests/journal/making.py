"""What the journal's tests are made of: heads, entries, deliveries and keys."""

import base64
import hashlib
import json
import os
import uuid
from datetime import UTC, datetime

from plugin.journal.masters import Masters, masters_from
from plugin.ports import Entry, Head, Received

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NAMESPACE = uuid.UUID("5f0b41a0-2f4e-4b57-9d1f-5f7a3d4a0c11")


def secret() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def masters(*written: str) -> Masters:
    return masters_from(",".join(written) or f"m1={secret()}")


def head(name: str = "one", tenant: str = "practice") -> Head:
    return Head(str(uuid.uuid5(NAMESPACE, name)), tenant, "sandbox", f"meeting-{name}", f"occurrence-{name}")


def body(said: str = "hello", *, orders: int = 0) -> bytes:
    event = {"type": "said", "words": said}
    return json.dumps(
        {"event": event, "orders": [{"type": "save", "n": n, "words": said} for n in range(orders)]}
    ).encode()


def entry(
    position: int, *, of: Head | None = None, kind: str = "call", said: str | None = None, orders: int = 0
) -> Entry:
    told = f"record {position}" if said is None else said
    return Entry(of or head(), position, kind, body(told, orders=orders), orders)


def received(key: str, told: str = "a body", *, at: datetime = NOON, tenant: str = "practice") -> Received:
    return Received(tenant, "sandbox", key, hashlib.sha256(told.encode()).digest(), at)
