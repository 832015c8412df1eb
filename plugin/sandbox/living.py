"""What lives as long as the sandbox runs: its files, its plugin, its rooms, and the tasks that tend them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import aiohttp
from aiohttp import web

from plugin.sandbox import grants, links
from plugin.sandbox.database import Database
from plugin.sandbox.deliveries import Deliveries
from plugin.sandbox.installation import Installation
from plugin.sandbox.links import Demo
from plugin.sandbox.record import Client, Store
from plugin.sandbox.room import Room
from plugin.sandbox.settings import SandboxSettings

_log = logging.getLogger("sandbox")


@dataclass(frozen=True, slots=True)
class Living:
    """The parts that hold state."""

    key: bytes
    demo: Demo
    database: Database
    store: Store
    clients: Mapping[str, Client]
    http: aiohttp.ClientSession
    installation: Installation
    deliveries: Deliveries
    rooms: Mapping[str, Room]

    @asynccontextmanager
    async def tended(self, _app: web.Application) -> AsyncIterator[None]:
        """Install the plugin, deliver webhooks and watch the rooms; on the way out close everything."""
        await self.installation.remember()
        for room in self.rooms.values():
            await room.open()
        tending = asyncio.create_task(self._tend())
        tending.add_done_callback(_stop_when_broken)
        yield
        tending.cancel()
        with suppress(asyncio.CancelledError):
            await tending
        await self.http.close()
        self.database.close()
        self.store.close()

    async def _tend(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.installation.install(self.deliveries.wake))
            tasks.create_task(self.deliveries.run())
            for room in self.rooms.values():
                tasks.create_task(room.watch())


async def alive(settings: SandboxSettings, now: Callable[[], datetime]) -> Living:
    """Open the files, make the demo meeting where it is missing, and get ready to run.

    Raises:
        Misconfigured: the registered clients cannot be used.
        OSError, sqlite3.Error, apsw.Error: the data folder cannot be used.
    """
    registered = grants.registered(settings.clients)
    key = links.link_key(settings.data)
    database, store = Database(settings.database), Store(settings.data / "record.sqlite3")
    demo = await database.run(partial(links.seed, key=key))
    await _seed_people(store, demo, now())

    clients = grants.admitted(registered, settings.plugin_url, None)
    http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    installation = Installation(http, settings.plugin_url, database)
    installation.watch(
        lambda manifest: _admit(clients, grants.admitted(registered, settings.plugin_url, manifest))
    )
    deliveries = Deliveries(
        database, installation, http, tenant=settings.tenant, secrets=settings.webhook_secrets, now=now
    )
    room = Room(demo.meeting, database, now=now, empty_after=settings.empty_after, owed=deliveries.wake)
    return Living(key, demo, database, store, clients, http, installation, deliveries, {demo.meeting: room})


def _admit(clients: dict[str, Client], admitted: Mapping[str, Client]) -> None:
    clients.clear()
    clients.update(admitted)


async def _seed_people(store: Store, demo: Demo, now: datetime) -> None:
    await store.seed({"resourceType": "Patient", "id": demo.client, "active": True}, at=now)
    await store.seed({"resourceType": "Practitioner", "id": demo.therapist, "active": True}, at=now)


def _stop_when_broken(tending: asyncio.Task[None]) -> None:
    """A sandbox that no longer delivers must not look alive; whoever started it can start it again."""
    if not tending.cancelled() and (broken := tending.exception()):
        _log.critical("stopped, a task broke", exc_info=broken)
        raise web.GracefulExit
