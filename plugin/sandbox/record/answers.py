"""How answers of the FHIR API are written."""

from collections.abc import Mapping
from email.utils import format_datetime

from aiohttp import web

from plugin.sandbox.record.documents import written
from plugin.sandbox.record.etags import etag
from plugin.sandbox.record.json_value import Resource
from plugin.sandbox.record.outcome import Refusal, outcome
from plugin.sandbox.record.rows import Kept


def document(resource: Resource, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer with a resource."""
    return web.Response(
        body=written(resource),
        status=status,
        headers=headers,
        content_type="application/fhir+json",
        charset="utf-8",
    )


def kept(one: Kept, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer with a version of a resource, its tag and when it came."""
    tags = {"ETag": etag(one.version), "Last-Modified": format_datetime(one.at, usegmt=True)}
    return document(one.resource, status, {**tags, **(headers or {})})


def refused(refusal: Refusal) -> web.Response:
    """Answer with the reasons of a refusal."""
    return document(outcome(refusal.issues), refusal.status, refusal.headers)
