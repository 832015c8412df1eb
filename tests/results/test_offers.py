"""Nothing beyond what a server says it offers, and what the granted scopes allow, is asked of it."""

import pytest

from plugin.ports import Hopeless, Postponed
from plugin.results.scopes import allows, spoken
from tests.results import samples
from tests.results.faults import html, status
from tests.results.record_server import serving
from tests.results.recorded import Clock, RecordServer
from tests.results.saving import results, save_until_done
from tests.results.strict import complaints

WITH_DEFINITIONS = ("QuestionnaireResponse", "Observation", "Consent", "Questionnaire", "CodeSystem")


async def test_the_statement_is_read_once_and_again_after_trouble() -> None:
    record = RecordServer(Clock())
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(1), samples.pulse())
        await kept.save(samples.order(2), samples.pause())
        assert record.times("metadata") == 1
        record.create_faults.append(status(404))
        with pytest.raises(Hopeless):
            await kept.save(samples.order(3), samples.pulse())
        await kept.save(samples.order(3), samples.pulse())
    assert record.times("metadata") == 2


@pytest.mark.parametrize("code", [401, 403, 404])
async def test_a_server_that_keeps_its_statement_to_itself_is_searched_before_it_is_written_to(
    code: int,
) -> None:
    record = RecordServer(Clock(), conditional=False)
    record.metadata_faults.extend([status(code)] * 3)
    async with serving(record), results(record) as kept:
        record.clock.seconds += 60
        await kept.save(samples.order(), samples.pulse())
    assert record.seen[-2:] == ["search QuestionnaireResponse", "create QuestionnaireResponse"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(status(503), "metadata_503"), (html(), "metadata_unclear"), (status(200), "metadata_unclear")],
    ids=["503", "HTML", "another resource"],
)
async def test_a_statement_that_cannot_be_had_only_postpones(fault: object, reason: str) -> None:
    record = RecordServer(Clock())
    record.metadata_faults.append(fault)  # type: ignore[arg-type]  # parametrize knows no types
    async with serving(record), results(record) as kept:
        assert await save_until_done(kept, samples.pulse(), clock=record.clock) == [reason]
    assert len(record.of("QuestionnaireResponse")) == 1


async def test_where_there_are_no_observations_or_consents_they_travel_as_responses() -> None:
    record = RecordServer(Clock(), kinds=("QuestionnaireResponse",))
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(1), samples.pause())
        await kept.save(samples.order(2), samples.consent())
    assert [one["questionnaire"] for one in record.resources] == [
        "urn:fermata:questionnaire:pause|1",
        "urn:fermata:questionnaire:consent|1",
    ]
    assert [complaints(one) for one in record.resources] == [set(), set()]


async def test_what_the_granted_scope_leaves_out_is_not_tried() -> None:
    record = RecordServer(Clock(), granted="system/QuestionnaireResponse.crs system/Observation.rs")
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(1), samples.pause())
    assert record.times("create Observation") == 0
    assert len(record.of("QuestionnaireResponse")) == 1


async def test_a_result_that_nobody_takes_is_hopeless_until_the_host_offers_it() -> None:
    record = RecordServer(Clock(), granted="system/Observation.crs")
    async with serving(record), results(record) as kept:
        with pytest.raises(Hopeless, match="not_offered"):
            await kept.save(samples.order(), samples.pulse())
        record.granted = "system/*.crs"
        await kept.save(samples.order(), samples.pulse())
    assert len(record.of("QuestionnaireResponse")) == 1


@pytest.mark.parametrize("conditional", [True, False], ids=["conditional create", "search only"])
async def test_definitions_are_published_once_where_they_are_welcome(conditional: bool) -> None:
    record = RecordServer(Clock(), kinds=WITH_DEFINITIONS, conditional=conditional)
    async with serving(record):
        for _ in range(2):
            async with results(record) as kept:
                record.clock.seconds += 60
                await kept.save(samples.order(), samples.pulse())
    assert sorted(one["url"] for one in record.of("Questionnaire")) == [
        "urn:fermata:questionnaire:check-in",
        "urn:fermata:questionnaire:session-pulse",
        "urn:fermata:questionnaire:session-pulse-mirror",
    ]
    assert [one["url"] for one in record.of("CodeSystem")] == ["urn:fermata:codes"]


@pytest.mark.parametrize("code", [400, 403, 429, 500])
async def test_a_host_that_wants_no_definitions_still_gets_results(code: int) -> None:
    record = RecordServer(Clock(), kinds=WITH_DEFINITIONS)
    record.create_faults.extend([None, *([status(code)] * 20)])
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(), samples.pulse())
    assert [one["resourceType"] for one in record.resources] == ["QuestionnaireResponse"]


async def test_after_trouble_definitions_rest_and_are_published_later() -> None:
    record = RecordServer(Clock(), kinds=WITH_DEFINITIONS)
    record.create_faults.extend([None, status(503)])
    async with serving(record), results(record) as kept:
        await kept.save(samples.order(1), samples.pulse())
        await kept.save(samples.order(2), samples.pulse())
        assert record.of("CodeSystem") == []
        record.clock.seconds += 601
        await kept.save(samples.order(3), samples.pulse())
    assert len(record.of("CodeSystem")) == 1


async def test_reaching_the_record_needs_its_statement_and_a_token() -> None:
    record = RecordServer(Clock())
    async with serving(record), results(record) as kept:
        await kept.reach()
        assert record.times("metadata") == record.times("token") == 1
    async with results(record) as late:
        with pytest.raises(Postponed, match="unreachable"):
            await late.reach()


@pytest.mark.parametrize(
    ("granted", "kind", "letters"),
    [
        ("system/Observation.crs", "Observation", "crs"),
        ("system/Observation.crs", "Consent", ""),
        ("system/*.rs", "Consent", "rs"),
        ("system/*.*", "Consent", "crs"),
        ("system/Consent.write", "Consent", "c"),
        ("system/Consent.read", "Consent", "rs"),
        ("system/Consent.rs?category=x", "Consent", "rs"),
        ("user/Consent.crs patient/*.crs openid", "Consent", ""),
        ("", "Consent", "crs"),
        ("openid api", "Consent", "crs"),
    ],
)
def test_scopes_are_read_in_both_versions(granted: str, kind: str, letters: str) -> None:
    assert "".join(letter for letter in "crs" if allows(granted, kind, letter)) == letters


def test_a_scope_is_spoken_in_version_two_unless_the_server_knows_only_the_first() -> None:
    assert spoken("system/Consent.crs", []) == "system/Consent.crs"
    assert spoken("system/Consent.crs", ["permission-v1", "permission-v2"]) == "system/Consent.crs"
    assert spoken("system/Consent.crs", ["permission-v1"]) == "system/Consent.read system/Consent.write"
    assert spoken("system/Consent.rs", ["permission-v1"]) == "system/Consent.read"
