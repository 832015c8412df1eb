"""A plugin as the sandbox sees one: a manifest, an embed file with its hash, and a place for webhooks.

It is what an outsider needs to look at the sandbox alone: it keeps what it was sent and answers what a test says.
"""

import base64
import copy
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

MANIFEST: dict[str, Any] = {
    "name": "pretend",
    "version": "1.0.0",
    "events": ["meeting.started", "meeting.ended", "participant.joined", "participant.left"],
    "scopes": ["system/Observation.crus", "system/Consent.crus"],
    "entry_points": {
        "webhooks": "/hooks/{tenant}/{host}",
        "script": "/e/overlay.js",
        "script_manifest": "/e/manifest.json",
        "overlay_tag": "pretend-overlay",
        "jwks": "/keys.json",
    },
}

SCRIPT = """
class PretendOverlay extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    Object.assign(this.style, { position: "absolute", zIndex: 10 });
    const button = document.createElement("button");
    button.textContent = "Pretend button";
    this.attachShadow({ mode: "open" }).append(button);
    button.onclick = () => this.dispatchEvent(new CustomEvent("fm-layout",
      { bubbles: true, composed: true, detail: { top: 92, bottom: 0, left: 0, right: 0 } }));
  }
}
customElements.define("pretend-overlay", PretendOverlay);
"""


@dataclass
class PretendPlugin:
    """Everything it was sent, and what it answers."""

    manifest: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(MANIFEST))
    script: str = SCRIPT
    integrity: str | None = None
    answers: list[int] = field(default_factory=list)
    """Statuses of the next answers to webhooks; 202 when there is none left."""
    retry_after: str | None = None
    keys: dict[str, object] = field(default_factory=lambda: {"keys": []})
    attempts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    """The events it took; a webhook that comes again after a restart counts once, as its id says."""
    _known: set[str] = field(default_factory=set)
    paths: list[str] = field(default_factory=list)

    def app(self) -> web.Application:
        """Its web application."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/manifest.json", self._manifest),
                web.get("/e/overlay.js", self._script),
                web.get("/e/manifest.json", self._script_manifest),
                web.get("/keys.json", self._keys),
                web.post("/{path:.*}", self._webhook),
            ]
        )
        return app

    def types(self) -> list[str]:
        """The types of the webhooks it took, in order."""
        return [event["type"] for event in self.taken]

    async def _manifest(self, _request: web.Request) -> web.Response:
        return web.json_response(self.manifest)

    async def _keys(self, _request: web.Request) -> web.Response:
        return web.json_response(self.keys)

    async def _script(self, _request: web.Request) -> web.Response:
        self.paths.append("/e/overlay.js")
        headers = {"Access-Control-Allow-Origin": "*"}
        return web.Response(text=self.script, content_type="text/javascript", headers=headers)

    async def _script_manifest(self, _request: web.Request) -> web.Response:
        digest = base64.b64encode(hashlib.sha384(self.script.encode()).digest()).decode()
        return web.json_response({"file": "overlay.js", "integrity": self.integrity or f"sha384-{digest}"})

    async def _webhook(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.attempts.append((dict(request.headers), body))
        self.paths.append(request.path)
        status = self.answers.pop(0) if self.answers else 202
        if 200 <= status < 300 and request.headers["webhook-id"] not in self._known:
            self._known.add(request.headers["webhook-id"])
            self.taken.append(json.loads(body))
        headers = {"Retry-After": self.retry_after} if self.retry_after and status >= 400 else {}
        if 300 <= status < 400:
            headers["Location"] = "/elsewhere"
        return web.Response(status=status, headers=headers)
