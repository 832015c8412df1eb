"""Publishes the definitions where the host lets us; never required, never in the way of a result."""

import asyncio
import time
from collections.abc import Callable

from plugin.ports import Hopeless, Postponed
from plugin.results.bundle import MOST
from plugin.results.definitions import definitions
from plugin.results.elements import Element
from plugin.results.store import Store

_REST = 600.0
"""Seconds between two attempts while the host has no ear for it."""


class Publisher:
    """Stores each definition once, under an identifier of its own for each version; several at once if possible."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._waiting = definitions()
        self._one_by_one = False
        self._rest_until = float("-inf")

    async def publish(self) -> None:
        """Publish what is not there yet; trouble is put off and never raised."""
        if self._lock.locked() or self._clock() < self._rest_until:
            return
        async with self._lock:
            try:
                while self._waiting:
                    group = await self._group()
                    await self._publish(group)
                    del self._waiting[: len(group)]
            except Postponed:
                self._rest_until = self._clock() + _REST

    async def _group(self) -> list[Element]:
        """The next ones: as many as may go together, or one."""
        first = self._waiting[:1]
        if self._one_by_one or not await self._store.transacts():
            return first
        group: list[Element] = []
        for one in self._waiting[:MOST]:
            offer = await self._store.offer(one["resourceType"])
            if not (offer.invites and offer.conditional):
                break
            group.append(one)
        return group or first

    async def _publish(self, group: list[Element]) -> None:
        if len(group) == 1:
            await self._publish_one(group[0])
            return
        try:
            await self._store.put_together(group)
        except Hopeless:
            # Too many, or one of them is not wanted; halves find out which, and again do no harm.
            half = len(group) // 2
            await self._publish(group[:half])
            await self._publish(group[half:])
        except Postponed:
            # It may be ill, or only at this; next time it is asked for less.
            self._one_by_one = True
            raise

    async def _publish_one(self, definition: Element) -> None:
        try:
            if (await self._store.offer(definition["resourceType"])).invites:
                await self._store.put(definition, definition["identifier"][0]["value"])
        except Hopeless:
            return  # not wanted here: go on with the next one
