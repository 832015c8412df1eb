from urllib.parse import quote, urlencode

import pytest

from plugin.sandbox.record.json_value import Resource
from tests.sandbox.record import samples
from tests.sandbox.record.conftest import Answer, Record
from tests.sandbox.record.test_interactions import r4b


def entries(answer: Answer) -> list[Resource]:
    return [one["resource"] for one in answer.body.get("entry", [])]


def following(answer: Answer) -> str | None:
    links = answer.body["link"]
    assert isinstance(links, list)
    return next(
        (str(one["url"]) for one in links if isinstance(one, dict) and one["relation"] == "next"), None
    )


@pytest.fixture
async def filled(record: Record) -> Record:
    odd: Resource = {"value": "a|b,c\\d"}
    for resource in (
        samples.response("first"),
        samples.response("second", subject="Patient/cleo", version="2"),
        samples.response("third", subject="Practitioner/ben"),
        {**samples.response(), "identifier": odd},
    ):
        assert (await record.call("POST", "/QuestionnaireResponse", resource)).status == 201
    return record


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ({"identifier": "urn:fermata:id|first"}, 1),
        ({"identifier": "first"}, 1),
        ({"identifier": "urn:fermata:id|"}, 3),
        ({"identifier": "urn:other|first"}, 0),
        ({"identifier": "|first"}, 0),
        ({"identifier": "FIRST"}, 0),
        ({"identifier": "first,second,none"}, 2),
        ({"identifier": "|a\\|b\\,c\\\\d"}, 1),
        ({"subject": "Patient/ana"}, 2),
        ({"subject": "ben"}, 1),
        ({"subject": "Practitioner/ben"}, 1),
        ({"subject": "Patient/ana,Patient/cleo"}, 3),
        ({"patient": "ana"}, 2),
        ({"patient": "Patient/ana"}, 2),
        ({"patient": "ben"}, 0),
        ({"patient": "Practitioner/ben"}, 0),
        ({"questionnaire": "urn:fermata:questionnaire:session-pulse|1"}, 3),
        ({"questionnaire": "urn:fermata:questionnaire:session-pulse|2"}, 1),
        ({"questionnaire": "urn:fermata:questionnaire:session-pulse"}, 0),
        ({"patient": "ana", "identifier": "second"}, 0),
        ({"patient": "ana", "identifier": "first"}, 1),
        ({"_id": "nobody"}, 0),
        ({}, 4),
    ],
)
async def test_a_search_finds_what_it_names(filled: Record, query: dict[str, str], total: int) -> None:
    found = await filled.call("GET", f"/QuestionnaireResponse?{urlencode(query)}")
    assert found.status == 200
    assert found.body["total"] == total == len(entries(found))
    r4b(found.body)
    form = await filled.session.post(
        f"{filled.fhir}/QuestionnaireResponse/_search", data=query or {"_count": "50"}, headers=filled.headers
    )
    assert (await form.json(content_type=None))["total"] == total


async def test_a_repeated_parameter_means_both(filled: Record) -> None:
    both = await filled.call("GET", "/QuestionnaireResponse?identifier=first&identifier=second")
    assert both.body["total"] == 0


async def test_a_resource_is_found_by_its_id(filled: Record) -> None:
    one = entries(await filled.call("GET", "/QuestionnaireResponse?identifier=first"))[0]
    assert entries(await filled.call("GET", f"/QuestionnaireResponse?_id={one['id']},nobody")) == [one]


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "identifier:exact=first",
        "status=completed",
        "identifier=",
        "identifier=|",
        "identifier=first,",
        "identifier=%00",
        "_count=many",
        "_count=-1",
        "_count=1&_count=2",
        "_page=first",
        "_page=MS4y.x",
        "_sort=authored",
        "access_token=abc",
        quote("<script>"),
    ],
)
async def test_what_is_not_offered_is_refused_and_not_ignored(filled: Record, query: str) -> None:
    refused = await filled.call("GET", f"/QuestionnaireResponse?{query}")
    assert refused.status == 400
    assert refused.body["resourceType"] == "OperationOutcome"
    assert "<" not in str(refused.body)


async def test_codes_are_found_with_and_without_their_system(record: Record) -> None:
    await record.call("POST", "/Observation", samples.observation())
    for query, total in (("pause", 1), ("urn:fermata:codes|pause", 1), ("urn:other|pause", 0)):
        assert (await record.call("GET", f"/Observation?code={quote(query)}")).body["total"] == total


@pytest.mark.parametrize("count", [1, 2, 3, 7, 50])
async def test_pages_hold_every_match_once_and_nothing_that_came_later(record: Record, count: int) -> None:
    made = [
        (await record.call("POST", "/Observation", samples.observation(f"n{number}"))).body["id"]
        for number in range(7)
    ]
    page = await record.call("GET", f"/Observation?patient=ana&_count={count}")
    await record.call("POST", "/Observation", samples.observation("late"))
    seen = []
    while True:
        r4b(page.body)
        seen += [one["id"] for one in entries(page)]
        assert page.body["total"] == 7
        assert len(entries(page)) <= count
        onward = following(page)
        if onward is None:
            break
        assert onward.startswith(f"{record.fhir}/Observation?")
        page = await record.call("GET", onward)
    assert seen == made


async def test_a_count_of_nothing_tells_the_total_only(filled: Record) -> None:
    counted = await filled.call("GET", "/QuestionnaireResponse?_count=0")
    assert counted.body["total"] == 4
    assert "entry" not in counted.body
    assert following(counted) is None


async def test_a_page_cannot_be_longer_than_the_server_likes(record: Record) -> None:
    await record.store.run(
        lambda connection: connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) "
            "INSERT INTO resource (kind, id, version) SELECT 'Task', 'n' || i, 1 FROM n"
        )
    )
    await record.store.run(
        lambda connection: connection.execute(
            "INSERT INTO version SELECT seq, 1, '2026-11-23T14:00:00.000Z', '{}' FROM resource WHERE kind = 'Task'"
        )
    )
    page = await record.call("GET", "/Task?_count=100000")
    assert (page.body["total"], len(entries(page))) == (300, 200)
