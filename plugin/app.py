"""The composition root: the only file that knows all adapters, and who owns what for how long."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from plugin.admission import Admission
from plugin.feeds import Feeds
from plugin.journal.masters import masters_of
from plugin.journal.sqlite import SqliteJournal
from plugin.live.asks import Asks
from plugin.live.conversation import Conversation
from plugin.live.hub import Hub
from plugin.live.wire import WIRE, Wire, live
from plugin.performer import Performer
from plugin.ports import Broken, Results, Unwritable
from plugin.records import record_of
from plugin.registering import Registrations
from plugin.results_settings import SignedResults
from plugin.rollcall import RollCall
from plugin.runner import Runner
from plugin.settings import Settings
from plugin.shipped import shipped
from plugin.web.deliveries import Deliveries
from plugin.web.dress import harden
from plugin.web.embed import Embed
from plugin.web.health import Readiness, healthz
from plugin.web.manifest import served
from plugin.web.sessions import Sessions
from plugin.web.wellknown import KeySet

SWEEP_EVERY = timedelta(hours=1)
REMEMBER_DELIVERIES = timedelta(days=14)
"""Longer than any host goes on sending the same delivery."""

PERFORM_WITHIN = 1.5
"""Seconds that results under way have to be stored when the service stops; the rest stays owed."""

_log = structlog.get_logger("fermata.app")


def utc_now() -> datetime:
    """The clock of production."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Service:
    """What runs, for the routes and for who stops it. ``failed`` is set when a part of it died."""

    journal: SqliteJournal
    runner: Runner
    performer: Performer
    hub: Hub
    wire: Wire
    asks: Asks
    deliveries: Deliveries
    sessions: Sessions
    readiness: Readiness
    rollcall: RollCall
    failed: asyncio.Event

    async def sweep(self, now: datetime) -> None:
        """Forget what has been kept long enough."""
        await self.runner.sweep()
        await self.journal.prune(now - REMEMBER_DELIVERIES)


SERVICE = web.AppKey("service", Service)


def create_app(settings: Settings, *, now: Callable[[], datetime] = utc_now) -> web.Application:
    """The whole service as an application; ``now`` is its only clock of the wall.

    Starting it raises ``plugin.journal.opening.CannotOpen`` when the journal cannot be had.
    """
    app = web.Application(client_max_size=64 * 1024)
    app.on_response_prepare.append(harden)

    async def run(app: web.Application) -> AsyncIterator[None]:
        async with _service(settings, now) as service:
            app[SERVICE], app[WIRE] = service, service.wire
            yield

    async def hang_up(app: web.Application) -> None:
        await app[SERVICE].wire.drain()

    app.cleanup_ctx.append(run)
    app.on_shutdown.append(hang_up)
    embed = Embed(shipped("ui-snippets"))
    keys = KeySet(each.results for each in settings.hosts if isinstance(each.results, SignedResults))
    for path in ("/webhooks/{tenant}/{host}", "/webhooks/{tenant}/{host}/{rest:.+}"):
        app.router.add_post(path, _to(lambda service: service.deliveries.post))
    app.router.add_post("/v1/overlay-tokens", _to(lambda service: service.sessions.post))
    app.router.add_post("/v1/asks", _to(lambda service: service.asks.post))
    app.router.add_get("/v1/live", live, allow_head=False)
    app.router.add_get("/readyz", _to(lambda service: service.readiness.readyz))
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/embed/v1/fermata.js", embed.script)
    app.router.add_get("/embed/v1/pages.json", embed.pages)
    app.router.add_get("/embed/v1/manifest.json", embed.manifest)
    app.router.add_get("/manifest.json", served(shipped("manifest.json")))
    schema = served(shipped("manifest.schema.json"), "application/schema+json")
    app.router.add_get("/manifest.schema.json", schema)
    results = served(shipped("docs/results.schema.json"), "application/schema+json")
    app.router.add_get("/results.schema.json", results)
    app.router.add_get("/.well-known/jwks.json", keys.jwks)
    return app


def _to(
    pick: Callable[[Service], Callable[[web.Request], Awaitable[web.StreamResponse]]],
) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await pick(request.app[SERVICE])(request)

    return handle


@asynccontextmanager
async def _service(settings: Settings, now: Callable[[], datetime]) -> AsyncIterator[Service]:
    async with AsyncExitStack() as stack:
        journal = SqliteJournal(settings.journal_file, masters_of(settings.master_keys))
        stack.push_async_callback(journal.close)
        records: dict[tuple[str, str], Results] = {}
        for each in settings.hosts:
            if each.results:
                records[each.tenant, each.host] = record = record_of(each, settings.pseudonym_key, now)
                stack.push_async_callback(record.close)
        performer = Performer(
            journal, lambda tenant, host: records.get((tenant, host)), now=now, observe=_observed
        )
        hub = Hub(now)
        runner = Runner(journal, hub, now=now, owed=performer.nudge)
        stack.push_async_callback(runner.close)
        service = _assembled(settings, now, journal=journal, performer=performer, hub=hub, runner=runner)
        await runner.start()
        await _background(stack, service, "performer", performer.run())
        stack.push_async_callback(performer.drain, PERFORM_WITHIN)
        await _background(stack, service, "wire", service.wire.run())
        await _background(stack, service, "sweeper", _sweeping(service, now))
        await _background(stack, service, "rollcall", service.rollcall.run())
        feeds = Feeds(settings.hosts, runner, now, missed=service.rollcall.missed)
        await _background(stack, service, "feeds", feeds.run())
        registrations = Registrations(settings.hosts, now, public_url=settings.own_url)
        await _background(stack, service, "registering", registrations.run())
        yield service


def _assembled(
    settings: Settings,
    now: Callable[[], datetime],
    *,
    journal: SqliteJournal,
    performer: Performer,
    hub: Hub,
    runner: Runner,
) -> Service:
    origins = settings.allowed_origins
    admission = Admission(settings.token_keys, settings.hosts, runner, now)
    wire = Wire(hub, Conversation(hub, runner, admission, now), admission, origins, now)
    runner.on_begin(wire.begun)
    failed = asyncio.Event()

    async def ready() -> bool:
        if failed.is_set():
            return False
        try:
            await journal.next_due()
        except Unwritable:
            return False
        return True

    return Service(
        journal=journal,
        runner=runner,
        performer=performer,
        hub=hub,
        wire=wire,
        asks=Asks(runner, admission, origins),
        deliveries=Deliveries(settings.hosts, runner, now, public_url=settings.own_url),
        sessions=Sessions(admission, origins),
        readiness=Readiness(ready),
        rollcall=RollCall(settings.hosts, runner, now),
        failed=failed,
    )


async def _background(stack: AsyncExitStack, service: Service, name: str, work: Awaitable[None]) -> None:
    task = asyncio.ensure_future(work)

    def ended(task: "asyncio.Future[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            _log.error("part_died", kind=name, exc_info=error)
            service.failed.set()

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    task.add_done_callback(ended)
    stack.push_async_callback(stop)


async def _sweeping(service: Service, now: Callable[[], datetime]) -> None:
    while True:
        try:
            await service.sweep(now())
        except (Unwritable, Broken) as trouble:
            # What should be forgotten waits for the next round; calls go on meanwhile.
            _log.error("sweep_failed", error=type(trouble).__name__)
        await asyncio.sleep(SWEEP_EVERY.total_seconds())


def _observed(event: str, code: str, about: str) -> None:
    if event != "saved":
        _log.warning(f"order_{event}", code=code, order=about)
