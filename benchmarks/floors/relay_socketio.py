"""What a Python team would pick for the pause: python-socketio, and aiosqlite with one commit each."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator

import aiosqlite
import socketio
from aiohttp import web

from benchmarks.floors.loop import serve

_sio = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*")
_db: list[aiosqlite.Connection] = []
_lock = asyncio.Lock()


async def _connect(sid: str, _environ: object, auth: dict[str, str]) -> None:
    await _sio.save_session(sid, auth)
    await _sio.enter_room(sid, auth["call"])


async def _press(sid: str, ask: dict[str, str]) -> dict[str, object]:
    session = await _sio.get_session(sid)
    if _db:
        # One transaction at a time: on a connection that requests share, one's rollback would undo another's row.
        async with _lock:
            row = (session["call"], json.dumps(ask))
            await _db[0].execute("INSERT INTO presses (call, body) VALUES (?, ?)", row)
            await _db[0].commit()
    await _sio.emit("press", {"id": ask["id"], "kind": ask["kind"]}, room=session["call"], skip_sid=sid)
    return {"id": ask["id"], "ok": True}


async def _store(_app: web.Application) -> AsyncIterator[None]:
    async with aiosqlite.connect(sys.argv[2]) as db:
        await db.execute("PRAGMA journal_mode=WAL")
        await db.execute("PRAGMA synchronous=FULL")
        await db.execute("CREATE TABLE presses (number INTEGER PRIMARY KEY, call TEXT, body TEXT)")
        await db.commit()
        _db.append(db)
        yield


if __name__ == "__main__":
    app = web.Application()
    _sio.on("connect", _connect)
    _sio.on("press", _press)
    _sio.attach(app)
    app.cleanup_ctx.append(_store)
    serve(app, int(sys.argv[1]))
