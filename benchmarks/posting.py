"""Deliveries posted over kept connections, each with one on its way at a time, on bare sockets."""

import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from benchmarks.crowd import Hung
from benchmarks.measures import Figures, percentile
from benchmarks.servers import cpu_of

_ANSWERS_WITHIN = 10.0
_LENGTH = b"content-length: "


@dataclass(frozen=True, slots=True)
class Posting:
    """How much to post: kept connections, and whole calls on each, before and while it counts."""

    connections: int
    warm: int
    calls: int

    @property
    def all_calls(self) -> int:
        """The calls of a run."""
        return self.connections * (self.warm + self.calls)


class Sender(Protocol):
    """A host that makes calls, each as the requests by which it tells of it. It goes to another process."""

    def call(self, port: int) -> Sequence[bytes]:
        """The requests of a new call, ready for the wire."""
        ...


@dataclass(eq=False, slots=True)
class _Post:
    sock: socket.socket
    requests: deque[bytes]
    sent_at: float = 0.0
    heard: bytes = b""
    took: list[float] = field(default_factory=list)

    def send(self) -> None:
        self.heard, self.sent_at = b"", time.perf_counter()
        self.sock.sendall(self.requests.popleft())

    def read(self) -> bool:
        """Read what came; answers whether the answer is whole. Raises ``Hung`` unless it is a 2xx."""
        part = self.sock.recv(1 << 16)
        if not part:
            raise Hung("a server hung up")
        self.heard += part
        head, end, body = self.heard.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return False
        if not head.startswith(b"HTTP/1.1 2"):
            raise Hung(f"a delivery was answered {head.splitlines()[0]!r}")
        self.took.append(time.perf_counter() - self.sent_at)
        return True


def _length(head: bytes) -> int:
    _, _, after = head.lower().partition(_LENGTH)
    return int(after.split(b"\r", 1)[0] or 0)


def post(sender: Sender, port: int, pid: int, load: Posting) -> Figures:
    """One run against one fresh server."""
    posts = [_Post(_connected(port), deque()) for _ in range(load.connections)]
    before = _fill(posts, sender, port, load.warm)
    _all(posts)
    count = _fill(posts, sender, port, load.calls)
    for each in posts:
        each.took.clear()
    server, own = cpu_of(pid), time.process_time()
    took = _all(posts)
    server, own = cpu_of(pid) - server, time.process_time() - own
    for each in posts:
        each.sock.close()
    times = [seconds for each in posts for seconds in each.took]
    return {
        "ops_per_s": len(times) / took,
        "cpu_us_per_op": server * 1e6 / len(times),
        "p50_us": percentile(times, 0.5) * 1e6,
        "p99_us": percentile(times, 0.99) * 1e6,
        "server_busy": server / took,
        "generator_busy": own / took,
        "deliveries": before + count,
    }


def _connected(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), timeout=_ANSWERS_WITHIN)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _fill(posts: Sequence[_Post], sender: Sender, port: int, calls: int) -> int:
    """Have all requests made beforehand; answers how many there are."""
    for each in posts:
        for _ in range(calls):
            each.requests.extend(sender.call(port))
    return sum(len(each.requests) for each in posts)


def _all(posts: Sequence[_Post]) -> float:
    """Send everything; answers the seconds it took."""
    poll, by_number = select.epoll(), {each.sock.fileno(): each for each in posts}
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    left, begin = sum(len(each.requests) for each in posts), time.perf_counter()
    for each in posts:
        each.send()
    while left:
        ready = poll.poll(_ANSWERS_WITHIN)
        if not ready:
            raise Hung("an answer did not come")
        for number, _ in ready:
            each = by_number[number]
            if each.read():
                left -= 1
                if each.requests:
                    each.send()
    poll.close()
    return time.perf_counter() - begin
