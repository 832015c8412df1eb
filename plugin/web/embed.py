"""``/embed/v1/``: the one script of a call page, the hash that the page should demand of it, and its later data."""

import gzip
import json
from base64 import b64encode
from hashlib import sha384
from pathlib import Path

from aiohttp import hdrs, web

FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"


class _Kept:
    """A file as it was when the service started. Under ``?v=`` with its own version it never changes."""

    def __init__(self, path: Path, content_type: str) -> None:
        self._plain = path.read_bytes()
        self._packed = gzip.compress(self._plain, 6, mtime=0)
        self._content_type = content_type
        digest = sha384(self._plain).digest()
        self.version = digest.hex()[:32]
        self.integrity = f"sha384-{b64encode(digest).decode()}"

    def answer(self, request: web.Request) -> web.Response:
        tag = f'"{self.version}"'
        settled = request.query.get("v") in {self.version, self.integrity}
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
        body = self._packed if packed else self._plain
        return web.Response(body=body, headers=headers, content_type=self._content_type, charset="utf-8")


class Embed:
    """The script, and what its pages after the call are made of, as both were when the service started."""

    def __init__(self, folder: Path) -> None:
        self._script = _Kept(folder / "fermata.js", "text/javascript")
        self._pages = _Kept(folder / "pages.json", "application/json")

    async def script(self, request: web.Request) -> web.Response:
        """The module. Without ``?v=<its hash>`` browsers ask whether it changed."""
        return self._script.answer(request)

    async def pages(self, request: web.Request) -> web.Response:
        """Data for the pages after the call; the script carries its hash and holds it to that."""
        return self._pages.answer(request)

    async def manifest(self, _request: web.Request) -> web.Response:
        """Which file, and its hash for the ``integrity`` attribute."""
        document = {
            "file": "fermata.js",
            "path": f"/embed/v1/fermata.js?v={self._script.version}",
            "integrity": self._script.integrity,
        }
        return web.Response(
            body=json.dumps(document).encode(),
            content_type="application/json",
            headers={**FOR_ALL, "Cache-Control": ASK_AGAIN},
        )
