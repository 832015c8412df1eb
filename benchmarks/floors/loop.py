"""How a floor runs: aiohttp on the fastest loop that is installed, as the product does."""

from asyncio import AbstractEventLoop
from importlib.util import find_spec

from aiohttp import web


def serve(app: web.Application, port: int) -> None:
    """Serve until the process is told to stop."""
    web.run_app(app, host="127.0.0.1", port=port, loop=_loop(), print=None, access_log=None)


def _loop() -> AbstractEventLoop | None:
    if find_spec("uvloop") is None:
        return None
    import uvloop  # noqa: PLC0415 - an extra; used where it is installed

    loop: AbstractEventLoop = uvloop.new_event_loop()
    return loop
