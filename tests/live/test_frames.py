import json
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from plugin.live.messages import LARGEST
from tests.house import ORIGIN, House


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://evil.example",
        "http://calls.example",
        ORIGIN + ":8443",
        ORIGIN.upper(),
        ORIGIN + ".",
    ],
)
async def test_a_page_of_another_origin_gets_no_socket(house: House, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        await house.socket(origin=origin)
    assert refusal.value.response.status_code == 403


async def first_code(socket: ClientConnection, *frames: str | bytes) -> int | None:
    for frame in frames:
        await socket.send(frame)
    await socket.wait_closed()
    return socket.close_code


async def test_without_a_genuine_token_first_there_is_no_conversation(house: House) -> None:
    token = await house.token("pat-1", "client")
    press = json.dumps({"v": 1, "type": "ask", "id": str(uuid4()), "age_ms": 0, "kind": "pause.press"})
    hello: dict[str, Any] = {"v": 1, "type": "hello", "token": token}
    bad: list[str | bytes] = [
        press,
        json.dumps(hello).encode(),
        "{}",
        "",
        "[" * 5000,
        json.dumps({**hello, "token": house.participant("pat-1", "client")}),
        json.dumps({**hello, "token": token[:-2]}),
        json.dumps({**hello, "token": "a" * 5000}),
        json.dumps({**hello, "token": None}),
        json.dumps({**hello, "role": "therapist"}),
        json.dumps({**hello, "v": 2}),
        json.dumps({**hello, "visible": "yes"}),
    ]
    codes = [await first_code(await house.socket(), frame) for frame in bad]
    assert codes == [4401] * len(bad)


async def test_an_expired_token_opens_nothing(house: House) -> None:
    token = await house.token("pat-1", "client")
    house.clock.advance(minutes=6)
    browser = await house.dial(token)
    assert await browser.closed() == 4401


async def test_who_says_nothing_is_hung_up_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.live.wire.HELLO_WITHIN", 0.05)
    assert await first_code(await house.socket()) == 4401


async def test_the_token_is_not_looked_for_in_the_address(house: House) -> None:
    token = await house.token("pat-1", "client")
    url = house.url.replace("http", "ws") + f"/v1/live?token={token}"
    from websockets.asyncio.client import connect

    async with connect(url, origin=Origin(ORIGIN), compression=None) as socket:
        assert await first_code(socket, "{}") == 4401


async def test_the_third_frame_that_cannot_be_read_ends_it(house: House) -> None:
    async with await house.open("pat-1", "client") as client:
        ask = str(uuid4())
        await client.send(type="ask", id=ask, age_ms=0, kind="pause.press", more=1)
        assert await client.next("answer") == {"v": 1, "type": "answer", "id": ask, "refused": "malformed"}
        await client.socket.send(b"\0\1")
        assert (await client.next("answer"))["id"] is None
        await client.socket.send('{"v":1,"type":"who"}')
        await client.next("answer")
        assert await client.closed() == 1008


MALFORMED = {
    "array": "[]",
    "NaN": '{"v":1,"type":"painted","revision":NaN}',
    "text for a number": '{"v":1,"type":"painted","revision":"1"}',
    "float for a number": '{"v":1,"type":"painted","revision":1.0}',
    "true for a number": '{"v":1,"type":"painted","revision":true}',
    "negative": '{"v":1,"type":"painted","revision":-1}',
    "huge": '{"v":1,"type":"painted","revision":1e999}',
    "deep": '{"v":' + "[" * 10000,
    "unknown type": '{"v":1,"type":"screen","revision":1,"cards":[]}',
    "second hello": '{"v":1,"type":"hello","token":"x"}',
    "upper case id": json.dumps(
        {"v": 1, "type": "ask", "id": str(uuid4()).upper() + "A", "age_ms": 0, "kind": "pause.press"}
    ),
    "negative age": json.dumps(
        {"v": 1, "type": "ask", "id": str(uuid4()), "age_ms": -1, "kind": "pause.press"}
    ),
    "unknown kind": json.dumps({"v": 1, "type": "ask", "id": str(uuid4()), "age_ms": 0, "kind": "pause.end"}),
    "other level": json.dumps(
        {
            "v": 1,
            "type": "ask",
            "id": str(uuid4()),
            "age_ms": 0,
            "kind": "pause.level",
            "pause": "x",
            "level": "go",
        }
    ),
    "an edited role": json.dumps(
        {"v": 1, "type": "ask", "id": str(uuid4()), "age_ms": 0, "kind": "pause.press", "role": "therapist"}
    ),
}


@pytest.mark.parametrize("frame", MALFORMED.values(), ids=MALFORMED)
async def test_a_frame_is_read_to_the_letter(house: House, frame: str) -> None:
    async with await house.open("pat-1", "client") as client:
        await client.socket.send(frame)
        assert (await client.next("answer"))["refused"] == "malformed"
        assert (await client.ask("pause.press"))["ok"] is True


@pytest.mark.parametrize("size", [LARGEST + 1, LARGEST * 4])
async def test_a_frame_that_is_too_large_ends_it(house: House, size: int) -> None:
    async with await house.open("pat-1", "client") as client:
        await client.socket.send("x" * size)
        assert await client.closed() == 1009


async def test_the_largest_frame_is_still_read(house: House) -> None:
    async with await house.open("pat-1", "client") as client:
        await client.socket.send("x" * LARGEST)
        assert (await client.next("answer"))["refused"] == "malformed"


async def test_nobody_is_spoken_to_with_compression(house: House) -> None:
    socket = await house.socket(compression="deflate")
    assert socket.protocol.extensions == []
    await socket.close()


async def test_who_floods_is_hung_up_on_and_may_still_ask_by_post(house: House) -> None:
    async with await house.open("pat-1", "client") as client:
        pong = json.dumps({"v": 1, "type": "pong", "visible": True})
        with suppress(ConnectionClosed):
            for _ in range(3000):
                await client.socket.send(pong)
        assert await client.closed() == 4429
    assert (await post(house, await house.token("pat-1", "client"), "pause.press"))[0] == 200


async def test_a_flood_of_pings_is_a_flood(house: House) -> None:
    async with await house.open("pat-1", "client") as client:
        with suppress(ConnectionClosed):
            for _ in range(3000):
                await client.socket.ping()
        assert await client.closed() == 4429


async def post(house: House, token: str, kind: str, **fields: object) -> tuple[int, dict[str, Any]]:
    frame = {"v": 1, "type": "ask", "id": str(uuid4()), "age_ms": 0, "kind": kind, "token": token, **fields}
    return await house.say("/v1/asks", json.dumps(frame))
