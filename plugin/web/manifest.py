"""``/manifest.json`` and its schema: what a host reads to install the plugin."""

from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler


def served(file: Path, content_type: str = "application/json") -> Handler:
    """Serves a file as it was when the service started."""
    content = file.read_bytes()

    async def read(_request: web.Request) -> web.Response:
        return web.Response(
            body=content,
            content_type=content_type,
            headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "public, no-cache"},
        )

    return read
