"""Installing the plugin: fetch its manifest, keep the last good one, and say what a call page has to load.

The manifest is read at the start (again and again until the plugin is up) and once more whenever a page
loads, so a new version of the plugin needs no restart of the host. The last good one is kept in the
database: webhooks that are owed find their way also when the host starts while the plugin is down.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from plugin.sandbox.database import Database
from plugin.sandbox.manifest import Manifest, ScriptManifest

LONGEST = 256 * 1024
PATIENCE = aiohttp.ClientTimeout(total=3)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0

Document = TypeVar("Document", bound=BaseModel)


class PluginAway(Exception):
    """The plugin does not answer, or not with what a plugin answers."""


@dataclass(frozen=True, slots=True)
class Embed:
    """What the integrator's two tags need."""

    script: str
    integrity: str
    tag: str


class Installation:
    """The plugin as this host knows it."""

    def __init__(self, http: aiohttp.ClientSession, url: str, database: Database) -> None:
        self.url = url
        self.manifest: Manifest | None = None
        self._changed: Callable[[Manifest], None] = lambda _manifest: None
        self._http = http
        self._database = database

    def watch(self, changed: Callable[[Manifest], None]) -> None:
        """Call *changed* with every manifest that is taken up from now on."""
        self._changed = changed

    async def remember(self) -> None:
        """Take up the manifest of the last run, where there is one."""
        kept = await self._database.run(lambda db: db.execute("SELECT manifest FROM plugin").fetchone())
        if kept:
            self._take_up(Manifest.model_validate_json(kept["manifest"]))

    async def refresh(self) -> Manifest:
        """Read the plugin's manifest and keep it; raises ``PluginAway``, and the last good one stays."""
        manifest = await self._read("/manifest.json", Manifest)
        if manifest != self.manifest:
            await self._database.run(lambda db: _keep(db, manifest))
            self._take_up(manifest)
        return manifest

    async def install(self, done: Callable[[], None]) -> None:
        """Try until the plugin has answered once, then call *done*."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self.refresh()
            except PluginAway:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                return done()

    async def embed(self) -> Embed | None:
        """What a call page loads, ``None`` when the plugin has nothing for it; raises ``PluginAway``."""
        entry = (await self.refresh()).entry_points
        if not (entry.script and entry.script_manifest and entry.overlay_tag):
            return None
        script = await self._read(entry.script_manifest, ScriptManifest)
        return Embed(self.url + entry.script, script.integrity, entry.overlay_tag)

    def _take_up(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self._changed(manifest)

    async def _read(self, path: str, shape: type[Document]) -> Document:
        try:
            async with self._http.get(self.url + path, timeout=PATIENCE, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise PluginAway(f"{path} answers {answer.status}")
                return shape.model_validate_json(await _at_most(answer.content, LONGEST))
        except (aiohttp.ClientError, TimeoutError, ValidationError) as problem:
            raise PluginAway(f"{path} cannot be read: {type(problem).__name__}") from problem


async def _at_most(stream: aiohttp.StreamReader, limit: int) -> bytes:
    body = bytearray()
    async for chunk in stream.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > limit:
            raise PluginAway("the answer is too long")
    return bytes(body)


def _keep(db: sqlite3.Connection, manifest: Manifest) -> None:
    db.execute(
        "INSERT OR REPLACE INTO plugin (one, manifest) VALUES (1, ?)", (manifest.model_dump_json().encode(),)
    )
