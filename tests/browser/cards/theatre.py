"""A page under a strict content policy with one stage on it, and what its cards wish for."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import Browser, Locator, Page, ViewportSize

ROOT = Path(__file__).parents[3]
SNIPPETS = ROOT / "ui-snippets"
WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
NARROW: ViewportSize = {"width": 320, "height": 640}
EVENTS = [
    "consent-request",
    "checkin-request",
    "survey-request",
    "mirror-request",
    "back-request",
    "survey-open",
]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "require-trusted-types-for 'script'"
)
PAGE = """<!doctype html><html lang="en" dir="{dir}"><meta charset="utf-8"><title>Call</title>
<link rel="stylesheet" href="/page.css"><script type="module" src="/page.js"></script>
<main><h1>Call</h1><overlay-stage lang="en"></overlay-stage></main></html>"""
STYLE = "html,body{margin:0;background:#556} h1{margin:0;position:absolute;opacity:.01}"
SCRIPT = f"""import "/fermata.js";
globalThis.heard = [];
for (const type of {json.dumps(EVENTS)})
  document.addEventListener(type, (event) => heard.push({{type, ...event.detail}}));
globalThis.stage = document.querySelector("overlay-stage");
"""
LOOK = """(button) => ["color", "backgroundColor", "borderColor", "fontWeight", "fontSize", "width", "height"]
  .map((key) => getComputedStyle(button)[key])"""


def instrument(name: str) -> dict[str, Any]:
    """An instrument as it comes in the card."""
    text = (ROOT / "plugin" / "instruments" / f"{name}.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def _fresh(cards: list[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    def stamp(match: re.Match[str]) -> str:
        return f'"{(now + timedelta(seconds=int(match[1]))).isoformat()}"'

    fresh: list[dict[str, Any]] = json.loads(re.sub(r'"now([+-]\d+)s"', stamp, json.dumps(cards)))
    return fresh


@dataclass
class Theatre:
    """One page; ``show`` replaces its screen as a frame from the service would."""

    page: Page
    revision: int = 0

    async def show(self, *cards: Mapping[str, Any]) -> Locator:
        """Show a whole screen and return the last card's element."""
        self.revision += 1
        now = datetime.now(UTC)
        frame = {"revision": self.revision, "now": now.isoformat(), "cards": _fresh(list(cards), now)}
        await self.page.evaluate("(frame) => stage.show(frame)", frame)
        return self.page.locator(str(cards[-1]["card"]))

    async def heard(self) -> list[dict[str, Any]]:
        """The events that left the stage so far, oldest first, each with its detail."""
        events: list[dict[str, Any]] = await self.page.evaluate("heard")
        return events


async def serve(request: web.Request) -> web.Response:
    """The page, its script and style, and the embed; nothing else."""
    where, headers = request.path, {"Content-Security-Policy": POLICY}
    if where == "/":
        text = PAGE.format(dir=request.query.get("dir", "ltr"))
        return web.Response(text=text, content_type="text/html", headers=headers)
    if where.endswith(".css"):
        return web.Response(text=STYLE, content_type="text/css")
    if where == "/pages.json":
        return web.Response(body=(SNIPPETS / "pages.json").read_bytes(), content_type="application/json")
    text = SCRIPT if where == "/page.js" else (SNIPPETS / "fermata.js").read_text("utf-8")
    return web.Response(text=text, content_type="text/javascript")


@asynccontextmanager
async def theatre(
    browser: Browser, url: str, size: ViewportSize = WIDE, *, dir: str = "ltr", **options: Any
) -> AsyncIterator[Theatre]:
    """Open a page of that size; any error in it fails the test."""
    context = await browser.new_context(viewport=size, **options)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    await page.goto(f"{url}?dir={dir}")
    yield Theatre(page)
    await context.close()
    assert errors == []
