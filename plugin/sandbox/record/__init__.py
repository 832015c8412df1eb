"""The sandbox's record: a FHIR R4 subset behind SMART Backend Services, in its own SQLite file."""

from plugin.sandbox.record.app import mount, record_app
from plugin.sandbox.record.clients import Client, clients_from
from plugin.sandbox.record.outcome import Refusal
from plugin.sandbox.record.rows import Kept
from plugin.sandbox.record.store import Store

__all__ = ["Client", "Kept", "Refusal", "Store", "clients_from", "mount", "record_app"]
