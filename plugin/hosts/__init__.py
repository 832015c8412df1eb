"""How to speak to a host: one file per host, found here by its name."""

from importlib import import_module
from typing import cast

from plugin.hosts.host import Host

NAMES = frozenset({"livekit", "sandbox"})


def named(name: str) -> Host:
    """The host's module; raises ``KeyError`` for a host that is not known."""
    if name not in NAMES:
        raise KeyError(name)
    return cast("Host", import_module(f"{__name__}.{name}"))
