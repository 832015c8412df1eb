"""``fermata``: the command line. Exit codes: 0 done, 1 the answer is no, 2 it could not be done."""

import argparse
import gc
import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from plugin.shipped import shipped

COMMANDS = {
    "serve": "run the service",
    "demo": "run the service with a pretend host, to look at",
    "check": "check the settings, the keys and who can be reached",
    "sessions": "list the sessions that the journal holds",
    "orders": "list or retry what is owed to a host's record",
    "journal": "look into the journal",
    "webhook": "look at a host's deliveries",
}


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; ``argparse`` offers nothing but this method."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(2)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and answer its exit code; without *argv*, as the whole of this process."""
    if argv is None:
        _start_lean()
    given = list(sys.argv[1:] if argv is None else argv)
    parser = _Parser(prog="fermata", description="In-call rituals for teletherapy.")
    parser.add_argument("--version", action="version", version=f"fermata {_version()}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, does in COMMANDS.items():
        if given[:1] == [name]:
            # Only the command that runs is imported: a start waits for no other one's libraries.
            getattr(import_module(f"plugin.commands.{name}"), f"add_{name}_parser")(subparsers)
        else:
            subparsers.add_parser(name, help=does, add_help=False)
    args = parser.parse_args(given)
    if argv is None:
        # What was imported stays for good, so no later collection needs to look at it.
        gc.freeze()
        gc.enable()
    try:
        return int(args.run(args))
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        # Whoever read our output has seen enough; what Python would still flush goes nowhere.
        sys.stdout = open("/dev/null", "w")  # noqa: SIM115 - stays open until the process ends
        return 0


def _start_lean() -> None:
    """Leave out of a start what it does not need: a quarter of its time, measured."""
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    # structlog imports rich, where it is installed, for coloured tracebacks that are never written here.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # a module that cannot be imported


def _version() -> str:
    manifest = json.loads(shipped("manifest.json").read_text(encoding="utf-8"))
    return str(manifest["version"])


if __name__ == "__main__":
    sys.exit(main())
