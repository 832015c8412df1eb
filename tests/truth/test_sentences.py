"""The sentence on the client's page is true at each step, with a therapist in every state, to the letter."""

from datetime import timedelta
from statistics import median

import pytest
from playwright.async_api import Page, expect

from plugin.live import wheel
from tests.browser.journeys.demo import eventually
from tests.browser.looking import pause_button
from tests.truth.pages import PATIENCE, entries, reads, said
from tests.truth.scene import Scene, notice, press

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HIDE = """(state) => {
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
LOCAL_MS = 100
SAMPLES = 9


async def asks(client: Page) -> None:
    await pause_button(client).click()


async def on_screen(page: Page, state: str) -> None:
    """Wait until the own pause was in this state on the page."""

    async def reached() -> bool:
        return any(entry["state"] == state for entry in await entries(page))

    await eventually(reached, within_s=30)


async def settled(scene: Scene, visible: int) -> None:
    """Wait until the service knows of as many therapist's pages in front."""

    def known() -> bool:
        [(_, session)] = scene.house.service.runner.sessions()
        therapist = session.people.get("pra-1")
        return sum(therapist.links.values()) == visible if therapist else visible == 0

    await eventually(known, within_s=30)


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


async def test_accepted_delivered_seen_and_resumed_each_have_their_words(scene: Scene) -> None:
    line = await scene.line()
    client, therapist = await scene.client(), await scene.therapist(line)
    await settled(scene, visible=1)
    line.cut(up=True)
    await asks(client)
    await on_screen(client, "accepted")
    await reads(client, "on_its_way")
    await expect(notice(therapist)).to_contain_text("Your client asked for a pause.")
    [pause] = scene.pauses()
    assert pause.delivered_at is None
    line.heal()
    await reads(client, "delivered")
    await client.get_by_role("radio", name="Change the topic").click()
    await press(therapist, "I have seen it")
    await reads(client, "seen")
    await expect(notice(therapist)).to_contain_text(
        "Your client asked for a pause. Stop, lower your voice, and give them time. They do not have to explain."
    )
    await expect(notice(therapist)).to_contain_text("What would help: change the topic.")
    await press(client, "Slower")
    await expect(notice(therapist)).to_contain_text("Your client wants to go on, slower.")
    await reads(client, "")
    assert await said(client) == ["on_its_way", "delivered", "seen"]


async def test_taken_back_is_said_and_the_band_vanishes(scene: Scene) -> None:
    client, therapist = await scene.client(), await scene.therapist()
    await settled(scene, visible=1)
    await asks(client)
    await reads(client, "delivered")
    await expect(notice(therapist)).to_be_visible()
    await press(client, "Take it back")
    await reads(client, "taken_back")
    await expect(notice(therapist)).to_have_count(0)
    scene.house.clock.advance(seconds=9)
    await client.clock.run_for(8200)
    await reads(client, "")
    assert await said(client) == ["on_its_way", "delivered", "taken_back"]
    assert [pause.outcome for pause in scene.pauses()] == ["withdrawn"]


async def test_before_a_therapist_ever_came_nothing_is_sent(empty_scene: Scene) -> None:
    scene = empty_scene
    await scene.house.begin(("pat-1", "client"))
    client = await scene.client()
    await asks(client)
    await reads(client, "alone_not_yet")
    assert await said(client) == ["alone_not_yet"]
    assert scene.pauses() == []
    await press(client, "Close")
    await scene.house.join("pra-1", "therapist")
    await scene.therapist()
    await expect(pause_button(client)).to_be_visible()

    async def ready() -> bool:
        await asks(client)
        return bool(scene.pauses())

    await eventually(ready, within_s=30)
    await reads(client, "delivered")


async def test_a_therapist_who_left_is_told_at_once_and_so_is_the_return(scene: Scene) -> None:
    client, therapist = await scene.client(), await scene.therapist()
    await leaves(scene, therapist, "c-pra-1")
    await asks(client)
    await reads(client, "therapist_gone")
    assert await said(client) == ["on_its_way", "therapist_gone"]
    again = scene.house.body(
        "participant.joined", participant="pra-1", connection="c-again", role="therapist"
    )
    assert await scene.house.deliver(again) == 202
    therapist = await scene.therapist()
    await reads(client, "delivered")
    await press(therapist, "I have seen it")
    await reads(client, "seen")
    await leaves(scene, therapist, "c-again")
    await reads(client, "therapist_gone")
    [pause] = scene.pauses()
    assert pause.open
    assert pause.delivered_at
    assert pause.seen_at


async def leaves(scene: Scene, therapist: Page, connection: str) -> None:
    """The therapist presses the host's Leave and closes the page."""
    body = scene.house.body("participant.left", participant="pra-1", connection=connection, reason="left")
    assert await scene.house.deliver(body) == 202
    await therapist.close()
    await settled(scene, visible=0)


