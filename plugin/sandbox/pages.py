"""The sandbox's pages: static files, read once, under a policy that allows what they need and nothing else.

The policy is what an integrator has to allow for Fermata: its script, its HTTP and WebSocket addresses.
Trusted Types are required; the one policy ``sandbox-embed`` lets the page make the one script tag of the
plugin.
"""

from collections.abc import Awaitable, Callable
from importlib.resources import files

from aiohttp import web

TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
PAGES = {"/": "call.html", "/call": "call.html", "/record": "record.html"}


def routes() -> list[web.RouteDef]:
    """The pages and the files they are made of, by name; no path of the disk is ever looked up for a request."""
    kept = {
        item.name: (item.read_bytes(), TYPES[item.name.rpartition(".")[2]])
        for item in files("plugin.sandbox").joinpath("pages").iterdir()
        if item.name.rpartition(".")[2] in TYPES
    }

    def serving(name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        body, type_ = kept[name]
        charset = None if type_.startswith("font/") else "utf-8"

        async def serve(_request: web.Request) -> web.Response:
            return web.Response(body=body, content_type=type_, charset=charset)

        return serve

    pages = [web.get(path, serving(name)) for path, name in PAGES.items()]
    return pages + [web.get(f"/pages/{name}", serving(name)) for name in kept if not name.endswith(".html")]


def policy(public_url: str, plugin_url: str) -> str:
    """The content security policy of every answer."""
    own_socket, plugin_socket = (url.replace("http", "ws", 1) for url in (public_url, plugin_url))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {plugin_url}",
            "style-src 'self'",
            "font-src 'self'",
            "img-src 'self' data:",
            f"connect-src 'self' {own_socket} {plugin_url} {plugin_socket}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types sandbox-embed",
        )
    )


def guard(content_policy: str) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Put the security headers on every answer, errors too."""
    headers = {
        "Content-Security-Policy": content_policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), display-capture=()",
        "Cache-Control": "no-store",
    }

    async def add(_request: web.Request, answer: web.StreamResponse) -> None:
        for name, value in headers.items():
            answer.headers.setdefault(name, value)

    return add
