import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.sandbox.record import rows, writes
from plugin.sandbox.record.query import condition
from plugin.sandbox.record.schema import migrate
from tests.sandbox.record import samples
from tests.sandbox.record.conftest import Record

VALUE = "urn:uuid:0b1c63a3-7a4b-5c53-9f3b-6a3f1f8a2c11"
CONDITION = f"identifier={samples.SYSTEM}|{VALUE}"
AT = datetime(2026, 11, 23, tzinfo=UTC)


@contextmanager
def opened() -> Iterator[apsw.Connection]:
    connection = apsw.Connection(":memory:")
    migrate(connection)
    yield connection
    connection.close()


async def test_a_second_conditional_create_finds_the_first(record: Record) -> None:
    first = await record.call("POST", "/Observation", samples.observation(VALUE), If_None_Exist=CONDITION)
    changed = {**samples.observation(VALUE), "status": "amended"}
    second = await record.call("POST", "/Observation", changed, If_None_Exist=CONDITION)
    assert (first.status, second.status) == (201, 200)
    assert second.body == first.body
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["ETag"] == 'W/"1"'


async def test_the_condition_may_be_percent_encoded(record: Record) -> None:
    encoded = "identifier=urn%3Afermata%3Aid%7C" + VALUE.replace(":", "%3A")
    await record.call("POST", "/Observation", samples.observation(VALUE), If_None_Exist=CONDITION)
    assert (
        await record.call("POST", "/Observation", samples.observation(VALUE), If_None_Exist=encoded)
    ).status == 200


async def test_parallel_conditional_creates_make_one(record: Record) -> None:
    asked = [
        record.call("POST", "/Observation", samples.observation(VALUE), If_None_Exist=CONDITION)
        for _ in range(30)
    ]
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status for answer in answers) == [200] * 29 + [201]
    assert len({str(answer.body["id"]) for answer in answers}) == 1
    assert len(await record.store.everything("Observation")) == 1


async def test_several_matches_are_refused(record: Record) -> None:
    for _ in range(2):
        await record.call("POST", "/Observation", samples.observation(VALUE))
    refused = await record.call("POST", "/Observation", samples.observation(VALUE), If_None_Exist=CONDITION)
    assert refused.status == 412
    assert "multiple-matches" in str(refused.body)
    assert len(await record.store.everything("Observation")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?identifier=a|b",
        "identifier",
        "identifier=",
        "identifier=|",
        "colour=red",
        "_count=1",
        "identifier=%ff",
    ],
)
async def test_a_condition_that_is_none_creates_nothing(record: Record, text: str) -> None:
    refused = await record.call("POST", "/Observation", samples.observation(), If_None_Exist=text)
    assert refused.status == 400
    assert await record.store.everything("Observation") == []


async def test_the_published_are_found_by_address_and_version(record: Record) -> None:
    unless = "url=urn:fermata:questionnaire:session-pulse&version=1"
    made = [
        await record.call("POST", "/Questionnaire", samples.questionnaire(), If_None_Exist=unless)
        for _ in range(2)
    ]
    assert [answer.status for answer in made] == [201, 200]
    newer = await record.call(
        "POST", "/Questionnaire", samples.questionnaire("2"), If_None_Exist=unless[:-1] + "2"
    )
    assert newer.status == 201


values = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp", "Cf", "Co", "Cn"]),
    min_size=1,
)


@given(st.lists(st.sampled_from(["a", "b", "A", "a|b", "a,b", "ä", "urn:uuid:1"]) | values, max_size=12))
def test_however_often_it_is_sent_each_identifier_is_kept_once(sent: list[str]) -> None:
    with opened() as connection:
        for value in sent:
            escaped = "".join(f"\\{letter}" if letter in "\\,|$" else letter for letter in value)
            unless = condition("Observation", f"identifier={samples.SYSTEM}|{quote(escaped, safe='')}")
            before = rows.matches(connection, unless)
            written = writes.create(connection, samples.observation(value), unless, AT)
            assert written.created is (not before)
            assert rows.matches(connection, unless) == [written.kept.seq]
        kept = rows.everything(connection, None)
        assert len(kept) == len(set(sent))
        assert all(one.version == 1 for one in kept)
