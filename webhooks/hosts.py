"""All hosts that we listen to. A service imports only those that its settings name."""

from webhooks import livekit, sandbox
from webhooks.delivery import Host

HOSTS: dict[str, Host] = {
    "livekit": livekit,
    "sandbox": sandbox,
}
