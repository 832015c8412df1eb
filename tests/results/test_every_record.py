"""One behaviour, whatever kind of record a host keeps and however our client proves who it is."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from plugin.core.orders import CountedResult, ResponseResult, Result
from plugin.ports import Hopeless, Postponed
from plugin.results.identifiers import identifier_of
from tests.core.story import Story
from tests.results import samples
from tests.results.faults import Fault, fails, html, redirect, status
from tests.results.platforms import PLATFORMS, Platform
from tests.results.saving import PATIENT, QUICK, save_until_done

FAULTS: dict[str, Fault] = {
    "no answer": fails("cut"),
    "the line cut after the write": fails("cut after writing"),
    "slow": fails("slow"),
    "slow after the write": fails("slow after writing"),
    "401": status(401),
    "429": status(429, after="7"),
    "500": status(500),
    "503": status(503, after="Mon, 23 Nov 2026 14:02:30 GMT"),
    "HTML with 200": html(),
    "an empty 200": status(200, body=""),
    "another document": status(200, body='{"id":"of somebody else","resourceType":"Patient"}'),
    "a redirect": redirect(),
}
ALL: tuple[Result, ...] = (
    samples.consent(),
    samples.pulse(),
    samples.mirror(),
    samples.counted(),
    samples.pause(),
    samples.moment_of_the_therapist(),
)


@pytest.fixture(params=PLATFORMS)
async def platform(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Platform]:
    async with PLATFORMS[request.param](tmp_path) as there:
        yield there


async def saved(platform: Platform, result: Result, *, at: int = 7) -> list[str]:
    """Save by a client of its own, as after a restart; answers why it was postponed."""
    async with platform.client() as kept:
        return await save_until_done(kept, result, clock=platform.clock, order=samples.order(at))


async def test_every_result_is_held_once(platform: Platform) -> None:
    async with platform.client() as kept:
        for _ in range(2):
            for at, result in enumerate(ALL):
                await save_until_done(kept, result, clock=platform.clock, order=samples.order(at))
    assert len(await platform.held()) == len(ALL)


@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_goes_wrong_it_is_held_once(platform: Platform, fault: str) -> None:
    platform.faults.extend([FAULTS[fault], None, FAULTS[fault]])
    async with platform.client(QUICK if "slow" in fault else PATIENT) as kept:
        for at in (0, 1, 0):
            result = samples.pause() if at else samples.pulse()
            await save_until_done(kept, result, clock=platform.clock, order=samples.order(at))
    assert len(await platform.held()) == 2


@pytest.mark.parametrize("number", range(len(ALL)))
async def test_a_lost_answer_is_not_written_twice_by_a_successor(platform: Platform, number: int) -> None:
    result = ALL[number]
    platform.clock.seconds += 60
    async with platform.client() as killed:
        platform.clock.seconds += 60
        # Twice, as an HTTP client may itself put again what lost its answer.
        platform.faults.extend([fails("cut after writing")] * 2)
        with pytest.raises(Postponed, match="no_answer"):
            await killed.save(samples.order(), result)
    await saved(platform, result)
    assert len(await platform.held()) == 1


async def test_a_repeat_after_a_restart_stores_nothing_more(platform: Platform) -> None:
    for _ in range(3):
        await saved(platform, samples.pulse())
    first = await platform.held()
    platform.clock.seconds += 3600
    await saved(platform, samples.pulse())
    assert await platform.held() == first
    assert len(first) == 1


async def test_saves_in_parallel_write_one_at_a_time(platform: Platform) -> None:
    async with platform.client() as kept:
        platform.clock.seconds += 60
        await asyncio.gather(*(kept.save(samples.order(), samples.pulse()) for _ in range(6)))
    assert len(await platform.held()) == 1
    assert platform.most_writing() == 1


async def test_a_refused_token_is_no_reason_to_lose_or_double_anything(platform: Platform) -> None:
    platform.clock.seconds += 60
    platform.faults.extend([status(401), None, status(401)])
    reasons = await saved(platform, samples.pulse()) + await saved(platform, samples.pause(), at=8)
    assert set(reasons) <= {"token_refused", "in_doubt"}
    assert len(await platform.held()) == 2


@pytest.mark.parametrize(("after", "seconds"), [("7", 7.0), ("Mon, 23 Nov 2026 14:02:30 GMT", 24.9)])
async def test_a_busy_host_says_when_it_wants_to_be_asked_again(
    platform: Platform, after: str, seconds: float
) -> None:
    platform.faults.append(status(429, after=after))
    async with platform.client() as kept:
        platform.clock.seconds += 60
        with pytest.raises(Postponed, match="http_429") as caught:
            await kept.save(samples.order(), samples.pulse())
    assert caught.value.after == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize("code", [400, 403, 404, 405, 409, 413, 415, 422, 501])
async def test_a_refusal_is_hopeless_and_says_no_more_than_its_code(platform: Platform, code: int) -> None:
    platform.faults.append(status(code, body='{"title":"Ana said: marker"}'))
    async with platform.client() as kept:
        platform.clock.seconds += 60
        with pytest.raises(Hopeless) as caught:
            await kept.save(samples.order(), samples.pulse())
        assert caught.value.reason == f"http_{code}"
        assert "marker" not in repr(caught.value)
        await kept.save(samples.order(), samples.pulse())
    assert len(await platform.held()) == 1


async def test_what_a_person_keeps_private_is_in_nothing_that_is_ever_sent(platform: Platform) -> None:
    results = told()
    for at, result in enumerate(results):
        await saved(platform, result, at=at)
    wire = await platform.sent()
    assert "shared with my therapist" in wire
    assert "for me alone" not in wire
    kept = [json.dumps(one) for one in (await platform.held()).values()]
    assert len(kept) == len(results)
    assert not [one for one in kept if "too_fast" in one]


async def test_a_counted_answer_leads_to_nobody(platform: Platform) -> None:
    async with platform.client() as kept:
        platform.clock.seconds += 60
        await kept.save(samples.order(0), samples.counted())
        await kept.save(samples.order(1), samples.counted())
        wire = await platform.sent()
        await kept.save(samples.order(2), samples.pulse())
    first, second = (one for one in (await platform.held()).values() if is_counted(one))
    assert pseudonym_of(first) == pseudonym_of(second)
    assert not re.search(rf"\bana\b|{samples.SESSION}|never to the practice|14:02", wire)
    for one in (first, second):
        assert one["authored"] == "2026-11-23"
        assert not {"subject", "author", "source", "encounter", "person", "role", "session"} & one.keys()
    anybody = {identifier_of(samples.order(at), samples.pulse(), secret=b"x" * 32) for at in range(3)}
    assert len(anybody & (await platform.held()).keys()) == 1


def told() -> list[Result]:
    """The results of a survey of which some answers are shared, some only count, and some are kept private."""
    story = Story().start().consents(practice=True).wait(60).ends()
    story.asks(
        "C",
        "survey.send",
        answers={
            "heard": 7,
            "safe": 4,
            "off": "a_little",
            "off_kind": "too_fast",
            "helpful": "shared with my therapist",
            "more_of": "for me alone",
        },
        sharing="therapist",
        each={"safe": "practice", "more_of": "private", "off": "private", "off_kind": "private"},
    )
    story.asks("T", "mirror.skip").wait(0)
    kinds = {type(result) for result in story.results}
    assert {ResponseResult, CountedResult} <= kinds
    return story.results


def is_counted(stored: dict[str, Any]) -> bool:
    return "pseudonym" in json.dumps(stored)


def pseudonym_of(stored: dict[str, Any]) -> Any:
    if "pseudonym" in stored:
        return stored["pseudonym"]
    return stored["item"][-1]["answer"][0]["valueString"]
