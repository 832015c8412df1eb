"""``POST /oauth/token``: an access token for a client that proves itself by an assertion or a secret (RFC 6749)."""

import logging
from collections.abc import Mapping
from urllib.parse import parse_qsl

import apsw
from aiohttp import web

from plugin.sandbox.record import access, bodies
from plugin.sandbox.record.access import Access
from plugin.sandbox.record.assertion import Assertion, Unproven, proven
from plugin.sandbox.record.client_secret import in_header, known
from plugin.sandbox.record.clients import Client
from plugin.sandbox.record.gate import HEADERS, Next
from plugin.sandbox.record.scopes import granted
from plugin.sandbox.record.setting import KEYRING, SETTING

MOST_BYTES = 16 * 1024
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_log = logging.getLogger("sandbox.record")


class Denied(Exception):
    """No token, with the HTTP status and the error code of RFC 6749 (section 5.2)."""

    def __init__(
        self, status: int, error: str, description: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "error_description": description}
        self.headers = dict(headers or {})


async def token(request: web.Request) -> web.Response:
    """Verify the client, use up its assertion, and give out a token for what it asked and may."""
    form = await _form(request)
    client = _secretive(request, form) or (await _proven(request, form)).client
    setting = request.config_dict[SETTING]
    scope = granted(form.get("scope", ""), client.scope)
    if not scope:
        raise Denied(400, "invalid_scope", "Nothing that was asked for is allowed for this client.")
    grant, now = Access(client.client_id, scope), setting.now()
    issued = await setting.store.run(lambda connection: access.issue(connection, grant, now))
    lifetime = int(access.LIFETIME.total_seconds())
    return web.json_response(
        {"access_token": issued, "token_type": "bearer", "expires_in": lifetime, "scope": scope}
    )


@web.middleware
async def denied(request: web.Request, handler: Next) -> web.StreamResponse:
    """Answer with an OAuth error whatever goes wrong."""
    try:
        answer = await handler(request)
    except Denied as no:
        answer = web.json_response(no.body, status=no.status, headers=no.headers)
    except web.HTTPException as error:
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        body = {
            "error": "invalid_request",
            "error_description": "Tokens are given out by POST to the token endpoint.",
        }
        answer = web.json_response(body, status=error.status, headers=allow)
    except apsw.Error as error:
        _log.error("the record cannot be read or written: %s", type(error).__name__)
        body = {"error": "temporarily_unavailable", "error_description": "Not now."}
        answer = web.json_response(body, status=503, headers={"Retry-After": "5"})
    except Exception as error:  # the last resort: its text may hold an assertion, its class does not
        _log.error("the token endpoint failed: %s", type(error).__name__)
        body = {"error": "server_error", "error_description": "This failed here, not at your end."}
        answer = web.json_response(body, status=500)
    answer.headers.update({**HEADERS, "Pragma": "no-cache"})
    return answer


def _secretive(request: web.Request, form: Mapping[str, str]) -> Client | None:
    """The client that proves itself by a secret; null when there is none in the request."""
    challenge: dict[str, str] = {}
    if header := request.headers.get("Authorization"):
        given, challenge = in_header(header), {"WWW-Authenticate": 'Basic realm="record"'}
    elif "client_secret" in form:
        given = form.get("client_id", ""), form["client_secret"]
    else:
        return None
    client = known(request.config_dict[SETTING].clients, *given) if given else None
    if client is None or form.get("client_id", client.client_id) != client.client_id:
        raise Denied(401, "invalid_client", "No client of this id has this secret.", challenge)
    return client


async def _proven(request: web.Request, form: Mapping[str, str]) -> Assertion:
    setting = request.config_dict[SETTING]
    now = setting.now()
    try:
        assertion = await proven(
            form["client_assertion"],
            clients=setting.clients,
            keyring=request.config_dict[KEYRING],
            audience=setting.token_endpoint,
            now=now,
        )
    except Unproven as error:
        raise Denied(401, "invalid_client", str(error)) from None
    name = assertion.client.client_id
    if form.get("client_id", name) != name:
        raise Denied(401, "invalid_client", "client_id is not the client of the assertion.")
    fresh = await setting.store.run(
        lambda connection: access.use(connection, name, assertion.jti, expires=assertion.expires, now=now)
    )
    if not fresh:
        raise Denied(401, "invalid_client", "This assertion was used before (jti).")
    return assertion


async def _form(request: web.Request) -> Mapping[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise _invalid("The body is not a form.")
    body = await bodies.bounded(request, MOST_BYTES)
    if body is None:
        raise Denied(413, "invalid_request", f"The form is longer than {MOST_BYTES} bytes.")
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=20
        )
    except ValueError:
        raise _invalid("The form cannot be read.") from None
    # RFC 6749, section 3.2: without a value means not sent; none may stand twice.
    form = {name: value for name, value in pairs if value}
    if len({name for name, _ in pairs}) < len(pairs):
        raise _invalid("A parameter stands twice.")
    _asked_rightly(request, form)
    return form


def _asked_rightly(request: web.Request, form: Mapping[str, str]) -> None:
    if "grant_type" not in form:
        raise _invalid("grant_type is missing.")
    if form["grant_type"] != "client_credentials":
        raise Denied(400, "unsupported_grant_type", "Only client_credentials is granted here.")
    signed = "client_assertion" in form or "client_assertion_type" in form
    if "Authorization" in request.headers or "client_secret" in form:
        if signed or ("Authorization" in request.headers and "client_secret" in form):
            raise _invalid("A client proves itself in one way, and in no other.")
    elif form.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in form:
        raise Denied(401, "invalid_client", f"A secret, or an assertion of type {ASSERTION_TYPE}, is needed.")
    if request.query_string:
        raise _invalid("Nothing stands in the address.")


def _invalid(description: str) -> Denied:
    return Denied(400, "invalid_request", description)
