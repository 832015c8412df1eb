"""The floor of a start: bare aiohttp that listens and has nothing to say."""

import sys

from aiohttp import web

from benchmarks.floors.loop import serve


async def _hello(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


if __name__ == "__main__":
    app = web.Application()
    app.router.add_get("/healthz", _hello)
    serve(app, int(sys.argv[1]))
