"""What a delivery of a host says: how the inbox remembers it, and its facts."""

from datetime import datetime
from hashlib import sha256

from plugin.ports import Received
from webhooks.delivery import Delivery
from webhooks.events import HostFact
from webhooks.listening import Host


def received(tenant: str, host: Host, delivery: Delivery, now: datetime) -> tuple[Received, list[HostFact]]:
    """Read a delivery that is vouched for; raises ``Malformed``."""
    key, facts = host.key(delivery), host.read(delivery)
    return Received(tenant, host.name, key, sha256(delivery.body).digest(), now), facts
