"""A record that is down, slow, lies or loses answers: nothing lost, nothing stored twice."""

import asyncio

import pytest

from plugin.core.orders import Result
from plugin.ports import Hopeless, Postponed
from tests.results import samples
from tests.results.faults import Fault, fails, html, redirect, status
from tests.results.record_server import serving
from tests.results.recorded import Clock, RecordServer
from tests.results.saving import PATIENT, QUICK, results, save_until_done

FAULTS: dict[str, Fault] = {
    "slow": fails("slow"),
    "slow after writing": fails("slow after writing"),
    "cut": fails("cut"),
    "cut after writing": fails("cut after writing"),
    "HTML with 200": html(),
    "HTML with 503": html(503),
    "an empty 200": status(200, body=""),
    "an empty 201 that says nowhere": status(201, body=""),
    "garbage": status(200, body="{]"),
    "a list": status(201, body="[]"),
    "too deep": status(200, body="[" * 100_000),
    "another resource": status(200, body='{"resourceType":"Patient"}'),
    "accepted for later": status(202),
    "a redirect": redirect(),
    "401": status(401),
    "408": status(408),
    "425": status(425),
    "429": status(429, after="7"),
    "500": status(500),
    "502": status(502),
    "503": status(503, after="Mon, 23 Nov 2026 14:02:30 GMT"),
    "504": status(504),
}
RESULTS: dict[str, Result] = {
    "QuestionnaireResponse": samples.pulse(),
    "Observation": samples.pause(),
    "Consent": samples.consent(),
}


