"""Publishes the definitions where the host lets us; never required, never in the way of a result."""

import asyncio
import time
from collections.abc import Callable

from plugin.ports import Hopeless, Postponed
from plugin.results.definitions import definitions
from plugin.results.store import Store

_REST = 600.0
"""Seconds between two attempts while the host has no ear for it."""


class Publisher:
    """Stores each definition once, under an identifier of its own for each version."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._waiting = definitions()
        self._rest_until = float("-inf")

    async def publish(self) -> None:
        """Publish what is not there yet; trouble is put off and never raised."""
        if self._lock.locked() or self._clock() < self._rest_until:
            return
        async with self._lock:
            while self._waiting:
                if not await self._publish_one():
                    self._rest_until = self._clock() + _REST
                    return
                self._waiting.pop(0)

    async def _publish_one(self) -> bool:
        definition = self._waiting[0]
        try:
            if (await self._store.offer(definition["resourceType"])).invites:
                await self._store.put(definition, definition["identifier"][0]["value"])
        except Hopeless:
            return True  # not wanted here: go on with the next one
        except Postponed:
            return False
        return True
