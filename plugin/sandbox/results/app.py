"""The results API at ``/v1``: ``PUT`` a document under its id, read one, or page through all of them.

The same access tokens as at the record open it, by two scopes of its own: ``results.write`` and ``results.read``.
"""

import logging
import re

import apsw
from aiohttp import web

from plugin.sandbox.errors import Problem, problem
from plugin.sandbox.record import bodies, documents
from plugin.sandbox.record.gate import HEADERS, Next, access_of
from plugin.sandbox.record.json_value import Json, Resource
from plugin.sandbox.record.outcome import Refusal
from plugin.sandbox.record.scopes import RESULTS
from plugin.sandbox.record.setting import ALLOWED, SETTING
from plugin.sandbox.results import rows
from plugin.sandbox.results.shape import UUID, fits

BASE = "/v1"
VERSIONS: list[Json] = [1]
MOST_BYTES = 256 * 1024
PAGE, LONGEST_PAGE = 100, 500

_ID = f"/results/{{id:{UUID}}}"
_log = logging.getLogger("sandbox.results")


def mount(app: web.Application) -> None:
    """Add the API to an application that holds the record already; they share the file and the tokens."""
    api = web.Application(middlewares=[_explained, _admitted])
    api.add_routes([web.get("", _about), web.put(_ID, _put), web.get(_ID, _get), web.get("/results", _list)])
    app.add_subapp(BASE, api)


@web.middleware
async def _explained(request: web.Request, handler: Next) -> web.StreamResponse:
    """Answer with problem details whatever goes wrong; never with a word of a body."""
    try:
        answer = await handler(request)
    except Problem as refused:
        answer = problem(refused.status, refused.title)
    except Refusal as refused:
        answer = problem(refused.status, str(refused))
    except web.HTTPException as raised:
        answer = problem(raised.status, raised.reason)
    except apsw.Error as error:
        _log.error("the results cannot be read or written: %s", type(error).__name__)
        answer = problem(503, "Not now")
        answer.headers["Retry-After"] = "5"
    except Exception as error:  # the last resort: its text may hold what a person said, its class does not
        _log.error("the results failed: %s", type(error).__name__)
        answer = problem(500, "This failed here, not at your end")
    if answer.status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="results"'
    answer.headers.update(HEADERS)
    return answer


@web.middleware
async def _admitted(request: web.Request, handler: Next) -> web.StreamResponse:
    allowed = await access_of(request)
    if allowed is None:
        raise Problem(401, "A valid access token is needed")
    request[ALLOWED] = allowed
    return await handler(request)


def _permit(request: web.Request, letter: str) -> None:
    if (RESULTS, letter) not in request[ALLOWED]:
        raise Problem(403, "The scopes granted do not allow this")


async def _about(_request: web.Request) -> web.Response:
    return web.json_response({"versions": VERSIONS})


async def _put(request: web.Request) -> web.Response:
    _permit(request, "w")
    key, document = request.match_info["id"], await _document(request)
    if document.get("id") != key:
        raise Problem(400, "The id of the document is not that of the address")
    try:
        created = await request.config_dict[SETTING].store.run(lambda db: rows.put(db, key, document))
    except rows.Taken:
        raise Problem(409, "Another document stands under this id") from None
    place = {"Location": f"{request.config_dict[SETTING].base_url}{BASE}/results/{key}"}
    return web.json_response({"id": key}, status=201 if created else 200, headers=place)


async def _document(request: web.Request) -> Resource:
    if request.content_type != "application/json":
        raise Problem(415, "The body is not JSON")
    body = await bodies.bounded(request, MOST_BYTES)
    if body is None:
        raise Problem(413, "The body is too long")
    document = documents.parse(body)
    if not fits(body):
        raise Problem(422, "The body is none of the documents that are taken")
    return document


async def _get(request: web.Request) -> web.Response:
    _permit(request, "r")
    key = request.match_info["id"]
    found = await request.config_dict[SETTING].store.run(lambda db: rows.get(db, key))
    if found is None:
        raise Problem(404, "There is nothing under this id")
    return web.json_response(found)


async def _list(request: web.Request) -> web.Response:
    _permit(request, "r")
    after, count = request.query.get("after", ""), request.query.get("limit", str(PAGE))
    if not re.fullmatch(f"(?:{UUID})?", after) or not re.fullmatch("[1-9][0-9]{0,2}", count):
        raise Problem(400, "after is not an id or limit is not a number")
    most = min(int(count), LONGEST_PAGE)
    found = await request.config_dict[SETTING].store.run(lambda db: rows.page(db, after, most))
    return web.json_response({"results": found.documents, "next": found.following})
