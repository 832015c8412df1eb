"""How far the record API is open to the installed plugin.

Operators register API clients; the one whose keys are at the plugin's address is the plugin. It gets what
it is registered for, as far as its manifest asks for it: nothing before it is installed, and no more when
the manifest shrinks.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from plugin.sandbox.manifest import Manifest
from plugin.sandbox.record import Client, clients_from
from plugin.sandbox.record.scopes import granted
from plugin.sandbox.settings import Misconfigured


def registered(path: Path | None) -> dict[str, Client]:
    """The clients that the operator registered; raises ``Misconfigured``."""
    if path is None:
        return {}
    try:
        return clients_from(path.read_text("utf-8"))
    except (OSError, ValueError) as wrong:
        raise Misconfigured(f"SANDBOX_CLIENTS cannot be used: {wrong}") from None


def admitted(clients: Mapping[str, Client], plugin_url: str, manifest: Manifest | None) -> dict[str, Client]:
    """The clients as they may ask for tokens now."""
    return {
        name: admitted_one
        for name, client in clients.items()
        if (admitted_one := _admitted(client, plugin_url, manifest))
    }


def _admitted(client: Client, plugin_url: str, manifest: Manifest | None) -> Client | None:
    if client.jwks_uri is None or not client.jwks_uri.startswith(f"{plugin_url}/"):
        return client
    if manifest is None or manifest.entry_points.jwks is None:
        return None
    scope = granted(client.scope, " ".join(sorted(manifest.scopes)))
    return replace(client, scope=scope, jwks_uri=plugin_url + manifest.entry_points.jwks)
