"""The crowd: many WebSockets of one process, on bare sockets and one ``epoll``.

A client library would cost more than the servers under test. ``busy`` of a run says how much of one core the crowd
itself needed, so that a reader can see which side was the limit.
"""

import select
import socket
import time
from collections.abc import Callable

from benchmarks.frames import CLOSE, PING, PONG, TEXT, frame, split, upgrade

Hear = Callable[[bytes, float], None]
_ANSWERS_WITHIN = 10.0


class Hung(Exception):
    """What was waited for did not come, or a server hung up."""


class Line:
    """One WebSocket. ``hear`` gets each text frame, and the moment at which it was read."""

    __slots__ = ("hear", "rest", "sock")

    def __init__(self, sock: socket.socket, rest: bytes) -> None:
        self.sock = sock
        self.rest = rest
        self.hear: Hear = lambda _frame, _now: None

    def send(self, data: bytes) -> None:
        """Send frames that are made already; they are small, so the kernel takes them whole."""
        if self.sock.send(data) != len(data):
            raise Hung("a server does not read")


class Crowd:
    """All lines of this process."""

    def __init__(self, port: int, path: str, origin: str = "") -> None:
        self._port = port
        self._request = upgrade(path, port, origin or f"http://127.0.0.1:{port}")
        self._poll = select.epoll()
        self._lines: dict[int, Line] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def connect(self) -> Line:
        """Open one line; raises ``Hung``."""
        sock = socket.create_connection(("127.0.0.1", self._port), timeout=_ANSWERS_WITHIN)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(self._request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            part = sock.recv(4096)
            if not part:
                raise Hung("a server hung up")
            answer += part
        head, _, rest = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise Hung(f"no WebSocket: {head.splitlines()[0]!r}")
        sock.setblocking(False)
        line = Line(sock, rest)
        self._lines[sock.fileno()] = line
        self._poll.register(sock.fileno(), select.EPOLLIN)
        return line

    def turn(self, wait: float) -> None:
        """Read whatever has come, waiting at most this many seconds for the first; raises ``Hung``."""
        # ``epoll`` itself waits in whole milliseconds, ``select`` in microseconds.
        if wait > 0 and not select.select([self._poll.fileno()], (), (), wait)[0]:
            return
        for number, _ in self._poll.poll(0):
            line = self._lines[number]
            data = line.sock.recv(1 << 18)
            now = time.perf_counter()
            if not data:
                raise Hung("a server hung up")
            frames, line.rest = split(line.rest + data)
            for opcode, payload in frames:
                if opcode == TEXT:
                    line.hear(payload, now)
                else:
                    _control(line, opcode, payload)

    def until(self, done: Callable[[], bool], within: float = _ANSWERS_WITHIN) -> None:
        """Turn until something is so; raises ``Hung`` when it takes too long."""
        latest = time.monotonic() + within
        while not done():
            if time.monotonic() > latest:
                raise Hung("an answer did not come")
            self.turn(0.1)

    def rest(self, seconds: float) -> None:
        """Turn for a while."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.turn(left)

    def close(self) -> None:
        """Hang up on all lines."""
        farewell = frame(b"\x03\xe8", CLOSE)
        for line in self._lines.values():
            line.sock.settimeout(1)
            line.send(farewell)
            line.sock.close()
        self._lines.clear()
        self._poll.close()


def _control(line: Line, opcode: int, payload: bytes) -> None:
    if opcode == PING:
        line.send(frame(payload, PONG))
    elif opcode == CLOSE:
        raise Hung(f"a server closed with {int.from_bytes(payload[:2], 'big')}")
