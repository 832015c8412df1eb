"""The record of a host, as its settings choose it."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from plugin.core.orders import Result
from plugin.results_settings import BearerResults, ResultsSettings, SecretResults, SignedResults
from plugin.settings import HostSettings, Misconfigured

if TYPE_CHECKING:
    from plugin.results.credentials import Credentials
    from plugin.results.place import Bearer


class Record(Protocol):
    """A host's record: ``Results`` (see ``plugin.ports``), and a way to ask whether it would take some."""

    async def save(self, order: str, result: Result) -> None:
        """Return once the host holds the result exactly once; raises ``Postponed`` or ``Hopeless``."""
        ...

    async def reach(self) -> None:
        """Return if the record would take results; raises ``Postponed`` or ``Hopeless``. Stores nothing."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


def record_of(host: HostSettings, pseudonym_key: str, now: Callable[[], datetime]) -> Record:
    """The record of a host that keeps results; raises ``Misconfigured`` when its key cannot be used."""
    setting = f"FERMATA_HOSTS: results of {host.tenant}/{host.host}"
    if host.results is None:
        raise Misconfigured(f"{setting} are missing")
    try:
        return _record(host.tenant, host.results, pseudonym_key.encode(), now)
    except OSError as reason:
        raise Misconfigured(f"{setting}: key_file cannot be read ({reason.strerror})") from None
    except ValueError as reason:
        raise Misconfigured(f"{setting}: {reason}") from None


def _record(tenant: str, results: ResultsSettings, secret: bytes, now: Callable[[], datetime]) -> Record:
    # Imported here: a service without a record needs no client for one.
    from plugin.results.place import Place  # noqa: PLC0415

    place = Place(
        tenant=tenant,
        base=results.base,
        access=_access(results, now),
        secret=secret,
        scope=results.scope,
        token_url=None if isinstance(results, BearerResults) else results.token_url,
    )
    if results.kind == "hostapi":
        from plugin.results.hostapi import HostApiResults  # noqa: PLC0415

        return HostApiResults(place, now=now)
    from plugin.results.fhir import FhirResults  # noqa: PLC0415

    return FhirResults(place, now=now)


def _access(results: ResultsSettings, now: Callable[[], datetime]) -> "Credentials | Bearer":
    match results:
        case SignedResults():
            from plugin.results.assertion import Assertions  # noqa: PLC0415

            key = results.key_file.read_bytes()
            return Assertions(client_id=results.client_id, kid=results.kid, key=key, now=now)
        case SecretResults():
            from plugin.results.credentials import ClientSecret  # noqa: PLC0415

            return ClientSecret(results.client_id, results.client_secret, method=results.auth)
        case BearerResults():
            from plugin.results.place import Bearer  # noqa: PLC0415

            return Bearer(results.token)
