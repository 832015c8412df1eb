"""``python -m plugin.sandbox``: run the sandbox with the settings of the environment until it is told to stop.

When it serves, it writes one line to stdout for whoever started it: ``SANDBOX_READY`` and a JSON object with the
links to hand out and the addresses of the record API. The links open the call; nothing else ever writes them.
"""

import asyncio
import json
import logging
import os
import signal
import sqlite3
import sys

import apsw
from aiohttp import web

from plugin.sandbox.app import LINKS, create_app
from plugin.sandbox.settings import Misconfigured, SandboxSettings, settings_from

DRAIN_S = 3.0


def main() -> int:
    """Serve; 0 after a clean stop, 2 with one line on stderr when it cannot start."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        settings = settings_from(os.environ)
        asyncio.run(_serve(settings))
    except Misconfigured as wrong:
        return _cannot(str(wrong))
    except (OSError, sqlite3.Error, apsw.Error) as wrong:
        return _cannot(f"{wrong}")
    return 0


async def _serve(settings: SandboxSettings) -> None:
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    app = await create_app(settings)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=DRAIN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.bind, settings.port).start()
        _say_ready(settings, app[LINKS])
        await stop.wait()
    finally:
        await runner.cleanup()


def _say_ready(settings: SandboxSettings, links: dict[str, str]) -> None:
    own = settings.public_url
    ready = {**links, "fhir": f"{own}/fhir", "token_url": f"{own}/oauth/token", "sandbox": own}
    print("SANDBOX_READY", json.dumps(ready), flush=True)


def _cannot(reason: str) -> int:
    print(f"sandbox: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