async def test_a_hidden_page_never_counts_as_delivered(scene: Scene) -> None:
    client, therapist = await scene.client(), await scene.therapist()
    await settled(scene, visible=1)
    await therapist.evaluate(HIDE, "hidden")
    await settled(scene, visible=0)
    await asks(client)
    await reads(client, "hidden")
    await expect(notice(therapist)).to_be_visible()
    await expect(therapist).to_have_title("Pause · A call")
    [pause] = scene.pauses()
    assert pause.delivered_at is None
    await therapist.evaluate(HIDE, "visible")
    await reads(client, "delivered")
    await therapist.evaluate(HIDE, "hidden")
    await reads(client, "hidden")
    assert await said(client) == ["on_its_way", "hidden", "on_its_way", "delivered", "hidden"]


async def test_present_by_the_host_without_an_overlay_is_not_reached(scene: Scene) -> None:
    client, therapist = await scene.client(), await scene.therapist()
    await settled(scene, visible=1)
    await therapist.close()
    await settled(scene, visible=0)
    await asks(client)
    await reads(client, "unreachable")
    await scene.therapist()
    await reads(client, "delivered")
    assert await said(client) == ["on_its_way", "unreachable", "on_its_way", "delivered"]


async def test_an_overlay_whose_line_was_cut_silently_is_found_out(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheel, "TURN", 1.0)
    monkeypatch.setattr(wheel, "SILENT", 4.0)
    line = await scene.line()
    client, therapist = await scene.client(), await scene.therapist(line)
    await settled(scene, visible=1)
    line.cut(up=True, down=True)
    await asks(client)
    await on_screen(client, "accepted")
    await settled(scene, visible=0)
    await reads(client, "unreachable")
    await expect(notice(therapist)).to_have_count(0)
    assert "delivered" not in await said(client)
    line.heal()
    await reads(client, "delivered")


async def test_a_therapist_who_does_not_tap_is_called_louder_and_the_client_told(scene: Scene) -> None:
    client, therapist = await scene.client(), await scene.therapist()
    await settled(scene, visible=1)
    await asks(client)
    await reads(client, "delivered")
    at(scene, 9.9)
    await reads(client, "delivered")
    at(scene, 10)
    await reads(client, "not_tapped")
    await stage_is(therapist, "louder")
    at(scene, 30)
    await reads(client, "not_answered")
    await stage_is(therapist, "full")
    await expect(notice(therapist)).to_contain_text("Their screen says that you have not answered yet.")
    at(scene, 60)
    await expect(
        client.get_by_role("region", name="Your pause").get_by_text("It does not call for help.")
    ).to_be_visible(timeout=PATIENCE)
    await reads(client, "not_answered")
    await press(therapist, "I have seen it")
    await reads(client, "seen")
    await press(client, "Go on")
    await reads(client, "")
    assert await said(client) == ["on_its_way", "delivered", "not_tapped", "not_answered", "seen"]
    [pause] = scene.pauses()
    assert (pause.outcome, pause.unattended) == ("resumed", True)


def at(scene: Scene, seconds: float) -> None:
    """Move the service's clock to so many seconds after the press."""
    [pause] = scene.pauses()
    scene.house.clock.now = pause.pressed_at + timedelta(seconds=seconds)


async def stage_is(therapist: Page, stage: str) -> None:
    shown = therapist.locator(f"pause-notice[stage={stage}]")
    await expect(shown).to_have_count(1, timeout=PATIENCE)


async def test_a_screen_that_does_not_say_it_painted_is_still_being_tried(scene: Scene) -> None:
    line = await scene.line()
    client = await scene.client()
    await scene.therapist(line)
    await settled(scene, visible=1)
    line.cut(up=True)
    await asks(client)
    await on_screen(client, "accepted")
    scene.house.clock.advance(seconds=10)
    await reads(client, "trying")
    line.heal()
    await reads(client, "not_tapped")


async def test_without_a_service_the_page_itself_says_so_by_its_own_clock(scene: Scene) -> None:
    line = await scene.line()
    client = await scene.client(line)
    await scene.therapist()
    await settled(scene, visible=1)
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
    await settled_client(scene)
    assert await said(client) == ["on_its_way", "not_sent", "trying", "too_old"]
    assert scene.pauses() == []
    await asks(client)
    await reads(client, "delivered")


async def settled_client(scene: Scene) -> None:
    def known() -> bool:
        [(_, session)] = scene.house.service.runner.sessions()
        return bool(session.people["pat-1"].links)

    await eventually(known, within_s=30)


async def test_a_press_by_post_outlives_the_page_that_made_it(scene: Scene) -> None:
    line = await scene.line()
    client = await scene.client(line, still=False, sockets=False)
    line.cut(up=True)
    await asks(client)
    await reads(client, "on_its_way")
    await client.goto("about:blank")
    line.heal()
    await eventually(lambda: len(scene.pauses()) == 1)
