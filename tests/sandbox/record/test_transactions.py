import asyncio

import pytest

from plugin.sandbox.record.json_value import Json, Resource
from tests.sandbox.record import samples
from tests.sandbox.record.conftest import Record
from tests.sandbox.record.test_interactions import r4b

VALUE = "urn:uuid:0b1c63a3-7a4b-5c53-9f3b-6a3f1f8a2c11"
URN = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
CONDITION = f"identifier={samples.SYSTEM}|{VALUE}"


def entry(method: str, url: str, resource: Json, full_url: str | None = None, **request: Json) -> Resource:
    place: Resource = {"fullUrl": full_url} if full_url else {}
    return {**place, "resource": resource, "request": {"method": method, "url": url, **request}}


def transaction(*entries: Json) -> Resource:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def pair() -> Resource:
    """A response and the provenance that points to it, as a plugin would store them."""
    return transaction(
        entry("POST", "Provenance", samples.provenance(URN)),
        entry("POST", "QuestionnaireResponse", samples.response(VALUE), URN, ifNoneExist=CONDITION),
    )


async def kept(record: Record) -> list[str]:
    return [
        one.kind
        for one in await record.store.everything()
        if one.kind not in ("Patient", "Practitioner", "Encounter")
    ]


async def test_references_between_entries_are_rewritten_whatever_their_order(record: Record) -> None:
    bundle = pair()
    r4b(bundle)
    done = await record.call("POST", "", bundle)
    assert done.status == 200
    r4b(done.body)
    (provenance,) = await record.store.everything("Provenance")
    (response,) = await record.store.everything("QuestionnaireResponse")
    assert provenance.resource["target"] == [{"reference": f"QuestionnaireResponse/{response.id}"}]
    answers = [one["response"] for one in done.body["entry"]]
    assert [one["status"] for one in answers] == ["201 Created", "201 Created"]
    assert answers[1]["location"] == f"QuestionnaireResponse/{response.id}/_history/1"
    assert answers[1]["etag"] == 'W/"1"'


async def test_a_conditional_entry_that_is_there_is_pointed_to(record: Record) -> None:
    await record.call("POST", "", pair())
    again = await record.call("POST", "/", pair())
    answers = [one["response"]["status"] for one in again.body["entry"]]
    assert answers == ["201 Created", "200 OK"]
    (response,) = await record.store.everything("QuestionnaireResponse")
    targets = [one.resource["target"] for one in await record.store.everything("Provenance")]
    assert targets == [[{"reference": f"QuestionnaireResponse/{response.id}"}]] * 2


async def test_parallel_transactions_with_one_identifier_keep_one(record: Record) -> None:
    done = await asyncio.gather(*(record.call("POST", "", pair()) for _ in range(10)))
    assert [one.status for one in done] == [200] * 10
    assert len(await record.store.everything("QuestionnaireResponse")) == 1


async def test_an_update_in_a_transaction_holds_at_its_version(record: Record) -> None:
    made = (await record.call("POST", "/Task", samples.task())).body
    done = entry("PUT", f"Task/{made['id']}", {**made, "status": "completed"}, ifMatch='W/"1"')
    assert (await record.call("POST", "", transaction(done))).status == 200
    late = await record.call("POST", "", transaction(entry("POST", "Task", samples.task()), done))
    assert late.status == 412
    assert len(await record.store.everything("Task")) == 1


