"""The host's part: settings and keys of an installation, signed deliveries, participant tokens.

It shares no code with the product, as a real host does not.
"""

import base64
import hmac
import http.client
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

_TENANT = "north"
_BODY = 700
"""Bytes that a delivery is filled up to: what hosts send, for most of them say more than we read."""


def _secret() -> str:
    return secrets.token_urlsafe(48)


@dataclass(frozen=True)
class Keys:
    """The secrets that the host and the installation share, and the installation's own."""

    webhook: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    participant: str = field(default_factory=_secret)
    overlay: str = field(default_factory=_secret)
    pseudonym: str = field(default_factory=_secret)
    master: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())


@dataclass(frozen=True, slots=True)
class Call:
    """One call of two people."""

    name: str

    @property
    def client(self) -> str:
        """The client's id at the host."""
        return f"pat-{self.name}"

    @property
    def therapist(self) -> str:
        """The therapist's id at the host."""
        return f"pra-{self.name}"


def path_of(host: str) -> str:
    """Where the service takes the deliveries of a host."""
    return f"/webhooks/{_TENANT}/{host}"


PATH = path_of("sandbox")


def furnish(
    folder: Path, port: int, keys: Keys, host: str = "sandbox", signing: Mapping[str, str] | None = None
) -> Path:
    """Write the settings of an installation that changes nothing that has a default; answers the file.

    ``signing`` are the secrets with which the host signs, where it is not the one that is played here.
    """
    own = {"w1": f"whsec_{base64.b64encode(keys.webhook).decode()}"}
    signed = ", ".join(f"{json.dumps(name)} = {json.dumps(key)}" for name, key in (signing or own).items())
    config = folder / "fermata.toml"
    config.write_text(f"""
data = {json.dumps(str(folder / "data"))}
port = {port}
master_keys = {{ m1 = "{keys.master}" }}
token_keys = {{ o1 = "{keys.overlay}" }}
pseudonym_key = "{keys.pseudonym}"

[[hosts]]
tenant = "{_TENANT}"
host = "{host}"
url = "http://127.0.0.1:1"
webhook_keys = {{ {signed} }}
token_keys = {{ t1 = "{keys.participant}" }}
""")
    config.chmod(0o600)
    return config


def _body(kind: str, call: Call, person: str | None, role: str | None) -> bytes:
    data = {"meeting": f"room-{call.name}", "occurrence": f"run-{call.name}"}
    if person:
        data |= {"participant": person, "connection": f"c-{person}", "role": role or "", "reason": "left"}
    document = {"type": kind, "timestamp": datetime.now(UTC).isoformat(), "data": data, "more": ""}
    document["more"] = "x" * max(0, _BODY - len(json.dumps(document)))
    return json.dumps(document).encode()


def delivery(keys: Keys, port: int, body: bytes, path: str = PATH) -> bytes:
    """A whole signed request, ready for the wire."""
    message, stamp = uuid4().hex, str(int(time.time()))
    digest = hmac.digest(keys.webhook, f"{message}.{stamp}.".encode() + body, "sha256")
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"webhook-id: {message}\r\nwebhook-timestamp: {stamp}\r\n"
        f"webhook-signature: v1,{base64.b64encode(digest).decode()}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def opening(call: Call) -> list[bytes]:
    """The bodies with which a host tells that a call has begun and both people are in it."""
    return [
        _body("meeting.started", call, None, None),
        _body("participant.joined", call, call.client, "client"),
        _body("participant.joined", call, call.therapist, "therapist"),
    ]


def ending(call: Call) -> list[bytes]:
    """The bodies with which a host tells that both have left and the call is over."""
    return [
        _body("participant.left", call, call.client, "client"),
        _body("participant.left", call, call.therapist, "therapist"),
        _body("meeting.ended", call, None, None),
    ]


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends whole calls: they begin, are joined by two, left by two, and end."""

    keys: Keys
    path: str = PATH

    def call(self, port: int) -> list[bytes]:
        """The requests of a new call."""
        call = Call(uuid4().hex[:12])
        return [delivery(self.keys, port, body, self.path) for body in (*opening(call), *ending(call))]


def _participant_token(keys: Keys, call: Call, person: str, role: str) -> str:
    def part(document: object) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=")

    now = int(time.time())
    claims = {
        "iss": "sandbox", "aud": "fermata", "sub": person, "meeting": f"room-{call.name}", "role": role,
        "occurrence": f"run-{call.name}", "iat": now, "exp": now + 900, "jti": uuid4().hex,
    }  # fmt: skip
    signed = part({"alg": "HS256", "typ": "JWT", "kid": "t1"}) + b"." + part(claims)
    signature = hmac.digest(keys.participant.encode(), signed, "sha256")
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


class Host:
    """The host, speaking to one running service over one kept connection."""

    def __init__(self, port: int, keys: Keys) -> None:
        self._port = port
        self._keys = keys
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def begin(self, call: Call) -> tuple[str, str]:
        """Open a call; answers the overlay tokens of its client and its therapist."""
        for body in opening(call):
            self._deliver(body)
        return self._token(call, call.client, "client"), self._token(call, call.therapist, "therapist")

    def _deliver(self, body: bytes) -> None:
        head, _, _ = delivery(self._keys, self._port, body).partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[2:]]
        self._post(PATH, body, dict(lines), 202)

    def _token(self, call: Call, person: str, role: str) -> str:
        given = {"token": _participant_token(self._keys, call, person, role)}
        headers = {"Content-Type": "text/plain"}
        answer = self._post("/v1/overlay-tokens", json.dumps(given).encode(), headers, 200)
        return str(json.loads(answer)["token"])

    def _post(self, path: str, body: bytes, headers: dict[str, str], wanted: int) -> bytes:
        self._http.request("POST", path, body, headers)
        answer = self._http.getresponse()
        content = answer.read()
        if answer.status != wanted:
            raise RuntimeError(f"{path} answered {answer.status}")
        return content

    def close(self) -> None:
        """Hang up."""
        self._http.close()
