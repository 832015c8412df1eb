"""Call pages as an integrator would write them, and a ledger in each of what was on the screen, and when."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from playwright.async_api import Page, expect

from tests.browser.looking import SENTENCES, region
from tests.browser.serving import serve

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A call</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/host.css"><script type="module" src="{service}/embed/v1/fermata.js"></script></head>
<body><main id="stage"><h1>Call</h1><fermata-overlay session-token="{token}">The pause button is not here right now.
You can say it out loud, wave, or leave.</fermata-overlay></main></body></html>"""
CSS = "body { margin: 0; } h1 { position: absolute; } #stage { position: relative; block-size: 100vh; }"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; script-src {service}; connect-src {service} {socket}; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

LEDGER = """
window.ledger = [];
window.painted = null;
let pressed = Infinity;
const last = new Map();
const clock = () => performance.timeOrigin + performance.now();
const words = ({ localName, shadowRoot }) =>
  shadowRoot.getElementById(localName === "pause-notice" ? "title" : "says").textContent;
const afterFrame = (then) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = then;
  channel.port2.postMessage(0);
});
const note = (entry) => {
  const at = clock();
  window.ledger.push({ ...entry, at, after: at - pressed });
  window.noted?.(entry);
};
const keyOf = (each) => each.localName + (each.localName === "pause-notice" ? each.getAttribute("pause") : "");
const write = (each) => {
  const key = keyOf(each);
  const state = each.getAttribute("state") ?? each.getAttribute("stage");
  const entry = { card: each.localName, pause: each.getAttribute("pause"), state, words: words(each) };
  if (last.get(key) === JSON.stringify(entry)) return;
  last.set(key, JSON.stringify(entry));
  note(entry);
  if (state === "pressed") afterFrame(() => { window.painted ??= clock() - pressed; });
};
window.addEventListener("click", (event) => {
  if (!event.composedPath().some(({ localName }) => localName === "pause-button")) return;
  pressed = performance.timeOrigin + event.timeStamp;
}, true);
document.addEventListener("fm-ready", ({ target }) => {
  const stage = target.shadowRoot.querySelector("overlay-stage").shadowRoot;
  const look = () => {
    const there = [...stage.querySelectorAll("pause-sheet, pause-notice")];
    there.forEach(write);
    for (const gone of [...last.keys()].filter((key) => !there.some((each) => keyOf(each) === key))) {
      const { card, pause } = JSON.parse(last.get(gone));
      last.delete(gone);
      note({ card, pause, state: null, words: "" });
    }
  };
  new MutationObserver(look).observe(stage, { subtree: true, childList: true, attributes: true });
  look();
});
"""
"""Runs before anything else of a page; needs nothing of ours but the tags and their attributes."""

WORDS = SENTENCES | {
    "therapist_gone": "Your therapist is not on the call right now. You can wait, or leave. That is okay.",
    "unreachable": "We cannot reach your therapist's screen. You can say it out loud, wave, or leave. That is okay.",
    "hidden": "It reached your therapist's computer, but the call is not in front of them. "
    "You can say it out loud or wave.",
    "not_tapped": "It is on your therapist's screen, but they have not tapped yet. You can mute, turn off your "
    "camera, or leave at any time. That is okay.",
    "not_answered": "Your therapist has not answered yet. You can say the word pause out loud, wave, "
    "or leave the call.",
    "alone_over": "The call is over.",
    "": "",
}
"""The sentences of a client's pause, by what they are about."""

PATIENCE = 30_000
"""Milliseconds that words may take to come where a test asks which, not when."""

SLOW = ("not_tapped", "not_answered")
"""Also true of a pause that is delivered, where this machine took longer than ten or thirty seconds."""


@dataclass
class Pages:
    """Serves one page a person; ``origin`` is the host's."""

    origin: str = ""
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, name: str, service: str, token: str) -> str:
        """A page that embeds the overlay from this address of the service; answers its own."""
        self.pages[name] = (service, token)
        return f"{self.origin}/{name}"

    async def page(self, request: web.Request) -> web.Response:
        service, token = self.pages[request.match_info["name"]]
        policy = POLICY.format(service=service, socket=service.replace("http", "ws", 1))
        text = PAGE.format(service=service, token=token)
        headers = {"Content-Security-Policy": policy}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def style(self, _request: web.Request) -> web.Response:
        return web.Response(text=CSS, content_type="text/css")


@asynccontextmanager
async def served() -> AsyncIterator[Pages]:
    pages = Pages()
    app = web.Application()
    app.router.add_get("/host.css", pages.style)
    app.router.add_get("/{name}", pages.page)
    runner, pages.origin = await serve(app)
    try:
        yield pages
    finally:
        await runner.cleanup()


async def reads(page: Page, key: str) -> None:
    """Wait until the one region of the own pause holds exactly this sentence."""
    await expect(region(page)).to_have_text(WORDS[key], use_inner_text=False, timeout=PATIENCE)


async def has_reached(page: Page) -> None:
    """Wait until it says that the pause is on the other screen, in the words for as long as that took."""
    words = "|".join(re.escape(WORDS[key]) for key in ("delivered", *SLOW))
    await expect(region(page)).to_have_text(
        re.compile(f"^({words})$"), use_inner_text=False, timeout=PATIENCE
    )


async def entries(page: Page, card: str = "pause-sheet") -> list[dict[str, Any]]:
    """What stood on the screen of this page, in order."""
    found: list[dict[str, Any]] = await page.evaluate(
        "(card) => window.ledger.filter((entry) => entry.card === card)", card
    )
    return found


async def said(page: Page) -> list[str]:
    """The sentences that the own pause went through on this page, by what they are about."""
    by_words = {words: key for key, words in WORDS.items()}
    found = [by_words[entry["words"]] for entry in await entries(page)]
    return [key for place, key in enumerate(found) if key and (not place or found[place - 1] != key)]
