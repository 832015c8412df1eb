"""What commands share: which settings they read, and how they say that something could not be done."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from plugin.journal.masters import WeakKey
from plugin.journal.opening import CannotOpen
from plugin.ports import Unwritable
from plugin.settings import Misconfigured, StoreSettings, load

CONFIG = "fermata.toml"
"""A settings file of this name in a data folder is used with it."""

Kind = TypeVar("Kind", bound=StoreSettings)


def add_settings(parser: argparse.ArgumentParser, *, data: bool = False) -> None:
    """Let a command be told where the settings are."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML")
    if data:
        parser.add_argument("--data", type=Path, metavar="DIR", help="the data folder")


def settings_of(args: argparse.Namespace, kind: type[Kind]) -> Kind:
    """The settings that the arguments, the environment and a file give; raises ``Misconfigured``."""
    data = getattr(args, "data", None)
    config = args.config or (Path(os.environ["FERMATA_CONFIG"]) if "FERMATA_CONFIG" in os.environ else None)
    if data and not config:
        if not data.is_dir():
            raise Misconfigured(f"there is no folder {data}")
        if (data / CONFIG).exists():
            return load(kind, data / CONFIG)
    return load(kind, config, **({"data": data} if data else {}))


def could_not(command: str, run: Callable[[], int]) -> int:
    """Run a command; what keeps it from being done becomes one line and exit code 2."""
    try:
        return run()
    except (Misconfigured, CannotOpen, WeakKey) as reason:
        print(f"fermata {command}: {reason}", file=sys.stderr)
    except Unwritable:
        print(f"fermata {command}: the journal cannot be written: is the disk full?", file=sys.stderr)
    except OSError as reason:
        print(f"fermata {command}: {reason.strerror or type(reason).__name__}", file=sys.stderr)
    return 2
