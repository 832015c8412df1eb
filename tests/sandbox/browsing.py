"""A headless Chromium with fake devices, and what a call looks like from outside the page."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

# Keeps every connection of the page where a test can ask it for its statistics.
REMEMBER = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); window.connections.push(this); }
};
window.violations = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  window.violations.push(`${violatedDirective} ${blockedURI}`));
"""
INBOUND = """
async () => {
  const found = { frames: 0, energy: 0 };
  for (const each of window.connections.filter((one) => one.connectionState === "connected"))
    for (const entry of (await each.getStats()).values())
      if (entry.type === "inbound-rtp") {
        found.frames += entry.framesDecoded ?? 0;
        found.energy += entry.totalAudioEnergy ?? 0;
      }
  return found;
}
"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium; skips where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


async def person(browser: Browser, *, devices: bool = True, **look: Any) -> Page:
    """A page in a context of its own; without *devices* the person has none, or allows none."""
    context: BrowserContext = await browser.new_context(
        permissions=["camera", "microphone"] if devices else [],
        viewport=look.pop("viewport", DESKTOP),
        **look,
    )
    await context.add_init_script(REMEMBER)
    if not devices:
        await context.add_init_script(
            "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('none', 'NotFoundError'); };"
            "navigator.mediaDevices.enumerateDevices = async () => [];"
        )
    return await context.new_page()


async def inbound(page: Page) -> dict[str, float]:
    """Video frames decoded and sound energy received so far, over all connections of the page."""
    found: dict[str, float] = await page.evaluate(INBOUND)
    return found


async def holds(page: Page, script: str, within_s: float = 15) -> None:
    """Wait until *script* is true in the page; not Playwright's own wait, which a strict policy forbids."""
    async with asyncio.timeout(within_s):
        while not await page.evaluate(script):  # noqa: ASYNC110 - a page can only be asked again
            await asyncio.sleep(0.05)


async def violations(page: Page) -> list[str]:
    """What the page's content policy refused so far."""
    found: list[str] = await page.evaluate("window.violations")
    return found
