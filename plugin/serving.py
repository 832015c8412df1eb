"""Running the service: from the open port to the last word on every socket."""

import asyncio
import gc
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import structlog
from aiohttp import web

from plugin.app import SERVICE, create_app
from plugin.settings import Settings
from plugin.web.admin import back_door
from plugin.web.connections import listen

CLOSE_WITHIN = 1.0

_log = structlog.get_logger("fermata.serving")


async def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT (0), or until a part of the service died (1)."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    app = create_app(settings)
    runner = web.AppRunner(app, shutdown_timeout=CLOSE_WITHIN)
    async with AsyncExitStack() as stack:
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        service = app[SERVICE]
        await stack.enter_async_context(back_door(Path(settings.data), service.performer.retry))
        server = await listen(runner, settings.bind, settings.port)
        _log.info("serving", port=server.sockets[0].getsockname()[1])
        _settle_memory()
        await _either(stop, service.failed)
        server.close()
        await service.wire.drain()
    return 0 if stop.is_set() else 1


def _settle_memory() -> None:
    """Take what start-up built out of every later collection, which would stop all sessions for its length."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _either(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
