"""Read the body of a request: bounded, of a type that is offered, in UTF-8."""

from aiohttp import web

from plugin.sandbox.record.documents import parse
from plugin.sandbox.record.json_value import Resource
from plugin.sandbox.record.outcome import Refusal

MOST_BYTES = 1024 * 1024
TYPES = ("application/fhir+json", "application/json")


async def resource(request: web.Request) -> Resource:
    """The JSON object in the body; raises ``Refusal`` (400, 413, 415)."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() not in TYPES:
        raise Refusal(415, "not-supported", f"The body is of none of the types {', '.join(TYPES)}.")
    if (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise Refusal(415, "not-supported", "The body is not in UTF-8.")
    body = await bounded(request, MOST_BYTES)
    if body is None:
        raise Refusal(413, "too-long", f"The body is longer than {MOST_BYTES} bytes.")
    return parse(body)


async def bounded(request: web.Request, most: int) -> bytes | None:
    """The body, or null when it is longer than *most* bytes.

    Read piece by piece, so that the limit is this API's own, whatever application it is mounted in.
    """
    if (request.content_length or 0) > most:
        return None
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > most:
            return None
    return bytes(body)
