"""What holds for every answer: errors are problems with fixed words, and the headers that keep pages apart."""

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from plugin.errors import Problem, answer
from plugin.origins import READER

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=()",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}

_log = structlog.get_logger("fermata.web")


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into ``application/problem+json`` that tells nothing of the inside."""
    try:
        return await handler(request)
    except Problem as problem:
        return answer(problem.status, problem.detail, problem.headers)
    except web.HTTPException as refusal:
        allowed = refusal.headers.get("Allow")
        return answer(refusal.status, headers={"Allow": allowed} if allowed else None)
    except (ConnectionError, TimeoutError):
        raise
    except Exception:  # the last resort: a defect must not show its stack to the world
        _log.exception("request_failed", method=request.method, route=_route(request))
        return answer(500)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers on an answer that is about to be sent, whoever made it."""
    dress(response)
    reader = request.get(READER)
    if reader:
        response.headers["Access-Control-Allow-Origin"] = reader
        response.headers.add("Vary", "Origin")


def dress(response: web.StreamResponse) -> None:
    """Set the headers that are the same for all; what an answer said itself stays."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "fermata"
