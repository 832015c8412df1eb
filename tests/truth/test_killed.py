"""The service is killed between a press and its acknowledgement: the words stay right before, during and after."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.truth.calls import called, pressed
from tests.truth.pages import PATIENCE, SLOW, has_reached, reads, said
from tests.truth.scene import asks, notice, press

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_killed_between_delivered_and_seen(browser: Browser, tmp_path: Path) -> None:
    async with called(tmp_path / "data", browser) as (child, client, therapist):
        await asks(client)
        await reads(client, "delivered")
        await child.kill()
        await press(therapist, "I have seen it")
        await expect(notice(therapist)).to_contain_text(
            "Your client does not know yet that you have seen it. Say it out loud.", timeout=PATIENCE
        )
        assert (await said(client))[:2] == ["on_its_way", "delivered"]
        assert set(await said(client)) == {"on_its_way", "delivered"}
        await child.start()
        await reads(client, "seen")
        await expect(notice(therapist)).to_contain_text("Stop, lower your voice, and give them time.")
        assert (await said(client))[-1] == "seen"
        assert set(await said(client)) <= {"on_its_way", "delivered", "unreachable", "seen", *SLOW}
        assert len(pressed(child)) == 1


async def test_killed_before_the_press(browser: Browser, tmp_path: Path) -> None:
    async with called(tmp_path / "data", browser) as (child, client, therapist):
        await child.kill()
        await asks(client)
        await reads(client, "on_its_way")
        await reads(client, "not_sent")
        await expect(notice(therapist)).to_have_count(0)
        await child.start()
        await expect(notice(therapist)).to_contain_text("Your client asked for a pause.", timeout=PATIENCE)
        await has_reached(client)
        await press(therapist, "I have seen it")
        await reads(client, "seen")
        await press(client, "Go on")
        await reads(client, "")
        assert len(pressed(child)) == 1
