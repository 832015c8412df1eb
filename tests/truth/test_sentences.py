"""The sentence on the client's page is true at each step, with a therapist in every state, to the letter."""

import pytest
from playwright.async_api import Page, expect

from plugin.live import wheel
from tests.browser.journeys.demo import eventually
from tests.browser.looking import pause_button
from tests.truth.pages import reads, said
from tests.truth.scene import Scene, asks, notice, on_screen, press

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HIDE = """(state) => {
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_accepted_delivered_seen_and_resumed_each_have_their_words(scene: Scene) -> None:
    line = await scene.line()
    client, therapist = await scene.client(), await scene.therapist(line)
    await scene.linked(1)
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
    await scene.linked(1)
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


async def test_an_undo_is_not_said_again_when_a_later_pause_is_over(scene: Scene) -> None:
    client = await scene.client()
    await scene.therapist()
    await scene.linked(1)
    await asks(client)
    await reads(client, "delivered")
    await press(client, "Take it back")
    await reads(client, "taken_back")
    scene.house.clock.advance(seconds=1)
    await asks(client)
    await reads(client, "delivered")
    await press(client, "Go on")
    await reads(client, "")
    assert await said(client) == ["on_its_way", "delivered", "taken_back", "on_its_way", "delivered"]


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
    await scene.linked(0)


async def test_a_hidden_page_never_counts_as_delivered(scene: Scene) -> None:
    client, therapist = await scene.client(), await scene.therapist()
    await scene.linked(1)
    await therapist.evaluate(HIDE, "hidden")
    await scene.linked(0)
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
    await scene.linked(1)
    await therapist.close()
    await scene.linked(0)
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
    await scene.linked(1)
    line.cut(up=True, down=True)
    await asks(client)
    await on_screen(client, "accepted")
    await scene.linked(0)
    await reads(client, "unreachable")
    await expect(notice(therapist)).to_have_count(0)
    assert "delivered" not in await said(client)
    line.heal()
    await reads(client, "delivered")
