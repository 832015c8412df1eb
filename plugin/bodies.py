"""Request bodies: read once, as they came, bounded in size and time."""

import asyncio
from collections.abc import Collection

from aiohttp import web

from plugin.errors import Problem

LARGEST = 64 * 1024
PATIENCE = 5.0
"""Seconds for the whole body."""


async def body_of(request: web.Request, *, types: Collection[str], largest: int = LARGEST) -> bytes:
    """The bytes of a body of one of these media types; raises ``Problem`` 408, 413 or 415.

    A body that was packed is refused unread: its signature would be over other bytes, and it may be a bomb.
    """
    kinds = request.headers.getall("Content-Type", [])
    if len(kinds) != 1 or kinds[0].partition(";")[0].strip().lower() not in types:
        raise Problem(415, "The content type is not the one this address takes.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem(415, "The body must not be packed.")
    if (request.content_length or 0) > largest:
        raise Problem(413, headers={"Connection": "close"})
    if request.content.is_eof():
        # It came with the head, as most do: nothing to wait for.
        return _at_most(request.content.read_nowait(), largest)
    try:
        async with asyncio.timeout(PATIENCE):
            return await _read(request, largest)
    except TimeoutError:
        raise Problem(408, headers={"Connection": "close"}) from None


async def _read(request: web.Request, largest: int) -> bytes:
    body = b""
    async for part in request.content.iter_any():
        body = _at_most(body + part, largest)
    return body


def _at_most(body: bytes, largest: int) -> bytes:
    if len(body) > largest:
        raise Problem(413, headers={"Connection": "close"})
    return body
