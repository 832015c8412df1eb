"""How each contestant of the pause is spoken to, so that one crowd can load them all alike."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from benchmarks.frames import frame
from benchmarks.practice import Call, Host, Keys

_DOORS = 16
"""Connections over which the host speaks to the service while calls begin."""

Pair = tuple[bytes, bytes]
"""Greetings of a client and of their therapist."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One operation: the frame that goes up, and what the two frames that must come of it hold.

    ``answer`` is in the client's acknowledgement, ``copy`` in the therapist's frame.
    """

    frame: bytes
    answer: bytes
    copy: bytes
    press: bool


class Dialect(Protocol):
    """One contestant's words."""

    @property
    def path(self) -> str:
        """Where its WebSocket is."""
        ...

    @property
    def ping(self) -> bytes:
        """How the frame begins with which it asks whether a line lives."""
        ...

    @property
    def pong(self) -> bytes:
        """The frame that answers it."""
        ...

    def admit(self, port: int, calls: int) -> Iterator[Pair]:
        """Make calls known to the server, one by one; gives the greetings of both sides."""
        ...

    def seated(self, heard: bytes) -> bool:
        """Whether this frame says that a line is in its call."""
        ...

    def asks(self) -> Iterator[Ask]:
        """A pause pressed, and ended again, without end; for one call."""
        ...


def _moves() -> Iterator[tuple[str, str]]:
    while True:
        pause = str(uuid4())
        yield "pause.press", pause
        yield "pause.resume", pause


def _document(kind: str, ask: str) -> dict[str, object]:
    return {"v": 1, "type": "ask", "id": ask, "age_ms": 0, "kind": kind}


def _hello(token: str) -> bytes:
    return _text({"v": 1, "type": "hello", "token": token})


def _text(document: object) -> bytes:
    return frame(json.dumps(document, separators=(",", ":")).encode())


@dataclass(frozen=True)
class Relay:
    """The bare floor, which never asks whether a line lives."""

    path: str = "/live"
    ping: bytes = b"\x00"
    pong: bytes = b""

    def admit(self, port: int, calls: int) -> Iterator[Pair]:
        """Any name is a call."""
        del port
        for call in (uuid4().hex for _ in range(calls)):
            yield (
                _text({"type": "hello", "call": call, "role": "client"}),
                _text({"type": "hello", "call": call, "role": "therapist"}),
            )

    def seated(self, heard: bytes) -> bool:
        """It says so."""
        return b'"ready"' in heard

    def asks(self) -> Iterator[Ask]:
        """The product's frames."""
        for kind, _ in _moves():
            ask = str(uuid4())
            yield Ask(_text(_document(kind, ask)), ask.encode(), ask.encode(), kind == "pause.press")


@dataclass(frozen=True)
class Socketio:
    """python-socketio over its WebSocket transport."""

    path: str = "/socket.io/?EIO=4&transport=websocket"
    ping: bytes = b"2"
    pong: bytes = frame(b"3")

    def admit(self, port: int, calls: int) -> Iterator[Pair]:
        """Any name is a call; both sides say the same."""
        del port
        for call in (uuid4().hex for _ in range(calls)):
            hello = frame(b"40" + json.dumps({"call": call}).encode())
            yield hello, hello

    def seated(self, heard: bytes) -> bool:
        """The namespace is connected."""
        return heard.startswith(b'40{"sid"')

    def asks(self) -> Iterator[Ask]:
        """The product's documents as events that want an acknowledgement."""
        for number, (kind, _) in enumerate(_moves()):
            ask = str(uuid4())
            event = json.dumps(["press", _document(kind, ask)], separators=(",", ":")).encode()
            yield Ask(
                frame(b"42%d%b" % (number, event)), b"43%d[" % number, ask.encode(), kind == "pause.press"
            )


@dataclass(frozen=True)
class Product:
    """The running service, with calls that its host has begun."""

    keys: Keys
    path: str = "/v1/live"
    ping: bytes = b'{"v":1,"type":"ping"'
    pong: bytes = frame(b'{"v":1,"type":"pong","visible":true}')

    def admit(self, port: int, calls: int) -> Iterator[Pair]:
        """Three signed deliveries and two tokens a call, for several calls at a time."""
        with ThreadPoolExecutor(_DOORS) as pool:
            hosts = [Host(port, self.keys) for _ in range(_DOORS)]
            try:
                for begun in range(0, calls, _DOORS):
                    names = [Call(uuid4().hex[:12]) for _ in range(min(_DOORS, calls - begun))]
                    for client, therapist in pool.map(Host.begin, hosts, names):
                        yield _hello(client), _hello(therapist)
            finally:
                for host in hosts:
                    host.close()

    def seated(self, heard: bytes) -> bool:
        """The first screen of the call has come."""
        return b'"card":"pause-button"' in heard or b'"card":"pause-ready"' in heard

    def asks(self) -> Iterator[Ask]:
        """A press, and the client's own way on; the therapist's screen shows both."""
        for kind, pause in _moves():
            press = kind == "pause.press"
            ask = pause if press else str(uuid4())
            document = _document(kind, ask) | ({} if press else {"pause": pause, "choice": "go_on"})
            yield Ask(
                _text(document),
                b'"answer","id":"%b","ok":true' % ask.encode(),
                b'"pause":"%b"' % pause.encode() if press else b'"stage":"resumed"',
                press,
            )
