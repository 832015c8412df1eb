"""No pause is lost, doubled or called accepted before it was, however often the service is killed."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.journeys.demo import eventually
from tests.truth.buttons import call_in_browsers
from tests.truth.child import SERVE, Child, serving
from tests.truth.ledger import Untrue, kept
from tests.truth.pages import Pages, served
from tests.truth.record import recording
from tests.truth.storm import Storm, call_on_the_wire

pytestmark = pytest.mark.asyncio(loop_scope="session")

KILLS, PRESSED_BY_BUTTON, CALLS, PRESSED_IN_EACH = 51, 52, 8, 25
PAUSES = PRESSED_BY_BUTTON + CALLS * PRESSED_IN_EACH
"""Of each of two services: together 102 kills and 504 pauses, 104 of them by real buttons."""


@pytest.mark.browser
@pytest.mark.timeout(1500)  # a hundred starts of a process take as long as the machine lets them
async def test_three_ledgers_of_five_hundred_pauses_agree_after_a_hundred_kills(
    browser: Browser, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        pages = await stack.enter_async_context(served())
        record = await stack.enter_async_context(recording(tmp_path))
        storms = []
        for name in ("north", "south"):
            house = serving(tmp_path / name, origins=(pages.origin,), results=record.settings)
            storms.append(
                Storm(await stack.enter_async_context(house), KILLS, PAUSES, asyncio.Barrier(CALLS + 2))
            )
        async with asyncio.TaskGroup() as both:
            for storm in storms:
                both.create_task(weathered(storm, pages, browser))
        clients = {pause: ended for storm in storms for pause, ended in storm.ledger.ended.items()}
        therapists = sum((storm.ledger.appeared for storm in storms), Counter[str]())
        assert len(clients) == 2 * PAUSES == 504
        assert sum(storm.child.kills for storm in storms) == 2 * KILLS > 100
        assert sum(storm.soon for storm in storms) >= KILLS

        async def stored() -> bool:
            return await record.count() >= len(clients)

        await eventually(stored, within_s=120)
        found = await record.pauses()
        assert Counter(dict.fromkeys(clients, 1)) == therapists == Counter(pause for pause, _ in found)
        assert dict(found) == clients


async def weathered(storm: Storm, pages: Pages, browser: Browser) -> None:
    """A storm to the end of its calls."""
    name = storm.child.data.name
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(call_in_browsers(storm, f"{name}-page", PRESSED_BY_BUTTON, browser, pages))
        for call in range(CALLS):
            calling = call_on_the_wire(storm, f"{name}-{call}", PRESSED_IN_EACH, offset=call / CALLS)
            tasks.create_task(calling)
        tasks.create_task(storm.rage())
    assert storm.ledger.accepted == storm.ledger.ended.keys()
    assert kept(storm.child.bodies()) == storm.ledger.ended
    await storm.end()


@pytest.mark.parametrize(("module", "honest"), [(SERVE, True), (("tests.truth.mutant_serve",), False)])
async def test_a_service_that_answers_before_it_has_committed_is_found_out(
    tmp_path: Path, module: tuple[str, ...], *, honest: bool
) -> None:
    async with serving(tmp_path / "data", module=module) as child:
        try:
            await short_storm(child)
            found = False
        except* Untrue:
            found = True
    assert found is not honest


async def short_storm(child: Child) -> None:
    storm = Storm(child, kills=8, pauses=40, ready=asyncio.Barrier(5))
    async with asyncio.TaskGroup() as tasks:
        for call in range(4):
            tasks.create_task(call_on_the_wire(storm, str(call), 10, offset=call / 4))
        tasks.create_task(storm.rage())
    if kept(child.bodies()) != storm.ledger.ended:
        raise Untrue("what was kept is not what was said")
