"""Listening: one file per host turns its signed deliveries into facts. No socket, no clock, no plugin."""

from webhooks import livekit, sandbox
from webhooks.delivery import Host

HOSTS: dict[str, Host] = {
    "livekit": livekit,
    "sandbox": sandbox,
}
