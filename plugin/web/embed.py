"""``/embed/v1/``: the one script of a call page, and the hash that the page should demand of it."""

import gzip
import json
from base64 import b64encode
from hashlib import sha384
from pathlib import Path

from aiohttp import hdrs, web

FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"


class Embed:
    """The script as it was when the service started."""

    def __init__(self, script: Path) -> None:
        self._plain = script.read_bytes()
        self._packed = gzip.compress(self._plain, 6, mtime=0)
        digest = sha384(self._plain).digest()
        self.version = digest.hex()[:32]
        self.integrity = f"sha384-{b64encode(digest).decode()}"

    async def script(self, request: web.Request) -> web.Response:
        """The module. Under ``?v=<its hash>`` it never changes; without, browsers ask whether it did."""
        tag = f'"{self.version}"'
        settled = request.query.get("v") == self.version
        headers = {
            **FOR_ALL,
            "Cache-Control": FOR_EVER if settled else ASK_AGAIN,
            "ETag": tag,
            "Vary": "Accept-Encoding",
        }
        if request.headers.get(hdrs.IF_NONE_MATCH) == tag:
            return web.Response(status=304, headers=headers)
        packed = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
        if packed:
            headers["Content-Encoding"] = "gzip"
        return web.Response(
            body=self._packed if packed else self._plain,
            headers=headers,
            content_type="text/javascript",
            charset="utf-8",
        )

    async def manifest(self, _request: web.Request) -> web.Response:
        """Which file, and its hash for the ``integrity`` attribute."""
        document = {
            "file": "fermata.js",
            "path": f"/embed/v1/fermata.js?v={self.version}",
            "integrity": self.integrity,
        }
        return web.Response(
            body=json.dumps(document).encode(),
            content_type="application/json",
            headers={**FOR_ALL, "Cache-Control": ASK_AGAIN},
        )
