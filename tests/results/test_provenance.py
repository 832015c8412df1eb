"""A Provenance beside each result, where a server offers to keep one: once, and never beside what only counts."""

import json
import re

import pytest

from plugin.core.orders import Result
from plugin.ports import Postponed
from plugin.results.provenance import provenance
from tests.results import samples
from tests.results.faults import Fault, fails, html, status
from tests.results.record_server import serving
from tests.results.recorded import KINDS, Clock, RecordServer
from tests.results.saving import PATIENT, QUICK, results, save_until_done
from tests.results.strict import complaints

FAULTS: dict[str, Fault] = {
    "the line cut": fails("cut"),
    "the line cut after the write": fails("cut after writing"),
    "slow after the write": fails("slow after writing"),
    "500": status(500),
    "429": status(429, after="7"),
    "401": status(401),
    "HTML with 200": html(),
}
NAMED: tuple[Result, ...] = (
    samples.consent(),
    samples.pulse(),
    samples.mirror(),
    samples.pause(),
    samples.moment_of_the_therapist(),
)


def offering(*, conditional: bool = True) -> RecordServer:
    return RecordServer(Clock(), kinds=(*KINDS, "Provenance"), conditional=conditional, lag=2)


def targets(record: RecordServer) -> list[str]:
    return sorted(one["target"][0]["reference"] for one in record.of("Provenance"))


def places(record: RecordServer) -> list[str]:
    held = [one for one in record.resources if one["resourceType"] != "Provenance"]
    return sorted(f"{one['resourceType']}/{one['id']}" for one in held)


def test_it_says_which_software_wrote_what_when_and_from_which_call() -> None:
    told = provenance("Observation/7", samples.SESSION, samples.AT)
    assert complaints({**told, "id": "1"}) == set()
    assert told["target"] == [{"reference": "Observation/7"}]
    assert told["recorded"] == "2026-11-23T14:02:05.123Z"
    assert told["agent"][0]["who"]["identifier"] == {"system": "urn:fermata:software", "value": "fermata"}
    assert told["entity"][0]["what"]["identifier"]["value"] == f"urn:uuid:{samples.SESSION}"
    assert not re.search("ana|ben|Patient|Practitioner", json.dumps(told))


@pytest.mark.parametrize("conditional", [True, False], ids=["conditional create", "search only"])
async def test_every_result_that_names_somebody_has_one_over_every_repeat(conditional: bool) -> None:
    record = offering(conditional=conditional)
    async with serving(record):
        for _ in range(3):
            async with results(record) as kept:
                for at, result in enumerate(NAMED):
                    await save_until_done(kept, result, clock=record.clock, order=samples.order(at))
    assert len(places(record)) == len(NAMED)
    assert targets(record) == places(record)


async def test_what_only_counts_has_none_and_is_in_none() -> None:
    record = offering()
    async with serving(record), results(record) as kept:
        record.clock.seconds += 60
        await kept.save(samples.order(1), samples.counted())
        assert record.times("create Provenance") == record.times("search Provenance") == 0
        await kept.save(samples.order(2), samples.pulse())
    counted, named = record.of("QuestionnaireResponse")
    assert targets(record) == [f"QuestionnaireResponse/{named['id']}"]
    assert "subject" not in counted


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("conditional", [True, False], ids=["conditional create", "search only"])
async def test_whatever_goes_wrong_with_it_there_is_one(fault: str, conditional: bool) -> None:
    record = offering(conditional=conditional)
    record.create_faults.extend([None, FAULTS[fault], FAULTS[fault]])
    times = QUICK if "slow" in fault else PATIENT
    async with serving(record), results(record, times=times) as kept:
        record.clock.seconds += 60
        await save_until_done(kept, samples.pause(), clock=record.clock)
    assert targets(record) == places(record)
    assert len(places(record)) == 1


async def test_a_successor_finds_what_a_killed_process_left_behind() -> None:
    for faults in ([None, fails("cut after writing")], [None, fails("cut")], [fails("cut after writing")]):
        record = offering()
        async with serving(record):
            async with results(record) as killed:
                record.clock.seconds += 60
                record.create_faults.extend(faults)
                with pytest.raises(Postponed, match="no_answer"):
                    await killed.save(samples.order(), samples.pause())
            async with results(record) as successor:
                await save_until_done(successor, samples.pause(), clock=record.clock)
        assert targets(record) == places(record)
        assert len(places(record)) == 1


async def test_one_that_a_server_writes_by_itself_is_not_taken_for_ours() -> None:
    record = offering()
    async with serving(record):
        async with results(record) as kept:
            record.clock.seconds += 60
            record.unwanted = ("Provenance",)
            await kept.save(samples.order(), samples.pause())
            own = provenance(places(record)[0], samples.SESSION, samples.AT)
            own["agent"][0]["who"] = {"display": "the server"}
            record.keep(own)
            record.unwanted = ()
        async with results(record) as later:
            await save_until_done(later, samples.pause(), clock=record.clock)
    assert targets(record) == places(record) * 2


@pytest.mark.parametrize("how", ["not offered", "not granted", "not searchable", "refused", "search ignored"])
async def test_without_one_results_are_stored_all_the_same(how: str) -> None:
    record = offering()
    match how:
        case "not offered":
            record.kinds = KINDS
        case "not granted":
            record.granted = "system/Observation.crs system/QuestionnaireResponse.crs"
        case "not searchable":
            record.search = False
        case "refused":
            record.unwanted = ("Provenance",)
        case _:
            record.deaf = "Provenance"
    async with serving(record):
        for _ in range(2):
            async with results(record) as kept:
                for at in range(1, 4):
                    await save_until_done(kept, samples.pause(), clock=record.clock, order=samples.order(at))
    assert len(record.of("Observation")) == 3
    assert record.times("create Provenance") == {"refused": 2, "search ignored": 3}.get(how, 0)
