"""What the pages ask for: a session, a participant token, the plugin's tags, the switch, the end, the record."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from plugin.sandbox import occurrences
from plugin.sandbox.errors import Problem
from plugin.sandbox.installation import PluginAway
from plugin.sandbox.links import Visitor, visitor_with
from plugin.sandbox.living import Living
from plugin.sandbox.settings import SandboxSettings
from plugin.sandbox.stored import listing
from plugin.sandbox.tokens import PARTICIPANT_LIFE, page_session, participant_token, visitor_of

LARGEST = 4096


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Entry(_Body):
    """The secret from the fragment of a link."""

    secret: Annotated[str, Field(min_length=1, max_length=200)]


class Switch(_Body):
    """Where the therapist put the switch."""

    on: bool


Body = TypeVar("Body", bound=_Body)


@dataclass(frozen=True, slots=True)
class Api:
    """The routes under ``/api`` that the pages use."""

    settings: SandboxSettings
    living: Living
    now: Callable[[], datetime]

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        return [
            web.post("/api/entry", self.enter),
            web.post("/api/participant-token", self.participant),
            web.get("/api/embed", self.embed),
            web.post("/api/fermata", self.switch),
            web.post("/api/end", self.end),
            web.get("/api/record", self.record),
        ]

    async def enter(self, request: web.Request) -> web.Response:
        """Exchange a link's secret for a page session."""
        entry = await _read(request, Entry)
        visitor = await self.living.database.run(partial(visitor_with, secret=entry.secret))
        if visitor is None:
            raise Problem(401, "This link is not known here")
        view, _ = await self.living.database.run(
            partial(occurrences.attended, visitor=visitor, now=self.now())
        )
        return web.json_response(
            {
                "session": page_session(self.living.key, visitor, self.now()),
                "page": visitor.page,
                "role": visitor.role,
                "person": visitor.person,
                "view": view,
                "fermata": await self.living.rooms[visitor.meeting].fermata(),
            }
        )

    async def participant(self, request: web.Request) -> web.Response:
        """Issue a fresh participant token for the call that runs, or within 24 h of the last one."""
        visitor = self.caller(request)
        work = partial(occurrences.attended, visitor=visitor, now=self.now())
        _, occurrence = await self.living.database.run(work)
        if not occurrence:
            raise Problem(404, "There is no session to take part in")
        token = participant_token(self.settings.token_keys, visitor, occurrence, self.now())
        life_s = int(PARTICIPANT_LIFE.total_seconds())
        return web.json_response({"token": token, "occurrence": occurrence, "expires_in": life_s})

    async def embed(self, request: web.Request) -> web.Response:
        """Say what to load for the plugin now; 503 while it is away, 404 when it has nothing for this page."""
        self.caller(request)
        try:
            embed = await self.living.installation.embed()
        except PluginAway:
            raise Problem(503, "The plugin does not answer") from None
        if embed is None:
            raise Problem(404, "The plugin has no script for this page")
        return web.json_response(asdict(embed))

    async def switch(self, request: web.Request) -> web.Response:
        """Turn Fermata on or off in this session."""
        visitor = self.therapist(request)
        wanted = await _read(request, Switch)
        await self.living.rooms[visitor.meeting].switch(on=wanted.on)
        return web.json_response({"fermata": wanted.on})

    async def end(self, request: web.Request) -> web.Response:
        """End the call for everybody."""
        await self.living.rooms[self.therapist(request).meeting].end()
        return web.json_response({"ended": True})

    async def record(self, request: web.Request) -> web.Response:
        """All that is stored and tied to the people of the meeting; for whoever holds the link of that page."""
        self.caller(request, "record")
        demo = self.living.demo
        people = {f"Patient/{demo.client}": "client", f"Practitioner/{demo.therapist}": "therapist"}
        return web.json_response(await listing(self.living.store, people))

    def caller(self, request: web.Request, page: str | None = None) -> Visitor:
        """Who asks, by the page session; raises ``Problem`` when that does not hold for this *page*."""
        session = request.headers.get("Authorization", "").removeprefix("Bearer ")
        visitor = visitor_of(self.living.key, session, self.now())
        if visitor is None or visitor.meeting not in self.living.rooms:
            raise Problem(401, "The page session is not valid; load the page again")
        if (visitor.page == page) if page else visitor.person:
            return visitor
        raise Problem(403, "This link does not open that")

    def therapist(self, request: web.Request) -> Visitor:
        """Who asks, if it is the therapist; raises ``Problem``."""
        visitor = self.caller(request)
        if visitor.role != "therapist":
            raise Problem(403, "This is the therapist's to decide")
        return visitor


async def _read(request: web.Request, shape: type[Body]) -> Body:
    if (request.content_length or 0) > LARGEST or request.content_type != "application/json":
        raise Problem(
            415 if request.content_type != "application/json" else 413, "The body is not short JSON"
        )
    body = await request.content.read(LARGEST + 1)
    try:
        return shape.model_validate_json(body)
    except ValidationError:
        raise Problem(400, "The body is not what is expected here") from None
