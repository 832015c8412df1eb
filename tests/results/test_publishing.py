"""The definitions in one transaction where that is offered, and in smaller ones where a server takes less."""

import pytest

from plugin.results.bundle import transaction
from plugin.results.definitions import definitions
from tests.results import samples
from tests.results.faults import Fault, html, status
from tests.results.record_server import serving
from tests.results.recorded import Clock, RecordServer
from tests.results.saving import results
from tests.results.strict import complaints

WHOLE = ("QuestionnaireResponse", "Observation", "Consent", "Questionnaire", "CodeSystem")
URLS = sorted(one["url"] for one in definitions())


def server(**offers: object) -> RecordServer:
    made = RecordServer(Clock(), kinds=WHOLE, transactions=True)
    for name, value in offers.items():
        setattr(made, name, value)
    return made


def published(record: RecordServer) -> list[str]:
    return sorted(one["url"] for one in record.resources if "url" in one)


async def save(record: RecordServer, *positions: int) -> None:
    async with results(record) as kept:
        record.clock.seconds += 60
        for position in positions:
            await kept.save(samples.order(position), samples.pulse())


def test_two_strict_readers_take_the_transaction() -> None:
    assert complaints(transaction(definitions())) == set()


async def test_all_are_published_at_once_and_again_does_no_harm() -> None:
    record = server()
    async with serving(record):
        await save(record, 1)
        assert (record.times("transaction"), published(record)) == (1, URLS)
        await save(record, 2)
    assert published(record) == URLS
    assert record.times("create Questionnaire") == record.times("create CodeSystem") == 0


@pytest.mark.parametrize("most", [3, 2, 1, 0])
async def test_a_server_that_takes_less_at_once_gets_less_at_once(most: int) -> None:
    record = server(most_entries=most)
    async with serving(record):
        await save(record, 1)
    assert published(record) == URLS
    assert len(record.of("QuestionnaireResponse")) == 1


async def test_one_that_is_not_wanted_keeps_no_other_out() -> None:
    record = server(unwanted=("CodeSystem",))
    async with serving(record):
        await save(record, 1)
    assert published(record) == [url for url in URLS if "questionnaire" in url]


ILL: dict[str, Fault] = {"500": status(500), "429": status(429), "HTML": html(), "no bundle": status(200)}


@pytest.mark.parametrize("fault", ILL)
async def test_a_server_that_is_ill_at_transactions_is_later_asked_one_by_one(fault: str) -> None:
    record = server()
    record.transaction_faults.extend([ILL[fault]] * 9)
    async with serving(record), results(record) as kept:
        record.clock.seconds += 60
        await kept.save(samples.order(1), samples.pulse())
        await kept.save(samples.order(2), samples.pulse())
        assert (record.times("transaction"), published(record)) == (1, [])
        record.clock.seconds += 601
        await kept.save(samples.order(3), samples.pulse())
    assert (record.times("transaction"), published(record)) == (1, URLS)


@pytest.mark.parametrize(
    "offers", [{"transactions": False}, {"conditional": False}], ids=["no transactions", "search only"]
)
async def test_without_what_a_transaction_needs_each_goes_alone(offers: dict[str, object]) -> None:
    record = server(**offers)
    async with serving(record):
        await save(record, 1)
    assert (record.times("transaction"), published(record)) == (0, URLS)
