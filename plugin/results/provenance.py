"""Where a stored result comes from: a Provenance beside it, where the server itself offers to keep one.

It says which software wrote the resource, when, and from which call. Answers that only count get none, whatever
is offered: it would lead them back to their call. R4 gives a Provenance no identifier, so it is found again by
its target; a result that came to be just now cannot have one yet.
"""

from collections.abc import Callable
from datetime import datetime

from plugin import __version__
from plugin.core.orders import CountedResult, Result
from plugin.ports import Hopeless
from plugin.results.elements import Element, foreign, moment
from plugin.results.store import Held, Store

SOFTWARE = "urn:fermata:software"
"""The identifier system of the software as a device; by it our own are told from a server's."""

_TERMS = "http://terminology.hl7.org/CodeSystem"


def provenance(place: str, session: str, at: datetime) -> Element:
    """Fermata created what lies at a place (``Type/id``), from a session, at a moment."""
    device = {"type": "Device", "identifier": {"system": SOFTWARE, "value": "fermata"}}
    source = {"identifier": {"system": "urn:fermata:session", "value": f"urn:uuid:{session}"}}
    return {
        "resourceType": "Provenance",
        "target": [{"reference": place}],
        "recorded": moment(at),
        "activity": foreign(f"{_TERMS}/v3-DataOperation", "CREATE"),
        "agent": [
            {
                "type": foreign(f"{_TERMS}/provenance-participant-type", "assembler"),
                "who": {**device, "display": f"Fermata {__version__}"},
            }
        ],
        "entity": [{"role": "source", "what": source}],
    }


class Witness:
    """Writes the Provenance of results; never required, and what a server refuses once is not tried again."""

    def __init__(self, store: Store, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._unwanted = False

    async def tell(self, result: Result, held: Held, *, own: str, session: str) -> None:
        """Return once the held result has its Provenance, or need not have one; raises ``Postponed``."""
        if isinstance(result, CountedResult) or held.place is None or self._unwanted:
            return
        try:
            offer = await self._store.offer("Provenance")
            if offer.invites and offer.search:
                told = provenance(held.place, session, self._now())
                await self._store.put_beside(told, held, own=f"{own} provenance", system=SOFTWARE)
        except Hopeless:
            self._unwanted = True
