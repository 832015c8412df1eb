"""The record as a web application: the FHIR API at ``/fhir``, the token endpoint at ``/oauth/token``."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Middleware

from plugin.sandbox.record import capability, handlers
from plugin.sandbox.record.clients import Client
from plugin.sandbox.record.gate import admitted, explained
from plugin.sandbox.record.keys import Keyring
from plugin.sandbox.record.setting import KEYRING, SETTING, Setting
from plugin.sandbox.record.store import Store
from plugin.sandbox.record.token_endpoint import denied, token


def record_app(
    store: Store,
    clients: Mapping[str, Client],
    *,
    base_url: str,
    now: Callable[[], datetime],
    middlewares: Sequence[Middleware] = (),
) -> web.Application:
    """An application that is the record and nothing else; see ``mount``."""
    app = web.Application(middlewares=middlewares)
    mount(app, store, clients, base_url=base_url, now=now)
    return app


def mount(
    app: web.Application,
    store: Store,
    clients: Mapping[str, Client],
    *,
    base_url: str,
    now: Callable[[], datetime],
) -> None:
    """Add the record to an application that answers at *base_url*.

    ``clients`` maps client ids to registrations and is read at every request. The store stays with the caller, who
    closes it after the application is cleaned up. Middlewares of *app* see every request before the record does.
    """
    app[SETTING] = Setting(store, clients, base_url.rstrip("/"), now)
    app.cleanup_ctx.append(_keyring)
    app.add_subapp("/fhir", _fhir())
    app.add_subapp("/oauth", _oauth())


def _fhir() -> web.Application:
    app = web.Application(middlewares=[explained, admitted])
    one = r"/{kind:[A-Za-z]{1,64}}/{id:[A-Za-z0-9\-.]{1,64}}"
    app.add_routes(
        [
            web.get("/metadata", capability.metadata, name="metadata"),
            web.get(
                "/.well-known/smart-configuration", capability.smart_configuration, name="smart-configuration"
            ),
            web.post("", handlers.transact),
            web.post("/", handlers.transact),
            web.get("/{kind:[A-Za-z]{1,64}}", handlers.find),
            web.post("/{kind:[A-Za-z]{1,64}}", handlers.create),
            web.post("/{kind:[A-Za-z]{1,64}}/_search", handlers.find_by_form),
            web.get(one, handlers.read),
            web.put(one, handlers.update),
            web.get(one + r"/_history/{version:[0-9]{1,9}}", handlers.vread),
        ]
    )
    return app


def _oauth() -> web.Application:
    app = web.Application(middlewares=[denied])
    app.add_routes([web.post("/token", token)])
    return app


async def _keyring(app: web.Application) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        app[KEYRING] = Keyring(session, app[SETTING].now)
        yield
