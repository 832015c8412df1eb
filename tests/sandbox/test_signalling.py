"""The signalling socket: who sits where, what is carried, what is refused."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest

from plugin.sandbox.settings import SandboxSettings
from tests.sandbox.pretend_plugin import PretendPlugin
from tests.sandbox.running import Running, eventually, running


async def _refused_with(sandbox: Running, hello: Mapping[str, object] | str, origin: str = "") -> int | None:
    headers = {"Origin": origin or sandbox.url}
    async with sandbox.http.ws_connect(f"{sandbox.url}/api/call", headers=headers) as socket:
        await (socket.send_str(hello) if isinstance(hello, str) else socket.send_json(hello))
        message = await socket.receive(timeout=8)
        assert message.type is aiohttp.WSMsgType.CLOSE
        return socket.close_code


async def test_two_pages_hear_of_each_other_and_their_signals_are_carried(sandbox: Running) -> None:
    async with sandbox.seated("therapist", "peer-therapist") as therapist:
        async with sandbox.seated("client", "peer-client") as client:
            joined = await therapist.next("joined")
            assert (joined["peer"], joined["role"]) == ("peer-client", "client")
            assert [other["peer"] for other in client.welcome["peers"]] == ["peer-therapist"]
            await client.socket.send_json(
                {"type": "signal", "to": "peer-therapist", "data": {"candidate": None}}
            )
            signal = await therapist.next("signal")
            assert (signal["from"], signal["data"]) == ("peer-client", {"candidate": None})
            await client.socket.send_json({"type": "media", "camera": True, "microphone": False})
            media = await therapist.next("media")
            assert (media["camera"], media["microphone"]) == (True, False)
            await client.socket.send_json({"type": "beat"})
            assert await client.next("beat")
        assert (await therapist.next("gone"))["peer"] == "peer-client"


async def test_leaving_is_told_apart_from_being_gone(sandbox: Running) -> None:
    async with (
        sandbox.seated("therapist", "peer-therapist") as therapist,
        sandbox.seated("client", "peer-client") as client,
    ):
        await client.leave()
        assert (await therapist.next("left"))["peer"] == "peer-client"


async def test_a_page_that_comes_back_keeps_its_seat_and_opens_another_connection(
    sandbox: Running, plugin: PretendPlugin
) -> None:
    async with (
        sandbox.seated("therapist", "peer-therapist") as therapist,
        sandbox.seated("client", "peer-client"),
        sandbox.seated("client", "peer-client") as again,
    ):
        assert [other["peer"] for other in again.welcome["peers"]] == ["peer-therapist"]
        await eventually(lambda: plugin.types()[-2:] == ["participant.joined", "participant.left"])
        joined, left = (event["data"] for event in plugin.taken[-2:])
        assert joined["connection"] != left["connection"]
        assert left["reason"] == "gone"
        await therapist.socket.send_json({"type": "signal", "to": "peer-client", "data": 1})
        assert (await again.next("signal"))["data"] == 1


async def test_nobody_takes_the_seat_of_somebody_else(sandbox: Running) -> None:
    client = await sandbox.enter("client")
    async with sandbox.seated("therapist", "peer-therapist"):
        hello = {"type": "hello", "session": client["session"], "peer": "peer-therapist"}
        assert await _refused_with(sandbox, hello) == 4429


@pytest.mark.parametrize(
    "hello",
    [
        {"type": "hello", "session": "nobody", "peer": "peer-client"},
        {"type": "leave"},
        "no json",
        '{"type":"hello","session":"x","peer":"<b>"}',
    ],
)
async def test_without_a_valid_page_session_there_is_no_seat(
    sandbox: Running, hello: dict[str, object] | str
) -> None:
    assert await _refused_with(sandbox, hello) == 4401


async def test_the_record_link_has_no_seat(sandbox: Running) -> None:
    session = (await sandbox.enter("record"))["session"]
    assert await _refused_with(sandbox, {"type": "hello", "session": session, "peer": "peer-record"}) == 4401


async def test_a_page_of_another_site_is_refused(sandbox: Running) -> None:
    session = (await sandbox.enter("client"))["session"]
    hello = {"type": "hello", "session": session, "peer": "peer-client"}
    assert await _refused_with(sandbox, hello, origin="https://elsewhere.example") == 4403


async def test_a_frame_that_makes_no_sense_ends_the_socket(sandbox: Running, plugin: PretendPlugin) -> None:
    async with sandbox.seated("client", "peer-client") as client:
        await client.socket.send_str('{"type":"signal"}')
        await eventually(
            lambda: plugin.types()[-1:] == ["participant.left"] or "meeting.ended" in plugin.types()
        )


async def test_the_therapist_ends_the_call_for_everyone(sandbox: Running, plugin: PretendPlugin) -> None:
    async with (
        sandbox.seated("therapist", "peer-therapist") as therapist,
        sandbox.seated("client", "peer-client") as client,
    ):
        assert (await sandbox.ask("POST", "/api/end", therapist.entry["session"]))[0] == 200
        await client.next("ended")
        await therapist.next("ended")
    await eventually(lambda: plugin.types()[-1:] == ["meeting.ended"])
    assert plugin.types().count("meeting.ended") == 1


async def test_a_restart_tells_the_lost_connections_and_the_call_goes_on(
    settings: SandboxSettings, plugin: PretendPlugin
) -> None:
    patient = replace(settings, empty_after=timedelta(seconds=60))
    async with running(patient) as first, first.seated("client", "peer-client"):
        await eventually(lambda: len(plugin.taken) == 2)
    async with running(patient) as second, second.seated("client", "peer-client"):
        await eventually(lambda: len(plugin.taken) == 4)
        assert plugin.types()[2:] == ["participant.left", "participant.joined"]
        assert plugin.taken[3]["data"]["occurrence"] == plugin.taken[0]["data"]["occurrence"]


async def test_a_socket_that_no_longer_answers_is_noticed_within_seconds(sandbox: Running) -> None:
    session = (await sandbox.enter("client"))["session"]
    async with sandbox.seated("therapist", "peer-therapist") as therapist:
        silent = await sandbox.http.ws_connect(f"{sandbox.url}/api/call", autoping=False)
        await silent.send_json({"type": "hello", "session": session, "peer": "peer-client"})
        assert await therapist.next("joined")
        assert (await therapist.next("gone"))["peer"] == "peer-client"
        await silent.close()


async def test_a_hello_that_does_not_come_frees_the_socket(sandbox: Running) -> None:
    async with sandbox.http.ws_connect(f"{sandbox.url}/api/call") as silent:
        async with asyncio.timeout(10):
            await silent.receive()
        assert silent.close_code == 4408
