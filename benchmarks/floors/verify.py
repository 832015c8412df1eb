"""The floor of a webhook: bare aiohttp that checks the signature and answers. Nothing is read or kept."""

import base64
import hmac
import sys

from aiohttp import web

from benchmarks.floors.loop import serve

_key = base64.b64decode(sys.argv[2])


async def _take(request: web.Request) -> web.Response:
    body = await request.read()
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(_key, signed, "sha256")).decode()
    genuine = hmac.compare_digest(wanted, request.headers["webhook-signature"])
    return web.Response(status=202 if genuine else 401)


if __name__ == "__main__":
    app = web.Application()
    app.router.add_post("/webhook", _take)
    serve(app, int(sys.argv[1]))
