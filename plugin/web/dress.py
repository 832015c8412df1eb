"""What holds for every answer: the headers that keep pages apart, and errors that are problems with fixed words."""

from aiohttp import web

from plugin.errors import TYPE, told
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


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Make an answer that is about to be sent fit to be seen, whoever made it."""
    if (
        response.status >= 400
        and isinstance(response, web.Response)
        and response.content_type == "text/plain"
    ):
        _as_problem(response)
    dress(response)
    reader = request.get(READER)
    if reader:
        response.headers["Access-Control-Allow-Origin"] = reader
        response.headers.add("Vary", "Origin")


def _as_problem(response: web.Response) -> None:
    """Aiohttp's own errors come as text with the words of the library in them."""
    body = told(response.status)
    response.content_type, response.charset = TYPE, None
    response.body = body
    response.headers["Content-Length"] = str(len(body))


def dress(response: web.StreamResponse) -> None:
    """Set the headers that are the same for all; what an answer said itself stays."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "fermata"
