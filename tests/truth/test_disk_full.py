"""A disk that takes nothing: nothing is called kept, the client is told, and the same press arrives later."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.house import OLD_WHSEC, House
from tests.truth.calls import called, pressed
from tests.truth.child import Child
from tests.truth.pages import PATIENCE, entries, reads, said
from tests.truth.scene import asks, notice, press

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@contextmanager
def full(child: Child) -> Iterator[None]:
    """No file of the service takes a byte any more, its log included."""
    assert child.process
    _, most = before = resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, (0, most))
    try:
        yield
    finally:
        resource.prlimit(child.process.pid, resource.RLIMIT_FSIZE, before)


async def delivered(house: House, body: bytes, **how: str) -> tuple[int, str | None]:
    """A delivery's status, and when to try again."""
    url, headers = f"{house.url}/webhooks/north/sandbox", house.signed(body, **how)
    async with house.http.post(url, data=body, headers=headers) as answer:
        if answer.status >= 400:
            assert answer.content_type == "application/problem+json"
        return answer.status, answer.headers.get("Retry-After")


async def test_what_cannot_be_kept_is_not_accepted_until_it_can(browser: Browser, tmp_path: Path) -> None:
    async with called(tmp_path / "data", browser) as (child, client, therapist):
        house = child.call()
        again = house.body("participant.joined", participant="pat-1", connection="c-again", role="client")
        with full(child):
            for _ in range(3):
                assert await delivered(house, again, key="again") == (503, "5")
            assert await delivered(house, again, secret=OLD_WHSEC) == (401, None)
            await asks(client)
            await reads(client, "on_its_way")
            await reads(client, "not_sent")
            assert {entry["state"] for entry in await entries(client)} == {None, "pressed"}
            await expect(notice(therapist)).to_have_count(0)
            assert pressed(child) == []
        await reads(client, "delivered")
        assert await delivered(house, again, key="again") == (202, None)
        assert await delivered(house, again, key="again") == (200, None)
        await expect(notice(therapist)).to_contain_text("Your client asked for a pause.", timeout=PATIENCE)
        await press(therapist, "I have seen it")
        await reads(client, "seen")
        assert (await said(client))[0] == "on_its_way"
        assert pressed(child) == list(
            {entry["pause"]: 0 for entry in await entries(client) if entry["pause"]}
        )
