"""One attempt at one owed order: save it, and tell the journal what became of it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from plugin.core.orders import Order
from plugin.ports import Hopeless, Journal, Owed, Postponed, Results

FIRST = timedelta(seconds=2)
LONGEST = timedelta(minutes=5)
"""A failed order waits a random part of a span that doubles from ``FIRST`` up to ``LONGEST``."""

SHORTEST = timedelta(milliseconds=250)
"""Nobody is asked more often than this, even by a ``Retry-After: 0``."""

ResultsFor = Callable[[str, str], Results | None]
"""The record of a tenant at a host, or null where none is set up."""

Observe = Callable[[str, str, str], None]
"""Told ``saved``, ``postponed``, ``parked`` or ``trouble``, a short code, and the order's or session's id."""

_orders: TypeAdapter[Order] = TypeAdapter(Order)


def session_of(order: str) -> str:
    """The session that an order belongs to."""
    return order.partition(":")[0]


def span(attempts: int) -> timedelta:
    """How long at most to wait after this many earlier attempts."""
    return min(FIRST * (1 << min(attempts, 16)), LONGEST)


class Attempts:
    """Makes attempts, each at the record of its session's host."""

    def __init__(
        self,
        journal: Journal,
        results_for: ResultsFor,
        *,
        now: Callable[[], datetime],
        observe: Observe,
        jitter: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._results_for = results_for
        self._now = now
        self._observe = observe
        self._jitter = jitter

    async def make(self, owed: Owed) -> datetime | None:
        """Try once. Answers when to try again, null when the order is settled or parked."""
        try:
            kind = await self._save(owed)
        except Postponed as later:
            return await self._postpone(owed, later)
        except Hopeless as never:
            await self._journal.park(owed.order, reason=never.reason)
            self._observe("parked", never.reason, owed.order)
        else:
            await self._journal.settle(owed.order)
            self._observe("saved", kind, owed.order)
        return None

    async def _save(self, owed: Owed) -> str:
        try:
            order = _orders.validate_json(owed.body)
        except ValidationError:
            raise Hopeless("unreadable") from None
        results = await self._record_of(session_of(owed.order))
        if results is None:
            raise Hopeless("no_record")
        try:
            await results.save(owed.order, order.result)
        except (Postponed, Hopeless):
            raise
        except Exception as defect:  # must not stop the orders behind it; an operator sees its class
            raise Hopeless(type(defect).__name__) from defect
        return order.result.type

    async def _record_of(self, session: str) -> Results | None:
        head = await self._journal.head(session)
        return self._results_for(head.tenant, head.host) if head else None

    async def _postpone(self, owed: Owed, later: Postponed) -> datetime:
        asked = None if later.after is None else timedelta(seconds=later.after)
        wait = span(owed.attempts) * self._jitter() if asked is None else asked
        due = self._now() + max(wait, SHORTEST)
        await self._journal.postpone(owed.order, due_at=due, reason=later.reason)
        self._observe("postponed", later.reason, owed.order)
        return due
