import asyncio
import json
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from plugin.__main__ import COMMANDS, main
from tests.house import MASTER, OVERLAY_KEY, TOKEN_KEY, WHSEC, House, running

ROOT = Path(__file__).parents[2]


def fermata(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("FERMATA_")}
    return subprocess.run(
        [sys.executable, "-m", "plugin", *args],
        cwd=ROOT,
        env=own | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def config_in(folder: Path, port: int = 0, **changes: str) -> Path:
    """A whole installation as a file; its journal lies in ``folder/data``."""
    file = folder / "fermata.toml"
    lines = {
        "data": f'"{folder / "data"}"',
        "port": str(port),
        "master_keys": f'{{ m1 = "{MASTER}" }}',
        "token_keys": f'{{ o1 = "{OVERLAY_KEY}" }}',
        "pseudonym_key": '"pseudonym-key-0123456789-abcdefghij"',
        **changes,
    }
    host = f"""
        [[hosts]]
        tenant = "north"
        host = "sandbox"
        url = "http://127.0.0.1:9"
        webhook_keys = {{ w1 = "{WHSEC}" }}
        token_keys = {{ t1 = "{TOKEN_KEY}" }}
    """
    file.write_text("\n".join(f"{name} = {value}" for name, value in lines.items()) + host)
    return file


def said(run: subprocess.CompletedProcess[str]) -> str:
    """The one line on standard error; anything more is a failure."""
    assert run.stdout == ""
    [line] = run.stderr.splitlines()
    return line


def test_it_says_its_version() -> None:
    run = fermata("--version")
    assert (run.returncode, run.stdout) == (0, "fermata 0.1.0\n")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert f"fermata {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["dance"],
        ["serve", "--loud"],
        ["journal"],
        ["orders", "eat"],
        ["webhook"],
        ["demo", "--port", "x"],
    ],
)
def test_bad_usage_is_one_line_and_2(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(args)
    assert end.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    "command", [["serve"], ["check"], ["sessions"], ["orders", "list"], ["journal", "dump"]]
)
def test_a_missing_secret_is_one_line_and_2(command: list[str]) -> None:
    run = fermata(*command)
    assert run.returncode == 2
    assert said(run).endswith("FERMATA_MASTER_KEYS: is missing")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"token_keys": '{ o1 = "short" }'}, "FERMATA_TOKEN_KEYS: key 1 is shorter than 32 bytes"),
        ({"master_keys": '{ m1 = "AAAA" }'}, "FERMATA_MASTER_KEYS: key 1 is not 32 bytes made by chance"),
        ({"pseudonym_key": '"short"'}, "FERMATA_PSEUDONYM_KEY: is shorter than 32 bytes"),
        ({"colour": '"red"'}, "FERMATA_COLOUR: there is no such setting"),
        ({"port": '"many"'}, "FERMATA_PORT: Input should be a valid integer"),
    ],
)
def test_a_weak_setting_stops_the_start(tmp_path: Path, changes: dict[str, str], says: str) -> None:
    run = fermata("serve", "--config", str(config_in(tmp_path, 0, **changes)))
    assert run.returncode == 2
    assert said(run).startswith(f"fermata serve: {says}")


def test_a_key_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    results = (
        'base = "http://127.0.0.1:9/fhir"\nclient_id = "c"\nkid = "k"\nscope = "s"\nkey_file = "none.pem"'
    )
    config.write_text(config.read_text() + "\n[hosts.results]\n" + results)
    run = fermata("serve", "--config", str(config))
    assert run.returncode == 2
    assert said(run) == (
        "fermata serve: FERMATA_HOSTS: results of north/sandbox: key_file cannot be read (No such file or directory)"
    )


