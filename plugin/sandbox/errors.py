"""Errors over HTTP: problem details (RFC 9457), in words that hold nothing of the request.

The record API is apart: FHIR has its own form of errors.
"""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

APART = ("/fhir", "/oauth", "/v1")


def problem(status: int, title: str) -> web.Response:
    """One answer of ``application/problem+json``."""
    body = {"type": "about:blank", "status": status, "title": title}
    return web.Response(status=status, text=json.dumps(body), content_type="application/problem+json")


class Problem(Exception):
    """A request that cannot be done; the title is shown to the caller."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title


@web.middleware
async def as_problem(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer refusals of the sandbox's own routes, and the framework's, as problem details."""
    try:
        return await handler(request)
    except Problem as refused:
        return problem(refused.status, refused.title)
    except web.HTTPException as raised:
        if request.path.startswith(APART):
            raise
        return problem(raised.status, raised.reason)
