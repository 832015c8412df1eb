"""A line that a test can break: a TCP proxy that stops forwarding and closes nothing, or answers by itself.

A closed socket tells both ends that something is wrong. Lines of the real world often do not: a phone in a lift, a
router that forgot a connection, a hotel's login page that answers in the place of the service.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple
from urllib.parse import urlsplit

LONGEST_HEAD = 64 * 1024


class Reply(NamedTuple):
    """What the proxy says in the place of the service; readable by any page, as the worst of them are."""

    status: str
    kind: str = "text/html"
    body: bytes = b""
    location: str = ""

    def to(self, origin: bytes) -> bytes:
        """The bytes of the answer to a page of this origin."""
        lines = [
            f"HTTP/1.1 {self.status}".encode(),
            b"Content-Type: " + self.kind.encode(),
            b"Content-Length: %d" % len(self.body),
            b"Access-Control-Allow-Origin: " + (origin or b"*"),
            *([b"Location: " + self.location.encode()] if self.location else []),
        ]
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body


HTML = Reply("200 OK", body=b"<!doctype html><h1>Log in to the network</h1>")
REDIRECT = Reply("302 Found", location="/v1/elsewhere")
EMPTY = Reply("200 OK", kind="application/json")
"""The three friendly answers that mean nothing."""


class Proxy:
    """Between a browser and the service. ``up`` is towards the service, ``down`` towards the browser."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._up, self._down = asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[StreamWriter] = set()
        self.replies: dict[str, Reply] = {}
        """What is answered here, by path; also while the line is cut, as a login page would."""
        self.url = ""
        self.heal()

    def cut(self, *, up: bool = False, down: bool = False) -> None:
        """Forward nothing more in these directions; what was sent already waits, as it does in a network."""
        if up:
            self._up.clear()
        if down:
            self._down.clear()

    def heal(self) -> None:
        """Forward again, first of all what waited; answer nothing in the place of the service."""
        self.replies = {}
        self._up.set()
        self._down.set()

    async def forget(self) -> None:
        """Break every connection off, and lose what waited."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def take(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One connection of a browser."""
        try:
            back, onward = await asyncio.open_connection(self._target.hostname, self._target.port)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, onward}
        self._keep(self._requests(reader, onward, writer))
        self._keep(self._pump(back, writer, self._down))

    def _keep(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _requests(self, reader: StreamReader, onward: StreamWriter, writer: StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                fields = _fields(head)
                body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
                reply = self.replies.get(head.split(b" ", 2)[1].decode())
                if reply:
                    writer.write(reply.to(fields.get(b"origin", b"")))
                    continue
                await self._up.wait()
                onward.write(head + body)
                await onward.drain()
                if b"upgrade" in fields:
                    break
        await self._pump(reader, onward, self._up)

    async def _pump(self, reader: StreamReader, writer: StreamWriter, gate: asyncio.Event) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(LONGEST_HEAD):
                await gate.wait()
                writer.write(data)
                await writer.drain()
        await gate.wait()
        writer.close()


def _fields(head: bytes) -> dict[bytes, bytes]:
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:] if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


@asynccontextmanager
async def proxied(target: str) -> AsyncIterator[Proxy]:
    """A proxy before this address."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.take, "127.0.0.1", 0, limit=LONGEST_HEAD)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.forget()
