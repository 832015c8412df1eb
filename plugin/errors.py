"""What a caller is told when something cannot be done: ``application/problem+json`` (RFC 9457).

Titles and details are fixed texts. Nothing of a request, a token, a name or a stack is ever repeated.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

TYPE = "application/problem+json"


class Problem(web.HTTPException):
    """A request that is turned down with a status and fixed words; aiohttp sends what is raised of this class."""

    def __init__(self, status: int, detail: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        self.status_code = status
        super().__init__(text=told(status, detail).decode(), content_type=TYPE, headers=headers)


def answer(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> web.Response:
    """The answer that tells of a problem; the title is the status in words."""
    return web.Response(status=status, body=told(status, detail), content_type=TYPE, headers=headers)


def unwritable() -> web.Response:
    """The journal cannot keep anything now, so nothing may be called accepted."""
    return answer(503, "It could not be kept. Try again.", {"Retry-After": "5"})


def told(status: int, detail: str = "") -> bytes:
    """A problem as JSON."""
    document = {"type": "about:blank", "title": _title(status), "status": status}
    return json.dumps({**document, "detail": detail} if detail else document).encode()


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