@pytest.mark.parametrize("conditional", [True, False], ids=["conditional create", "search only"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_whatever_goes_wrong_twice_is_stored_exactly_once(fault: str, conditional: bool) -> None:
    record = RecordServer(Clock(), conditional=conditional, lag=2)
    record.create_faults.extend([FAULTS[fault], None, FAULTS[fault]])
    times = QUICK if "slow" in fault else PATIENT
    async with serving(record), results(record, times=times) as kept:
        record.clock.seconds += 60
        await save_until_done(kept, samples.pulse(), clock=record.clock)
        await save_until_done(kept, samples.pause(), clock=record.clock, order=samples.order(8))
        await save_until_done(kept, samples.pulse(), clock=record.clock)
    assert len(record.of("QuestionnaireResponse")) == 1
    assert len(record.of("Observation")) == 1


@pytest.mark.parametrize("kind", RESULTS)
@pytest.mark.parametrize("conditional", [True, False], ids=["conditional create", "search only"])
async def test_every_kind_survives_an_answer_that_got_lost(kind: str, conditional: bool) -> None:
    record = RecordServer(Clock(), conditional=conditional, lag=2)
    async with serving(record), results(record) as kept:
        record.clock.seconds += 60
        record.create_faults.append(fails("cut after writing"))
        reasons = await save_until_done(kept, RESULTS[kind], clock=record.clock)
    assert reasons[0] == "no_answer"
    assert len(record.of(kind)) == 1
    assert record.times(f"create {kind}") == 1


async def test_without_the_wait_for_a_lagging_search_it_would_be_stored_twice() -> None:
    record = RecordServer(Clock(), conditional=False, lag=2)
    record.create_faults.append(fails("cut after writing"))
    async with serving(record), results(record, window=0.0) as hasty:
        await save_until_done(hasty, samples.pulse(), clock=record.clock)
    assert len(record.of("QuestionnaireResponse")) == 2


@pytest.mark.parametrize("conditional", [True, False], ids=["conditional create", "search only"])
async def test_a_successor_stores_once_what_a_killed_process_left_in_doubt(conditional: bool) -> None:
    record = RecordServer(Clock(), conditional=conditional, lag=2)
    async with serving(record):
        async with results(record) as killed:
            record.clock.seconds += 60
            record.create_faults.append(fails("cut after writing"))
            with pytest.raises(Postponed, match="no_answer"):
                await killed.save(samples.order(), samples.consent())
        async with results(record) as successor:
            await save_until_done(successor, samples.consent(), clock=record.clock)
    assert len(record.of("Consent")) == 1


@pytest.mark.parametrize("conditional", [True, False], ids=["conditional create", "search only"])
@pytest.mark.parametrize(("window", "stored"), [(10.0, 1), (0.0, 2)], ids=["patient", "hasty"])
async def test_a_write_still_under_way_is_waited_for(conditional: bool, window: float, stored: int) -> None:
    record = RecordServer(Clock(), conditional=conditional)
    async with serving(record), results(record, window=window) as kept:
        record.clock.seconds += 60
        record.create_faults.append(fails("cut and written late"))
        await save_until_done(kept, samples.pulse(), clock=record.clock)
        record.clock.seconds += 60
        await save_until_done(kept, samples.pause(), clock=record.clock, order=samples.order(8))
        record.found("QuestionnaireResponse", "")
    assert len(record.of("QuestionnaireResponse")) == stored


async def test_a_write_that_never_arrived_is_written_after_the_doubt_is_over() -> None:
    record = RecordServer(Clock(), conditional=False, lag=2)
    async with serving(record), results(record) as kept:
        record.clock.seconds += 60
        record.create_faults.append(fails("cut"))
        reasons = await save_until_done(kept, samples.pulse(), clock=record.clock)
    assert set(reasons) == {"no_answer", "in_doubt"}
    assert len(record.of("QuestionnaireResponse")) == 1


async def test_many_saves_of_one_order_write_one_at_a_time() -> None:
    record = RecordServer(Clock())
    async with serving(record), results(record) as kept:
        await asyncio.gather(*(kept.save(samples.order(), samples.pulse()) for _ in range(8)))
        await asyncio.gather(*(kept.save(samples.order(at), samples.pulse()) for at in range(20, 24)))
    assert len(record.of("QuestionnaireResponse")) == 5
    assert record.times("token") == 1
    assert record.times("metadata") == 1


async def test_an_order_has_one_writer_even_while_the_server_is_slow() -> None:
    record = RecordServer(Clock())
    record.create_faults.append(fails("slow"))
    async with serving(record), results(record, times=QUICK) as kept:
        saves = (kept.save(samples.order(), samples.pulse()) for _ in range(4))
        ends = await asyncio.gather(*saves, return_exceptions=True)
        assert {end.reason for end in ends if isinstance(end, Postponed)} == {"no_answer", "in_doubt"}
        await save_until_done(kept, samples.pulse(), clock=record.clock)
    assert record.most_writing == 1
    assert len(record.of("QuestionnaireResponse")) == 1


@pytest.mark.parametrize(("after", "seconds"), [("7", 7.0), ("Mon, 23 Nov 2026 14:02:30 GMT", 24.9)])
async def test_retry_after_is_taken_as_the_host_says_it(after: str, seconds: float) -> None:
    record = RecordServer(Clock())
    record.create_faults.append(status(429, after=after))
    async with serving(record), results(record) as kept:
        with pytest.raises(Postponed, match="http_429") as caught:
            await kept.save(samples.order(), samples.pulse())
    assert caught.value.after == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize("after", ["soon", "", "-3", "9" * 400, "Mon, 99 Nov 2026 14:02:30 GMT"])
async def test_a_retry_after_that_makes_no_sense_stops_nothing_for_long(after: str) -> None:
    record = RecordServer(Clock())
    record.create_faults.append(status(503, after=after))
    async with serving(record), results(record) as kept:
        with pytest.raises(Postponed) as caught:
            await kept.save(samples.order(), samples.pulse())
    assert caught.value.after is None or caught.value.after <= 3600


@pytest.mark.parametrize("code", [400, 403, 404, 405, 409, 410, 412, 413, 415, 422, 501])
@pytest.mark.parametrize("conditional", [True, False], ids=["conditional create", "search only"])
async def test_a_refusal_is_hopeless_and_says_no_more_than_its_code(code: int, conditional: bool) -> None:
    record = RecordServer(Clock(), conditional=conditional)
    body = '{"resourceType":"OperationOutcome","issue":[{"diagnostics":"Ana said: marker"}]}'
    record.create_faults.append(status(code, body=body))
    async with serving(record), results(record) as kept:
        record.clock.seconds += 60
        with pytest.raises(Hopeless) as caught:
            await kept.save(samples.order(), samples.pulse())
        assert caught.value.reason == f"http_{code}"
        assert "marker" not in repr(caught.value)
        await kept.save(samples.order(), samples.pulse())
    assert len(record.of("QuestionnaireResponse")) == 1


@pytest.mark.parametrize("code", [409, 412])
async def test_a_conflict_over_what_is_already_there_is_a_success(code: int) -> None:
    record = RecordServer(Clock())
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(), samples.pulse())
        record.clock.seconds += 60
        record.create_faults.append(status(code))
        await kept.save(samples.order(), samples.pulse())
    assert len(record.of("QuestionnaireResponse")) == 1


async def test_two_of_the_same_at_the_host_are_shown_to_an_operator() -> None:
    record = RecordServer(Clock(), conditional=False)
    async with serving(record), results(record) as kept:
        await save_until_done(kept, samples.pulse(), clock=record.clock)
        record.keep(record.of("QuestionnaireResponse")[0])
        record.clock.seconds += 60
        with pytest.raises(Hopeless, match="several"):
            await kept.save(samples.order(), samples.pulse())


async def test_a_search_that_ignores_the_identifier_is_not_believed() -> None:
    record = RecordServer(Clock(), conditional=False)
    async with serving(record), results(record) as kept:
        await save_until_done(kept, samples.pulse(), clock=record.clock)
        record.deaf = True
        with pytest.raises(Hopeless, match="search_ignored"):
            await kept.save(samples.order(8), samples.pulse())
    assert len(record.of("QuestionnaireResponse")) == 1


async def test_a_server_that_only_creates_is_written_to_once_and_then_left_to_an_operator() -> None:
    record = RecordServer(Clock(), conditional=False, search=False)
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(), samples.pulse())
        record.create_faults.append(fails("cut after writing"))
        with pytest.raises(Postponed):
            await kept.save(samples.order(8), samples.pause())
        with pytest.raises(Hopeless, match="in_doubt"):
            await kept.save(samples.order(8), samples.pause())
    assert len(record.of("Observation")) == 1


async def test_a_server_that_cannot_be_reached_is_tried_again_later() -> None:
    record = RecordServer(Clock())
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(), samples.pulse())
    async with results(record) as late:
        with pytest.raises(Postponed, match="unreachable"):
            await late.save(samples.order(), samples.pulse())


@pytest.mark.parametrize("conditional", [True, False], ids=["conditional create", "search only"])
async def test_saving_again_what_is_stored_stores_nothing_more(conditional: bool) -> None:
    record = RecordServer(Clock(), conditional=conditional, lag=2)
    async with serving(record), results(record) as kept:
        await save_until_done(kept, samples.pulse(), clock=record.clock)
        for _ in range(30):
            await kept.save(samples.order(), samples.pulse())
            record.clock.seconds += 1
    assert len(record.of("QuestionnaireResponse")) == 1


async def test_an_answer_without_an_end_is_not_read_to_its_end() -> None:
    record = RecordServer(Clock())
    record.create_faults.append(status(201, body=" " * (5 * 1024 * 1024)))
    async with serving(record), results(record) as kept:
        with pytest.raises(Postponed, match="too_large"):
            await kept.save(samples.order(), samples.pulse())
