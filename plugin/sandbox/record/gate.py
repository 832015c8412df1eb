"""Who may come in: every answer of the FHIR API is JSON, is not to be stored, and needs a valid access token.

Closed unless opened: a path that is added later needs a token until it stands in ``OPEN``.
"""

import logging
from collections.abc import Awaitable, Callable

import apsw
from aiohttp import web

from plugin.sandbox.record import access, answers
from plugin.sandbox.record.client_secret import holder_of
from plugin.sandbox.record.offer import KINDS, LETTERS, OFFERS, Interaction
from plugin.sandbox.record.outcome import Refusal
from plugin.sandbox.record.scopes import Allowed, allowed
from plugin.sandbox.record.setting import ALLOWED, SETTING

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

OPEN = frozenset({"metadata", "smart-configuration"})
"""The names of the routes that need no token."""

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_log = logging.getLogger("sandbox.record")
_TEXTS = {
    404: ("not-found", "There is nothing at this address."),
    405: ("not-supported", "This method is not offered here."),
}


@web.middleware
async def explained(request: web.Request, handler: Next) -> web.StreamResponse:
    """Answer with an ``OperationOutcome`` whatever goes wrong."""
    try:
        answer = await handler(request)
    except Refusal as refusal:
        answer = answers.refused(refusal)
    except web.HTTPException as error:
        answer = answers.refused(_translated(error))
    except apsw.Error as error:
        _log.error("the record cannot be read or written: %s", type(error).__name__)
        answer = answers.refused(Refusal(503, "transient", "Not now.", headers={"Retry-After": "5"}))
    except Exception as error:  # the last resort: its text may hold what a person said, its class does not
        _log.error("the record failed: %s", type(error).__name__)
        answer = answers.refused(Refusal(500, "exception", "This failed here, not at your end."))
    answer.headers.update(HEADERS)
    return answer


@web.middleware
async def admitted(request: web.Request, handler: Next) -> web.StreamResponse:
    """Let a request pass that carries a valid token, and note what the token allows."""
    if request.match_info.route.name in OPEN:
        return await handler(request)
    allowed_now = await access_of(request)
    if allowed_now is None:
        raise _unknown('Bearer realm="record", error="invalid_token"')
    request[ALLOWED] = allowed_now
    return await handler(request)


async def access_of(request: web.Request) -> Allowed | None:
    """What the request's token allows; null for one that is not valid. Raises ``Refusal`` (401) without any."""
    setting = request.config_dict[SETTING]
    token, now = _bearer(request), setting.now()
    if forever := holder_of(setting.clients, token):
        return allowed(forever.scope)
    found = await setting.store.run(lambda connection: access.look_up(connection, token, now))
    client = setting.clients.get(found.client) if found else None
    if found is None or client is None:
        return None
    # What a client may do is also bounded by what it is registered for now.
    return allowed(found.scope) & allowed(client.scope)


def permit(request: web.Request, kind: str, interaction: Interaction, *also: str) -> None:
    """Raise ``Refusal`` unless the interaction is offered and allowed: 404, 405 or 403.

    ``also`` are further letters of a scope that are needed.
    """
    if kind not in KINDS:
        raise Refusal(404, "not-supported", "Resources of this type are not kept here.")
    if interaction not in OFFERS[kind].interactions:
        text = f"The interaction {interaction} is not offered for {kind}."
        raise Refusal(405, "not-supported", text, headers={"Allow": "GET"})
    needed = {(kind, letter) for letter in (LETTERS[interaction], *also)}
    if not needed <= request[ALLOWED]:
        challenge = 'Bearer realm="record", error="insufficient_scope"'
        text = f"The scopes granted do not allow {interaction} for {kind}."
        raise Refusal(403, "forbidden", text, headers={"WWW-Authenticate": challenge})


def _bearer(request: web.Request) -> str:
    given = request.headers.getall("Authorization", [])
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unknown('Bearer realm="record"')
    return token.strip()


def _unknown(challenge: str) -> Refusal:
    return Refusal(401, "login", "A valid access token is needed.", headers={"WWW-Authenticate": challenge})


def _translated(error: web.HTTPException) -> Refusal:
    code, text = _TEXTS.get(error.status, ("processing", "This request cannot be served."))
    allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return Refusal(error.status, code, text, headers=allow)
