"""Results against the test server, with every clock in the test's hand."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

from aiohttp import ClientTimeout

from plugin.core.orders import Result
from plugin.ports import Postponed, Results
from plugin.results.assertion import Assertions
from plugin.results.fhir import FhirResults
from plugin.results.place import Place
from tests.results import keys, samples
from tests.results.recorded import Clock, RecordServer

QUICK = ClientTimeout(total=2, sock_read=0.3)
"""For a server that shall not answer in time."""

PATIENT = ClientTimeout(total=60)
"""For every other, however busy the machine is."""


def now() -> datetime:
    return samples.AT


def signing(
    key: bytes | None = None, *, client: str = "fermata", kid: str = "k1", now: Callable[[], datetime] = now
) -> Assertions:
    """Credentials with a key of the tests."""
    return Assertions(client_id=client, kid=kid, key=keys.pem(keys.curve()) if key is None else key, now=now)


@asynccontextmanager
async def results(record: RecordServer, **settings: object) -> AsyncIterator[FhirResults]:
    make = partial(
        Place, tenant="north", base=record.base, access=signing(), secret=samples.SECRET, times=PATIENT
    )
    place = make(**settings)  # type: ignore[arg-type]  # a test names only the settings it changes
    kept = FhirResults(place, now=now, clock=record.clock)
    try:
        yield kept
    finally:
        await kept.close()


async def save_until_done(
    kept: Results, result: Result, *, clock: Clock, order: str = samples.order(), tries: int = 40
) -> list[str]:
    """Save as the performer would, moving the clock instead of waiting; answers why it was postponed."""
    reasons: list[str] = []
    for _ in range(tries):
        try:
            await kept.save(order, result)
        except Postponed as later:
            reasons.append(later.reason)
            clock.seconds += 0.5 if later.after is None else later.after
        else:
            return reasons
    raise AssertionError(f"never stored: {reasons}")
