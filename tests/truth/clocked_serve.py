"""The service on a clock that a test moves: ``python -m tests.truth.clocked_serve FILE``.

The file holds how many seconds the clock is ahead; it is looked at again each time somebody asks for the time.
"""

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

from plugin import log
from plugin.app import create_app
from plugin.settings import Settings, load
from plugin.web.connections import listen


async def main(ahead: Path) -> None:
    """Serve until SIGTERM."""
    settings = load(Settings)

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(ahead.read_text()))

    runner = web.AppRunner(create_app(settings, now=now), shutdown_timeout=1)
    await runner.setup()
    server = await listen(runner, settings.bind, settings.port)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    server.close()
    await runner.cleanup()


if __name__ == "__main__":
    log.configure()
    asyncio.run(main(Path(sys.argv[1])))
