"""Hosts: each is two files of the same name, one in ``webhooks`` that listens and one here that speaks.

They are found by their names alone, and imported only when they are asked for.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import cast

import webhooks
from plugin.hosts.host import Host
from webhooks.listening import Host as Listening

NAMES = frozenset(
    {module.name for module in iter_modules(__path__)}
    & {module.name for module in iter_modules(webhooks.__path__)}
)


def named(name: str) -> Host:
    """How to speak to a host; raises ``KeyError`` for one that is not known."""
    return cast("Host", import_module(f"{__name__}.{_known(name)}"))


def listening(name: str) -> Listening:
    """How to listen to a host; raises ``KeyError`` for one that is not known."""
    return cast("Listening", import_module(f"webhooks.{_known(name)}"))


def _known(name: str) -> str:
    if name not in NAMES:
        raise KeyError(name)
    return name
