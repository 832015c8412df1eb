import asyncio
import json
from pathlib import Path

import aiohttp

from tests.commands.process import config_in, fermata, rows, said, serving
from tests.house import MASTER, House, running


async def told(house: House) -> None:
    """A call with a pause, an ended meeting, and a check-in that an operator will find again."""
    await house.begin()
    async with await house.open("pra-1", "therapist") as _, await house.open("pat-1", "client") as client:
        await client.ask("consent.answer", choice="save", therapist=True, practice=True)
        pause = "5f0d1b8e-6c1c-4a58-9f0f-0d7b1d6f9c11"
        await client.ask("pause.press", id=pause)
        await client.ask("pause.resume", pause=pause, choice="go_on")
    await house.end()


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
