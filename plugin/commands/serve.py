"""``fermata serve``: run the service until it is told to stop."""

import argparse
import asyncio
from collections.abc import Callable
from importlib.util import find_spec

from plugin import log
from plugin.commands.common import add_settings, could_not, settings_of
from plugin.serving import serve
from plugin.settings import Settings


def add_serve_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``serve`` to the command line."""
    parser = subparsers.add_parser("serve", help="run the service")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve; 0 after a clean stop, 1 when a part of the service died, 2 when it could not start."""
    log.configure()
    return could_not("serve", lambda: _serve(settings_of(args, Settings)))


def _serve(settings: Settings) -> int:
    with asyncio.Runner(loop_factory=_loop_factory()) as loop:
        return loop.run(serve(settings))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    import uvloop  # noqa: PLC0415 - an extra; used where it is installed

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
