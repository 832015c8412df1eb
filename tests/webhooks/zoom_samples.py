"""Zoom's events made to order, and its signature made by hand."""

import hmac
import json
from datetime import datetime
from typing import Any

from tests.webhooks.known import known
from tests.webhooks.samples import NOW
from webhooks import zoom
from webhooks.delivery import Delivery

KEYS = known("zoom").keys
SECRET = KEYS["token"]
ISSUED = int(NOW.timestamp())
HOST = "Ther-1"


def event(kind: str = "meeting.participant_joined", *, ts: int = ISSUED * 1000, **fields: Any) -> bytes:
    """An event; ``who`` and ``meeting`` change the participant and the object, null takes a field away."""
    who = {"user_id": "167", "join_time": "2026-11-23T14:00:05Z", **fields.pop("who", {})}
    whole = {"id": "841", "uuid": "u/1==", "host_id": HOST, "participant": who, **fields.pop("meeting", {})}
    document = {
        "event": kind,
        "event_ts": ts,
        "payload": {"account_id": "A", "object": _kept(whole)},
        **fields,
    }
    return json.dumps(_kept(document)).encode()


def _kept(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value is not None}


def trial(token: object) -> bytes:
    document = {
        "event": "endpoint.url_validation",
        "payload": {"plainToken": token},
        "event_ts": ISSUED * 1000,
    }
    return json.dumps(document).encode()


def signed(body: bytes, *, at: datetime = NOW, secret: str = SECRET) -> Delivery:
    return zoom.sign(body, "token", secret, at, key="")


def by_hand(text: bytes, stamp: str, *, body: bytes, secret: str = SECRET) -> Delivery:
    """A delivery whose signature is over exactly *text*."""
    signature = "v0=" + hmac.new(secret.encode(), text, "sha256").hexdigest()
    return Delivery((("x-zm-request-timestamp", stamp), ("x-zm-signature", signature)), body)


BODY = event()
