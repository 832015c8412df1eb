"""How ``bbb-webhooks`` proves a delivery, in its several versions.

A checksum is a plain SHA digest of address + raw body + shared secret; which SHA is told by its length. 3.0 to
3.3.1 digest ``{}`` in place of the body, so whoever saw one of their deliveries could send any other: refused. 2.x
digests a compact JSON of the form's values, which covers them. In "auth 2.0" mode there is no checksum, only
``Authorization: Bearer <shared secret>``: then nothing vouches for the body or its time. A checksum that is there
must hold, whatever a header says.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from webhooks.delivery import Delivery, Malformed, Reason, Unsigned, bearing, read_form, same
from webhooks.secret import octets
from webhooks.times import at_ms

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ALGORITHMS = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
_MILLISECONDS = re.compile(r"0|[1-9][0-9]{0,13}")
_STAMP = re.compile(rb"(^|&)timestamp=[^&]*")


def vouching(delivery: Delivery, secrets: Mapping[str, str]) -> str:
    """Give the id of the secret that vouches; raises ``NotAccepted``."""
    place = max(delivery.url.rfind(f"{mark}checksum=") for mark in "?&")
    address, given = delivery.url[:place], delivery.url[place + len("?checksum=") :]
    if place < 0 or "&" in given or "#" in given:
        return bearing(delivery, secrets)
    if delivery.url[place] != _mark(address):
        raise Unsigned(Reason.WRONG_SIGNATURE)
    return _checksum(address, given, delivery.body, secrets)


def _checksum(address: str, given: str, body: bytes, secrets: Mapping[str, str]) -> str:
    algorithm = _ALGORITHMS.get(len(given))
    if algorithm is None:
        raise Unsigned(Reason.WRONG_SIGNATURE)

    live = {key_id: secret for key_id, secret in secrets.items() if secret}

    def signer(covered: bytes) -> str | None:
        return same([given], {id_: _digest(algorithm, address, covered, s) for id_, s in live.items()})

    if (vouching := signer(body) or signer(_compact(body))) is not None:
        return vouching
    raise Unsigned(Reason.BODY_NOT_COVERED if signer(b"{}") else Reason.WRONG_SIGNATURE)


def _mark(address: str) -> str:
    return "&" if "?" in address else "?"


def _digest(algorithm: str, address: str, covered: bytes, secret: str) -> str:
    parts = (address.encode("utf-8", "surrogatepass"), covered, octets(secret))
    return hashlib.new(algorithm, b"".join(parts)).hexdigest()


def _compact(body: bytes) -> bytes:
    """What 2.x digests in place of the body; the body itself where it is no such form."""
    try:
        form = read_form(body)
        told = {"event": once(form, "event"), "timestamp": _sent(form), "domain": once(form, "domain")}
    except Malformed:
        return body
    if len(form) > len(told):
        return body
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def once(form: list[tuple[str, str]], field: str) -> str:
    """Give the one value of a field: of two, the sender's digest and our reading could each mean another."""
    found = [value for key, value in form if key == field]
    if len(found) != 1:
        raise Malformed(Reason.BAD_BODY)
    return found[0]


def _sent(form: list[tuple[str, str]]) -> int:
    text = once(form, "timestamp")
    if not _MILLISECONDS.fullmatch(text):
        raise Malformed(Reason.BAD_BODY)
    return int(text)


def stamp(body: bytes) -> datetime:
    """Give the time that the form says; raises ``Malformed``."""
    try:
        return at_ms(_sent(read_form(body)))
    except Malformed:
        raise Malformed(Reason.BAD_TIMESTAMP) from None


def signed(body: bytes, secret: str, now: datetime, url: str) -> tuple[bytes, str]:
    """Give body and address as 3.4.0 and later would send them with SHA-256.

    Raises:
        ValueError: there is no secret, or *body* has no one place for the timestamp.
    """
    sent = str((now - _EPOCH) // timedelta(milliseconds=1)).encode()
    body, places = _STAMP.subn(rb"\g<1>timestamp=" + sent, body)
    if not secret or places != 1:
        raise ValueError("no secret, or no single timestamp in the form")
    return body, f"{url}{_mark(url)}checksum={_digest('sha256', url, body, secret)}"
