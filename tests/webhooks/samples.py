"""Deliveries to try things on: recorded ones, and signed ones made to order."""

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt

from plugin.commands.recordings import Recorded, recorded
from tests.webhooks.known import FIXTURES, known
from webhooks.delivery import Delivery, Headers

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
LIVEKIT = known("livekit").keys
SANDBOX = known("sandbox").keys


def session(host: str, name: str) -> list[Recorded]:
    """All deliveries of one recorded file."""
    return recorded(str(FIXTURES / host / f"{name}.jsonl"), None)


def signed(host: str, body: bytes, *, at: datetime = NOW, key: str = "msg_1") -> Delivery:
    """A delivery with headers as the host makes them, with its first secret."""
    return known(host).signed(body, at, key=key)


def with_header(delivery: Delivery, name: str, value: str) -> Delivery:
    """The same delivery with another value in one header."""
    kept = [(key, old) for key, old in delivery.headers if key.lower() != name.lower()]
    return replace(delivery, headers=(*kept, (name, value)))


def without_header(delivery: Delivery, name: str) -> Delivery:
    return replace(
        delivery, headers=tuple(pair for pair in delivery.headers if pair[0].lower() != name.lower())
    )


def joined(**changes: Any) -> dict[str, Any]:
    """The body of a LiveKit participant_joined, with some fields of the participant changed."""
    participant = {
        "sid": "PA_1",
        "identity": "client-1",
        "name": "Ben Example",
        "joinedAtMs": "1795442400250",
        "attributes": {"role": "client"},
        **changes,
    }
    return livekit_event("participant_joined", participant=participant)


def livekit_event(event: str, **parts: Any) -> dict[str, Any]:
    room = {"sid": "RM_1", "name": "room-1", "turnPassword": "marker-turn", "creationTimeMs": "1795442399500"}
    return {"event": event, "room": room, "id": "EV_1", "createdAt": "1795442400", **parts}


def livekit_token(
    body: bytes, *, secret: str = LIVEKIT["fermatadev"], header: Any = None, **claims: Any
) -> Headers:
    """An Authorization header made by hand; a claim given as None is left out."""
    issued = int(NOW.timestamp())
    usual = {
        "iss": "fermatadev",
        "nbf": issued,
        "exp": issued + 300,
        "sha256": b64encode(sha256(body).digest()).decode(),
    }
    kept = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    algorithm = (header or {}).get("alg", "HS256")
    return (("Authorization", jwt.encode(kept, secret, algorithm, headers=header)),)


def sandbox_message(kind: str, **data: Any) -> bytes:
    document = {
        "type": kind,
        "timestamp": "2026-11-23T14:00:00Z",
        "data": {"meeting": "room-1", "occurrence": "run-1", **data},
    }
    return json.dumps(document).encode()


SOON = timedelta(seconds=1)