BROKEN: dict[str, tuple[Resource, int]] = {
    "a wrong resource": (entry("POST", "Task", {**samples.task(), "colour": "red"}), 400),
    "another type than the address": (entry("POST", "Consent", samples.task()), 400),
    "an unknown type": (entry("POST", "Medication", samples.task()), 404),
    "no resource": ({"request": {"method": "POST", "url": "Task"}}, 400),
    "no request": ({"resource": samples.task()}, 400),
    "a delete": (entry("DELETE", "Task/1", samples.task()), 400),
    "a read": (entry("GET", "Task/1", samples.task()), 400),
    "a conditional update": (entry("PUT", "Task?identifier=a", samples.task()), 400),
    "an absolute address": (entry("POST", "https://elsewhere.example/Task", samples.task()), 400),
    "an id that is not the address's": (entry("PUT", "Task/one", {**samples.task(), "id": "two"}), 400),
    "nothing to update": (entry("PUT", "Task/one", {**samples.task(), "id": "one"}), 405),
    "a condition that is none": (entry("POST", "Task", samples.task(), ifNoneExist="colour=red"), 400),
    "a condition met twice": (entry("POST", "Task", samples.task(), ifNoneExist="identifier=twice"), 412),
    "an unknown condition": (entry("POST", "Task", samples.task(), ifNoneMatch="*"), 400),
    "a loose reference": (entry("POST", "Provenance", samples.provenance("urn:uuid:nowhere")), 400),
    "a reference by search": (entry("POST", "Provenance", samples.provenance("Patient?identifier=ana")), 400),
    "an interaction not offered": (entry("POST", "Patient", samples.patient()), 405),
}


@pytest.mark.parametrize(("broken", "status"), BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_entry_leaves_nothing_of_the_others(
    record: Record, broken: Resource, status: int
) -> None:
    for _ in range(2):
        await record.call("POST", "/Task", samples.task("twice"))
    before = await kept(record)
    good = entry("POST", "QuestionnaireResponse", samples.response(VALUE), URN, ifNoneExist=CONDITION)
    refused = await record.call("POST", "", transaction(good, broken))
    assert refused.status == status
    r4b(refused.body)
    assert await kept(record) == before
    assert (await record.call("POST", "", transaction(good))).status == 200


async def test_two_entries_never_come_down_to_one_resource(record: Record) -> None:
    made = (await record.call("POST", "/Task", samples.task("there"))).body
    put = entry("PUT", f"Task/{made['id']}", made)
    same = entry("POST", "Task", samples.task("new"), ifNoneExist="identifier=new")
    spelt = entry("POST", "Task", samples.task("new"), ifNoneExist=f"identifier={samples.SYSTEM}|new")
    matched = entry("POST", "Task", samples.task("there"), ifNoneExist="identifier=there")
    for two in (
        (put, put),
        (put, matched),
        (same, same),
        (same, spelt),
        (entry("POST", "Task", samples.task("new")), same),
    ):
        assert (await record.call("POST", "", transaction(*two))).status == 400
    urls = [entry("POST", "Task", samples.task(), URN) for _ in range(2)]
    assert (await record.call("POST", "", transaction(*urls))).status == 400
    (task,) = await record.store.everything("Task")
    assert task.version == 1


@pytest.mark.parametrize(
    "bundle",
    [
        {"resourceType": "Bundle", "type": "batch", "entry": []},
        {"resourceType": "Task"},
        {"resourceType": "Bundle", "type": "transaction", "entry": {}},
        {"resourceType": "Bundle", "type": "transaction", "entry": [1]},
        transaction(*[entry("POST", "Task", samples.task())] * 101),
    ],
)
async def test_only_transactions_are_taken(record: Record, bundle: Resource) -> None:
    assert (await record.call("POST", "", bundle)).status == 400
    assert await kept(record) == []


async def test_an_empty_transaction_is_done_at_once(record: Record) -> None:
    done = await record.call("POST", "", {"resourceType": "Bundle", "type": "transaction"})
    assert (done.status, done.body["entry"]) == (200, [])


async def test_a_fault_in_an_entry_is_named_where_it_stands(record: Record) -> None:
    refused = await record.call(
        "POST", "", transaction(entry("POST", "Task", {**samples.task(), "status": "nope"}))
    )
    assert "Bundle.entry[0].resource.status" in str(refused.body)


async def test_every_entry_needs_its_own_right(record: Record) -> None:
    await record.sign_in("system/QuestionnaireResponse.cr system/Provenance.r")
    refused = await record.call("POST", "", pair())
    assert refused.status == 403
    await record.sign_in("system/QuestionnaireResponse.c system/Provenance.c")
    assert (await record.call("POST", "", pair())).status == 403
    assert await kept(record) == []
    await record.sign_in("system/QuestionnaireResponse.cr system/Provenance.c")
    assert (await record.call("POST", "", pair())).status == 200
