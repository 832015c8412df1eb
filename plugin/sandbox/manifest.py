"""What a plugin's manifest says, as far as this host uses it.

Everything the host does for a plugin follows from here: an event that is not listed is not sent, a scope
that is not listed is not granted, an entry point that is not listed is neither called nor loaded.
"""

from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _path(path: str) -> str:
    if not path.startswith("/") or path.startswith("//") or ".." in path or not path.isprintable():
        raise ValueError("an entry point is a path at the plugin's own address")
    return path


Path = Annotated[str, AfterValidator(_path), Field(max_length=200)]
Tag = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)+$", max_length=60)]
Word = Annotated[str, Field(pattern=r"^[\x21-\x7e]+$", max_length=100)]


class EntryPoints(BaseModel):
    """Where the plugin answers; each may be missing."""

    model_config = ConfigDict(frozen=True)

    webhooks: Path | None = None
    script: Path | None = None
    script_manifest: Path | None = None
    overlay_tag: Tag | None = None
    jwks: Path | None = None


class Manifest(BaseModel):
    """The host's reading of ``manifest.json``; what it does not know it leaves alone."""

    model_config = ConfigDict(frozen=True)

    name: Word
    version: Word
    events: frozenset[Word] = frozenset()
    scopes: frozenset[Word] = frozenset()
    entry_points: EntryPoints = EntryPoints()

    def webhook_path(self, tenant: str, host: str) -> str | None:
        """Where this host's webhooks go for one practice."""
        path = self.entry_points.webhooks
        return path and path.replace("{tenant}", quote(tenant, safe="")).replace(
            "{host}", quote(host, safe="")
        )


class ScriptManifest(BaseModel):
    """The hash that the browser checks the plugin's script against."""

    model_config = ConfigDict(frozen=True)

    integrity: Annotated[str, Field(pattern=r"^sha(256|384|512)-[A-Za-z0-9+/]+={0,2}$")]
