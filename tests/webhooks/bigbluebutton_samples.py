"""BigBlueButton deliveries made to order, signed by another reckoning than ours."""

import hashlib
import json
from typing import Any
from urllib.parse import quote, urlencode

from tests.webhooks.known import known
from tests.webhooks.samples import NOW
from webhooks.delivery import Delivery

BBB = known("bigbluebutton")
SECRET = BBB.keys["shared"]
URL = "https://fermata.example/webhooks/north/bigbluebutton"
STAMP = int(NOW.timestamp()) * 1000
TYPE = (("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8"),)
BEARER = ("Authorization", f"Bearer {SECRET}")
MEETING = {"internal-meeting-id": "5e1f-1795442399000", "external-meeting-id": "session-1"}
USER = {"internal-user-id": "w_ben1", "external-user-id": "cl-0001", "name": "Ben Example", "role": "VIEWER"}


def event(kind: str = "user-joined", ts: Any = STAMP, **parts: Any) -> dict[str, Any]:
    attributes = {"meeting": MEETING, "user": USER, **parts}
    return {"data": {"type": "event", "id": kind, "attributes": attributes, "event": {"ts": ts}}}


def form(told: str = "", stamp: object = STAMP) -> list[tuple[str, str]]:
    told = told or json.dumps([event()], separators=(",", ":"))
    return [("domain", "bbb.example.test"), ("event", told), ("timestamp", str(stamp))]


BODY = urlencode(form()).encode()


def digest(*parts: bytes | str, algorithm: str = "sha256") -> str:
    whole = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hashlib.new(algorithm, whole).hexdigest()


def sent(
    body: bytes = BODY, checksum: str = "", headers: tuple[tuple[str, str], ...] = (), url: str = URL
) -> Delivery:
    mark = "&" if "?" in url else "?"
    return Delivery((*TYPE, *headers), body, f"{url}{mark}checksum={checksum or digest(url, body, SECRET)}")


def by_header(body: bytes = BODY, value: str = BEARER[1]) -> Delivery:
    return Delivery((*TYPE, ("Authorization", value)), body, URL)


def compact(stamp: object = STAMP, name: str = "Zoë Example") -> tuple[bytes, str]:
    """A body of 2.x and what it digests in its place, both put together by hand."""
    told = json.dumps([event(user={**USER, "name": name})], ensure_ascii=False, separators=(",", ":"))
    body = f"event={quote(told, safe='')}&timestamp={stamp}&domain=bbb.example.test"
    escaped = told.replace("\\", "\\\\").replace('"', '\\"')
    return body.encode(), f'{{"event":"{escaped}","timestamp":{stamp},"domain":"bbb.example.test"}}'
