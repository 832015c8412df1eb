"""Origins: which pages may speak to the service, and may read what it answers."""

from aiohttp import web

from plugin.errors import Problem

READER = web.RequestKey("reader", str)
"""The origin that a request proved to come from, whose page may read the answer."""


def check_origin(request: web.Request, allowed: frozenset[str]) -> None:
    """Raise ``Problem`` 403 unless the request names one of the allowed origins, once."""
    given = request.headers.getall("Origin", [])
    if len(given) != 1 or given[0] not in allowed:
        raise Problem(403, "This page may not speak to the service.")
    request[READER] = given[0]
