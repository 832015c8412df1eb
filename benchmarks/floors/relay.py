"""The floor of the pause: bare aiohttp that passes a press on and says so. Nothing is kept."""

import json
import sys

from aiohttp import WSMsgType, web

from benchmarks.floors.loop import serve

_calls: dict[str, dict[str, web.WebSocketResponse]] = {}


async def _live(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    hello = json.loads((await socket.receive()).data)
    call = _calls.setdefault(hello["call"], {})
    call[hello["role"]] = socket
    await socket.send_str('{"type":"ready"}')
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            ask = json.loads(message.data)
            other = call["therapist" if hello["role"] == "client" else "client"]
            await other.send_str(json.dumps({"type": "press", "id": ask["id"], "kind": ask["kind"]}))
            await socket.send_str(json.dumps({"type": "answer", "id": ask["id"], "ok": True}))
    return socket


if __name__ == "__main__":
    app = web.Application()
    app.router.add_get("/live", _live)
    serve(app, int(sys.argv[1]))
