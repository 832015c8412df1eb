"""What both sides read while a therapist does not react, row by row, on a clock that the test moves."""

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from tests.truth.pages import PATIENCE, reads, said
from tests.truth.scene import Scene, asks, notice, on_screen, press

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_therapist_who_does_not_tap_is_called_louder_and_the_client_told(scene: Scene) -> None:
    client, therapist = await scene.client(), await scene.therapist()
    await scene.linked(1)
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
    await scene.linked(1)
    line.cut(up=True)
    await asks(client)
    await on_screen(client, "accepted")
    scene.house.clock.advance(seconds=10)
    await reads(client, "trying")
    line.heal()
    await reads(client, "not_tapped")
