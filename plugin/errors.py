"""What a caller is told when something cannot be done: ``application/problem+json`` (RFC 9457).

Titles and details are fixed texts. Nothing of a request, a token, a name or a stack is ever repeated.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web


class Problem(Exception):
    """A request that is turned down with a status and fixed words."""

    def __init__(self, status: int, detail: str = "", *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


def answer(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> web.Response:
    """The answer that tells of a problem; the title is the status in words."""
    document = {"type": "about:blank", "title": _title(status), "status": status}
    if detail:
        document["detail"] = detail
    return web.Response(
        status=status,
        body=json.dumps(document).encode(),
        content_type="application/problem+json",
        headers=headers,
    )


def unwritable() -> web.Response:
    """The journal cannot keep anything now, so nothing may be called accepted."""
    return answer(503, "It could not be kept. Try again.", {"Retry-After": "5"})


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
