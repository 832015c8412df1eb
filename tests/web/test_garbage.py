"""What holds for every address of the service."""

import asyncio
import io
import json
from pathlib import Path

import pytest

from tests.house import ORIGIN, WHSEC, House, running

ROOT = Path(__file__).parents[2]
CANARY = "canary7f3a"


async def raw(house: House, *parts: bytes) -> bytes:
    """Send bytes, answer everything that comes until the other side hangs up."""
    host, port = house.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for part in parts:
        writer.write(part)
    answer = await reader.read()
    writer.close()
    return answer


async def test_who_sends_nothing_or_half_a_head_is_hung_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.web.connections.PATIENCE", 0.3)
    async with running(tmp_path / "data") as house, asyncio.timeout(5):
        assert await raw(house) == b""
        assert await raw(house, b"GET / HTTP/1.1\r\nHo") == b""
        first = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        assert (await raw(house, first, b"GET / HT")).startswith(b"HTTP/1.1 200")


async def test_half_a_body_is_408(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.bodies.PATIENCE", 0.1)
    head = (
        b"POST /webhooks/north/sandbox HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100\r\n\r\nhalf"
    )
    async with asyncio.timeout(5):
        answer = await raw(house, head)
    assert answer.startswith(b"HTTP/1.1 408")


GARBAGE = {
    "no http": b"canary7f3a\r\n\r\n",
    "bad header": b"GET / HTTP/1.1\r\ncanary7f3a\xff\0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\ncanary7f3a",
    "length and chunks": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\ncanary7f3a",
    "long line": b"GET /" + b"canary7f3a" * 3000 + b" HTTP/1.1\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + b"canary7f3a: x\r\n" * 5000 + b"\r\n",
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03canary7f3a",
    "bad chunk": b"POST /v1/asks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\ncanary7f3a\r\n",
}


@pytest.mark.parametrize("bytes_", GARBAGE.values(), ids=GARBAGE)
async def test_what_is_no_http_is_answered_without_an_echo(
    house: House, sink: io.StringIO, bytes_: bytes
) -> None:
    async with asyncio.timeout(15):
        answer = await raw(house, bytes_)
    assert b"canary" not in answer
    assert not answer or answer[:10] in (b"HTTP/1.0 4", b"HTTP/1.1 4")
    assert b"aiohttp" not in answer
    assert "canary" not in sink.getvalue()
    for line in sink.getvalue().splitlines():
        assert json.loads(line)["event"]


async def test_nothing_that_anybody_sends_reaches_the_log(house: House, sink: io.StringIO) -> None:
    """Markers in every field that can be filled: names, tokens, ids, bodies, headers, paths, answers."""
    body = house.body("participant.joined", participant=CANARY, connection=CANARY, role=CANARY, name=CANARY)
    assert await house.deliver(body) == 202
    assert await house.deliver(body, **{**house.signed(body), "webhook-signature": f"v1,{CANARY}"}) == 401
    assert await house.deliver(CANARY.encode(), **house.signed(CANARY.encode())) == 400
    async with house.http.post(
        f"{house.url}/webhooks/{CANARY}/{CANARY}", data=body, headers=house.signed(body)
    ):
        pass
    async with house.http.get(f"{house.url}/{CANARY}?{CANARY}", headers={"X-Name": CANARY, "Cookie": CANARY}):
        pass
    await house.say("/v1/asks", json.dumps({"token": CANARY, "kind": CANARY}))
    await house.say("/v1/overlay-tokens", json.dumps({"token": CANARY}))
    async with await house.open("pat-1", "client") as client:
        await client.socket.send(CANARY)
        await client.ask("consent.answer", choice="save", therapist=True, practice=True)
        await client.ask("checkin.answer", feeling=CANARY, hope=CANARY)
        await client.socket.send(CANARY.encode())
        await client.socket.send(CANARY)
        await client.closed()
    written = sink.getvalue()
    assert written
    assert CANARY not in written
    assert not [secret for secret in (WHSEC, ORIGIN) if secret in written]
