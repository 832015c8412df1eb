"""Origins: which pages may speak to the service, and may read what it answers."""

from aiohttp import web

from plugin.errors import Problem

READER = web.RequestKey("reader", str)
"""The origin that a request proved to come from, whose page may read the answer."""


def check_origin(request: web.Request, allowed: frozenset[str]) -> str:
    """The page's origin; raises ``Problem`` 403 unless it is one of the allowed ones, named once."""
    given = request.headers.getall("Origin", [])
    if len(given) != 1 or given[0] not in allowed:
        raise Problem(403, "This page may not speak to the service.")
    return given[0]


def check_reader(request: web.Request, allowed: frozenset[str]) -> None:
    """As ``check_origin``, and the page may read the answer."""
    request[READER] = check_origin(request, allowed)
