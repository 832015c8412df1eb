"""Placing: finds the session of facts whose host does not say which run of a meeting they are about.

One delivery at a time for each meeting: two that both begin a run of it may come at once, and only one may make it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from weakref import WeakValueDictionary

from plugin import rituals
from plugin.core.runs import Run, placed
from plugin.lanes import Lanes
from webhooks.events import HostFact

_Call = tuple[str, str, str]


class Placing:
    """Gives each fact its run."""

    def __init__(self, lanes: Lanes, now: Callable[[], datetime]) -> None:
        self._lanes = lanes
        self._now = now
        self._turns: WeakValueDictionary[_Call, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def placed(self, tenant: str, facts: Sequence[HostFact]) -> AsyncIterator[Sequence[HostFact]]:
        """The facts, each with its run; keep inside until they are journaled. Facts of no run are left out."""
        calls = sorted({(tenant, fact.host, fact.meeting) for fact in facts})
        async with AsyncExitStack() as stack:
            for call in calls:
                await stack.enter_async_context(self._turns.setdefault(call, asyncio.Lock()))
            try:
                yield self._in_their_runs(tenant, facts)
            finally:
                for call in calls:
                    self._lanes.drop_unbegun(call)

    def _in_their_runs(self, tenant: str, facts: Sequence[HostFact]) -> list[HostFact]:
        now, found = self._now(), []
        runs: dict[_Call, list[Run]] = {}
        for fact in facts:
            call = (tenant, fact.host, fact.meeting)
            known = runs.setdefault(call, self._lanes.runs(call))
            here = [fact] if fact.occurrence else placed(fact, known, now)
            # What begins a run takes the facts behind it along.
            new = {str(each.occurrence) for each in here} - {run.occurrence for run in known}
            known.extend(Run(name, rituals.begin(name, now)) for name in new)
            found.extend(here)
        return found
