"""What a server of the tests can do instead of what it should."""

from collections.abc import Callable

from aiohttp import web

Fault = Callable[[object, web.Request], "web.StreamResponse | None"]
"""Answers in place of the server, or null to let it go on."""


def status(
    code: int, *, after: str | None = None, body: str = '{"resourceType":"OperationOutcome"}'
) -> Fault:
    headers = {} if after is None else {"Retry-After": after}
    return lambda _record, _request: web.Response(
        status=code, text=body, headers=headers, content_type="application/fhir+json"
    )


def html(code: int = 200) -> Fault:
    return lambda _record, _request: web.Response(
        status=code, text="<html>Please log in</html>", content_type="text/html"
    )


def redirect() -> Fault:
    return lambda _record, _request: web.Response(status=307, headers={"Location": "/trap"})


def fails(how: str) -> Fault:
    """Misbehave by name: ``slow``, ``slow after writing``, ``cut``, ``cut after writing``, ``cut and written late``.

    Late is five seconds of the clock later.
    """
    return lambda _record, _request: web.Response(headers={"X-Fault": how})
