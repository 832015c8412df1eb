"""A press over a line that is dead, deaf or lying: the page says what is true, and never that it was accepted."""

import asyncio
from dataclasses import replace
from statistics import median

import pytest

from tests.browser.journeys.demo import eventually
from tests.truth.pages import entries, reads, said
from tests.truth.party import on_the_wire
from tests.truth.proxy import EMPTY, HTML, REDIRECT, Proxy
from tests.truth.scene import Scene, asks, press

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LOCAL_MS = 100
SAMPLES = 9
SAID_BY_MS = 3500


async def test_a_press_is_painted_within_a_tenth_of_a_second_without_any_network(scene: Scene) -> None:
    line = await scene.line()
    client = await scene.client(line, still=False)
    took: list[float] = []

    async def painted() -> bool:
        return await client.evaluate("window.painted") is not None

    for count in range(1, SAMPLES + 1):
        line.cut(up=True, down=True)
        await asks(client)
        await eventually(painted)
        await reads(client, "on_its_way")
        assert len(scene.pauses()) < count
        took.append(await client.evaluate("[window.painted, window.painted = null][0]"))
        scene.house.clock.advance(seconds=1)
        line.heal()
        await reads(client, "unreachable")
        await press(client, "Go on")
        await reads(client, "")
    assert median(took) <= LOCAL_MS, took


def towards_the_service(line: Proxy) -> None:
    line.cut(up=True)


def towards_the_browser(line: Proxy) -> None:
    line.cut(down=True)


def by_a_page(line: Proxy) -> None:
    line.cut(up=True)
    line.replies["/v1/asks"] = HTML


def by_a_redirect(line: Proxy) -> None:
    line.cut(up=True)
    line.replies["/v1/asks"] = REDIRECT


def by_nothing(line: Proxy) -> None:
    line.cut(up=True)
    line.replies["/v1/asks"] = EMPTY


SILENCES = (towards_the_service, towards_the_browser, by_a_page, by_a_redirect, by_nothing)


async def test_what_is_no_answer_is_never_accepted_and_said_within_three_and_a_half_seconds(
    scene: Scene,
) -> None:
    found = await asyncio.gather(*(silenced(scene, silence.__name__) for silence in SILENCES))
    said_after = dict(zip((silence.__name__ for silence in SILENCES), found, strict=True))
    assert {name: ms for name, ms in said_after.items() if not 3000 <= ms <= SAID_BY_MS} == {}


async def silenced(scene: Scene, name: str) -> float:
    """One call whose client presses over such a line; answers after how many milliseconds the page said so."""
    silence = next(each for each in SILENCES if each.__name__ == name)
    house = replace(scene.house, occurrence=f"run {name}", meeting=f"room {name}")
    await house.begin()
    line = await scene.line()
    async with on_the_wire(house, "pra-1", "therapist") as therapist:
        await therapist.until(bool)
        client = await scene.enter("pat-1", "client", line, house=house)
        silence(line)
        await asks(client)
        await reads(client, "not_sent")
        shown = await entries(client)
        assert {entry["state"] for entry in shown} == {None, "pressed"}
        assert len(scene.pauses(house)) == (silence is towards_the_browser)
        line.heal()
        await reads(client, "delivered")
        await eventually(lambda: [pause.open for pause in scene.pauses(house)] == [True])
        return float(shown[-1]["after"])


async def test_without_a_service_the_page_itself_says_so_by_its_own_clock(scene: Scene) -> None:
    line = await scene.line()
    client = await scene.client(line)
    await scene.therapist()
    await scene.linked(1)
    line.cut(up=True, down=True)
    await asks(client)
    await client.clock.run_for(2900)
    await reads(client, "on_its_way")
    await client.clock.run_for(200)
    await reads(client, "not_sent")
    await client.clock.run_for(7000)
    await reads(client, "trying")
    await client.clock.run_for(50_000)
    await reads(client, "too_old")
    await line.forget()
    line.heal()
    await client.clock.resume()
    await client.evaluate("dispatchEvent(new Event('online'))")
    await scene.linked(1, "pat-1")
    assert await said(client) == ["on_its_way", "not_sent", "trying", "too_old"]
    assert scene.pauses() == []
    await asks(client)
    await reads(client, "delivered")


async def test_a_press_by_post_outlives_the_page_that_made_it(scene: Scene) -> None:
    line = await scene.line()
    client = await scene.client(line, still=False, sockets=False)
    line.cut(up=True)
    await asks(client)
    await reads(client, "on_its_way")
    await client.goto("about:blank")
    line.heal()
    await eventually(lambda: len(scene.pauses()) == 1)
