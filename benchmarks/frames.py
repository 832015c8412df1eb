"""WebSocket frames as a client makes and reads them (RFC 6455): no more than a load generator needs.

The mask is four zero bytes: it is a valid mask, the server unmasks as ever, and masking costs the generator nothing.
"""

from base64 import b64encode

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
_KEY = b64encode(bytes(16)).decode()


def upgrade(path: str, port: int, origin: str) -> bytes:
    """The request that turns a connection into a WebSocket."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {_KEY}\r\n\r\n"
    ).encode()


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One whole frame from a client."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < 1 << 16:
        head = bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, 0xFF)) + size.to_bytes(8, "big")
    return head + bytes(4) + payload


def split(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole frames in what a server sent, as opcode and payload, and the rest that is not whole yet."""
    found, at, end = [], 0, len(data)
    while end - at >= 2:
        size, start = data[at + 1] & 0x7F, at + 2
        if size > 125:
            width = 2 if size == 126 else 8
            size, start = int.from_bytes(data[start : start + width], "big"), start + width
        if start + size > end or start > end:
            break
        found.append((data[at] & 0x0F, data[start : start + size]))
        at = start + size
    return found, data[at:]