@asynccontextmanager
async def serving(config: Path, port: int) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "plugin", "serve", "--config", str(config), cwd=ROOT, stdout=PIPE, stderr=PIPE
    )
    try:
        async with aiohttp.ClientSession() as http, asyncio.timeout(20):
            while not await _ready(http, port):  # noqa: ASYNC110 - another process can only be asked again
                await asyncio.sleep(0.02)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _ready(http: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


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


async def told(house: House) -> None:
    """A call with a pause, an ended meeting, and a check-in that an operator will find again."""
    await house.begin()
    async with await house.open("pra-1", "therapist") as _, await house.open("pat-1", "client") as client:
        await client.ask("consent.answer", choice="save", therapist=True, practice=True)
        pause = "5f0d1b8e-6c1c-4a58-9f0f-0d7b1d6f9c11"
        await client.ask("pause.press", id=pause)
        await client.ask("pause.resume", pause=pause, choice="go_on")
    await house.end()


def rows(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert run.stderr == ""
    return [json.loads(line) for line in run.stdout.splitlines()]


async def test_an_operator_looks_into_a_journal_while_it_is_served(tmp_path: Path) -> None:
    data = tmp_path / "data"
    key = {"FERMATA_MASTER_KEYS": f"m1={MASTER}"}
    async with running(data) as house:
        await told(house)
        listed = await asyncio.to_thread(fermata, "sessions", "--json", "--data", str(data), **key)
        [session] = rows(listed)
        assert session["meeting"] == "room-1"
        assert (session["started_at"], session["ended_at"]) == ("2026-11-23T14:00:00.000Z",) * 2
        client = {"person": "pat-1", "role": "client", "connections": ["c-pat-1"], "present": False}
        assert client in session["people"]
        dumped = await asyncio.to_thread(fermata, "journal", "dump", "--data", str(data), **key)
        kinds = {row["kind"] for row in rows(dumped)}
        assert {"call", "pause"} <= kinds
        assert "pause_pressed" in dumped.stdout


async def test_the_journal_does_not_open_without_its_key(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running(data) as house:
        await told(house)
    other = {"FERMATA_MASTER_KEYS": f"m1={MASTER[4:8]}{MASTER[4:]}"}
    run = await asyncio.to_thread(fermata, "journal", "dump", "--data", str(data), **other)
    assert run.returncode == 2
    assert "sealed with other master keys" in said(run)
    assert fermata("sessions", "--data", str(tmp_path / "nowhere"), **other).returncode == 2


async def test_orders_are_listed_and_retried_with_the_service_and_without(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    config = config_in(tmp_path, unused_tcp_port)
    async with running(tmp_path / "data") as house:
        await told(house)

    async def state() -> set[str]:
        run = await asyncio.to_thread(fermata, "orders", "list", "--json", "--config", str(config))
        assert run.returncode == 0
        assert all("pat-1" not in json.dumps(row) for row in rows(run))
        return {row["state"] for row in rows(run)}

    async def retried() -> int:
        run = await asyncio.to_thread(fermata, "orders", "retry", "--json", "--config", str(config))
        [answer] = rows(run)
        assert run.returncode == (0 if answer["retried"] else 1)
        return int(answer["retried"])

    # No record is set up for this host, so whatever is performed is parked.
    assert await state() == {"parked"}
    waiting = await retried()
    assert waiting >= 2
    assert await state() == {"owed"}
    async with serving(config, unused_tcp_port):
        async with asyncio.timeout(20):
            while await state() != {"parked"}:
                pass
        assert await retried() == waiting
        async with asyncio.timeout(20):
            while await state() != {"parked"}:
                pass


async def test_the_back_door_is_for_who_can_read_the_data_folder(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving(config_in(tmp_path, unused_tcp_port), unused_tcp_port):
        door = tmp_path / "data" / "admin.json"
        assert door.stat().st_mode & 0o777 == 0o600
        port = json.loads(door.read_text())["port"]
        async with aiohttp.ClientSession() as http:
            for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": ""}):
                async with http.post(f"http://127.0.0.1:{port}/orders/retry", headers=headers) as answer:
                    assert answer.status == 401
            async with http.post(f"http://127.0.0.1:{unused_tcp_port}/orders/retry") as answer:
                assert answer.status == 404


def test_output_that_nobody_reads_to_the_end_is_no_failure(tmp_path: Path) -> None:
    command = f"{sys.executable} -m plugin --help | head -c 1"
    run = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.stderr == ""
