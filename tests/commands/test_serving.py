import asyncio
import json
import signal
import time
from pathlib import Path

import aiohttp
import jwt
from websockets.asyncio.client import connect
from websockets.typing import Origin

from plugin.app import PERFORM_WITHIN
from plugin.live import wire
from plugin.serving import CLOSE_WITHIN
from tests.commands.process import config_in, fermata, said, serving
from tests.house import TOKEN_KEY


async def test_a_stop_by_signal_is_clean_and_the_journal_is_whole(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(config_in(tmp_path, unused_tcp_port), unused_tcp_port) as process:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            out, errors = await process.communicate()
    assert (process.returncode, out) == (0, b"")
    assert [json.loads(line)["event"] for line in errors.splitlines()] == ["serving"]
    assert not (tmp_path / "data" / "admin.json").exists()
    assert not (tmp_path / "data" / "journal.db-wal").exists()


async def test_a_port_and_a_journal_are_had_by_one_service_only(tmp_path: Path, unused_tcp_port: int) -> None:
    config = config_in(tmp_path, unused_tcp_port)
    async with serving(config, unused_tcp_port):
        run = await asyncio.to_thread(fermata, "serve", "--config", str(config))
        assert run.returncode == 2
        assert "is in use by another process" in said(run)
        other = tmp_path / "other"
        other.mkdir()
        run = await asyncio.to_thread(fermata, "serve", "--config", str(config_in(other, unused_tcp_port)))
        assert run.returncode == 2
        assert said(run).lower().endswith("address already in use")


async def test_check_says_one_line_for_each_question(tmp_path: Path, unused_tcp_port: int) -> None:
    config = config_in(tmp_path, unused_tcp_port)
    run = await asyncio.to_thread(fermata, "check", "--config", str(config))
    assert run.returncode == 1
    assert run.stdout.splitlines() == [
        "ok     settings",
        "ok     keys: 1 master, 1 token, 1 pseudonym",
        "ok     journal: none yet, the first start makes it",
        "ok     north/sandbox keys: 1 webhook, 1 token",
        "wrong  north/sandbox answers: ClientConnectorError",
    ]
    async with serving(config, unused_tcp_port):
        text = config.read_text().replace("http://127.0.0.1:9", f"http://127.0.0.1:{unused_tcp_port}")
        config.write_text(text)
        run = await asyncio.to_thread(fermata, "check", "--config", str(config))
    assert (run.returncode, run.stdout.splitlines()[-1]) == (0, "ok     north/sandbox answers")


async def test_a_stop_waits_for_nobody_who_does_not_hang_up(tmp_path: Path, unused_tcp_port: int) -> None:
    async with serving(config_in(tmp_path, unused_tcp_port), unused_tcp_port) as process:
        house = f"ws://127.0.0.1:{unused_tcp_port}/v1/live"
        polite = await connect(house, origin=Origin(f"http://127.0.0.1:{unused_tcp_port}"), compression=None)
        rude = await connect(house, origin=Origin(f"http://127.0.0.1:{unused_tcp_port}"), compression=None)
        rude.transport.pause_reading()
        stamp = int(time.time())
        claims = {
            "iss": "sandbox", "aud": "fermata", "sub": "pat-1", "meeting": "m", "occurrence": "o", "role": "client",
            "iat": stamp, "exp": stamp + 900, "jti": "j",
        }  # fmt: skip
        body = json.dumps({"token": jwt.encode(claims, TOKEN_KEY, headers={"kid": "t1"})})
        async with aiohttp.ClientSession() as http:
            url = f"http://127.0.0.1:{unused_tcp_port}/v1/overlay-tokens"
            async with http.post(url, data=body, headers={"Content-Type": "text/plain"}) as answer:
                token = (await answer.json())["token"]
        for socket in (polite, rude):
            await socket.send(json.dumps({"v": 1, "type": "hello", "token": token}))
        await polite.recv()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            await polite.wait_closed()
            await process.wait()
        assert (polite.close_code, process.returncode) == (1012, 0)
        rude.transport.abort()


def test_whatever_a_stop_waits_for_is_over_within_five_seconds() -> None:
    assert wire.CLOSE_WITHIN + CLOSE_WITHIN + PERFORM_WITHIN < 5
