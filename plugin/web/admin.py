"""A back door for the operator of this machine: orders are retried by the process that alone may write.

It listens on loopback at a port of chance; the address and the token of the day lie in a file of the data folder that
only its owner can read.
"""

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe

from aiohttp import web

from plugin.errors import Problem
from plugin.web.connections import listen
from plugin.web.dress import harden

FILE = "admin.json"

Retry = Callable[[str | None], Awaitable[int]]


@asynccontextmanager
async def back_door(data: Path, retry: Retry) -> AsyncIterator[None]:
    """Open the door while the service runs."""
    token = token_urlsafe(32)

    async def orders(request: web.Request) -> web.Response:
        if not compare_digest(request.headers.get("Authorization", ""), f"Bearer {token}"):
            raise Problem(401)
        count = await retry(request.query.get("order"))
        return web.json_response({"retried": count})

    app = web.Application()
    app.on_response_prepare.append(harden)
    app.router.add_post("/orders/retry", orders)
    runner = web.AppRunner(app)
    await runner.setup()
    server = await listen(runner, "127.0.0.1", 0)
    file = data / FILE
    try:
        _write(file, {"port": server.sockets[0].getsockname()[1], "token": token, "pid": os.getpid()})
        yield
    finally:
        file.unlink(missing_ok=True)
        server.close()
        await runner.cleanup()


def _write(file: Path, document: dict[str, object]) -> None:
    file.unlink(missing_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        json.dump(document, out)
