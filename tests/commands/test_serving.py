import asyncio
import json
import signal
from pathlib import Path

from tests.commands.process import config_in, fermata, said, serving


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
