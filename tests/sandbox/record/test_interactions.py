from importlib import import_module

import pytest

from plugin.sandbox.record.json_value import Resource
from plugin.sandbox.record.offer import KINDS, OFFERS
from tests.sandbox.record import samples
from tests.sandbox.record.conftest import Record

CREATED = [
    resource for resource in samples.every() if "create" in OFFERS[str(resource["resourceType"])].interactions
]


def r4b(resource: Resource) -> None:
    """Raises unless another implementation reads the resource."""
    kind = str(resource["resourceType"])
    getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind).model_validate(resource)


@pytest.mark.parametrize("resource", CREATED, ids=lambda resource: str(resource["resourceType"]))
async def test_what_was_created_is_read_back_as_it_was_sent(record: Record, resource: Resource) -> None:
    kind = resource["resourceType"]
    made = await record.call("POST", f"/{kind}", resource)
    assert made.status == 201
    assert made.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert made.headers["Cache-Control"] == "no-store"
    key = made.body["id"]
    assert made.headers["Location"] == f"{record.fhir}/{kind}/{key}/_history/1"
    again = await record.call("GET", f"/{kind}/{key}")
    assert again.status == 200
    assert again.headers["ETag"] == 'W/"1"'
    assert again.headers["Last-Modified"] == "Mon, 23 Nov 2026 14:00:00 GMT"
    meta = {"versionId": "1", "lastUpdated": "2026-11-23T14:00:00.250Z"}
    assert again.body == {**resource, "id": key, "meta": meta}
    r4b(again.body)


async def test_the_server_gives_out_the_id_and_the_version(record: Record) -> None:
    meta: Resource = {"versionId": "7", "profile": ["urn:a:profile"]}
    wishful: Resource = {**samples.task(), "id": "mine", "meta": meta}
    made = await record.call("POST", "/Task", wishful)
    assert made.status == 201
    assert made.body["id"] != "mine"
    assert made.body["meta"] == {
        "versionId": "1",
        "lastUpdated": "2026-11-23T14:00:00.250Z",
        "profile": ["urn:a:profile"],
    }


async def test_an_update_makes_the_next_version_and_the_last_one_stays(record: Record) -> None:
    made = (await record.call("POST", "/Task", samples.task())).body
    record.clock.forward(60)
    done = await record.call("PUT", f"/Task/{made['id']}", {**made, "status": "completed"}, If_Match='W/"1"')
    assert (done.status, done.headers["ETag"]) == (200, 'W/"2"')
    assert (await record.call("GET", f"/Task/{made['id']}")).body["status"] == "completed"
    assert (await record.call("GET", f"/Task/{made['id']}/_history/1")).body == made
    assert (await record.call("GET", f"/Task/{made['id']}/_history/3")).status == 404


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('W/"1"', 412),
        ('"2"', 200),
        ('W/"2"', 200),
        ("*", 200),
        ('W/"9"', 412),
        ("2", 400),
        ('W/"1", W/"2"', 400),
    ],
)
async def test_an_update_holds_only_at_the_version_it_names(record: Record, tag: str, status: int) -> None:
    made = (await record.call("POST", "/Task", samples.task())).body
    await record.call("PUT", f"/Task/{made['id']}", {**made, "status": "accepted"})
    late = await record.call("PUT", f"/Task/{made['id']}", {**made, "status": "completed"}, If_Match=tag)
    assert late.status == status
    now = await record.call("GET", f"/Task/{made['id']}")
    assert now.body["status"] == ("completed" if status == 200 else "accepted")


async def test_an_update_creates_nothing(record: Record) -> None:
    task = {**samples.task(), "id": "mine"}
    assert (await record.call("PUT", "/Task/mine", task)).status == 405
    assert (await record.call("PUT", "/Task/mine", task, If_Match='W/"1"')).status == 412
    assert await record.store.everything("Task") == []


async def test_an_update_keeps_to_the_id_of_its_address(record: Record) -> None:
    made = (await record.call("POST", "/Task", samples.task())).body
    other = await record.call("PUT", f"/Task/{made['id']}", {**made, "id": "other"})
    assert other.status == 400
    assert "Task.id" in str(other.body)


async def test_after_an_update_only_the_new_values_are_found(record: Record) -> None:
    made = (await record.call("POST", "/Observation", samples.observation(code="pause"))).body
    await record.call("PUT", f"/Observation/{made['id']}", {**made, "code": samples.coded("moment")})
    assert (await record.call("GET", "/Observation?code=pause")).body["total"] == 0
    assert (await record.call("GET", "/Observation?code=moment")).body["total"] == 1


async def test_the_metadata_is_open_and_is_read_by_another_implementation(record: Record) -> None:
    record.headers = {}
    stated = await record.call("GET", "/metadata")
    assert stated.status == 200
    r4b(stated.body)
    assert stated.body["fhirVersion"] == "4.0.1"


async def test_the_smart_configuration_is_open_and_names_the_token_endpoint(record: Record) -> None:
    record.headers = {}
    told = await record.call("GET", "/.well-known/smart-configuration")
    assert told.headers["Content-Type"].startswith("application/json")
    assert told.body["token_endpoint"] == record.token_endpoint
    assert told.body["token_endpoint_auth_methods_supported"] == [
        "private_key_jwt",
        "client_secret_basic",
        "client_secret_post",
    ]
    assert told.body["token_endpoint_auth_signing_alg_values_supported"] == ["ES384", "RS384"]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_metadata_is_the_truth(record: Record, kind: str) -> None:
    stated = (await record.call("GET", "/metadata")).body
    (offer,) = [one for one in stated["rest"][0]["resource"] if one["type"] == kind]
    offered = {one["code"] for one in offer["interaction"]}
    (sample,) = [one for one in samples.every() if one["resourceType"] == kind]
    probes = {
        "create": await record.call("POST", f"/{kind}", sample),
        "update": await record.call("PUT", f"/{kind}/nobody", {**sample, "id": "nobody"}, If_Match='W/"1"'),
        "search-type": await record.call("GET", f"/{kind}"),
        "read": await record.call("GET", f"/{kind}/nobody"),
        "vread": await record.call("GET", f"/{kind}/nobody/_history/1"),
    }
    assert {code for code, answer in probes.items() if answer.status != 405} == offered
    for parameter in offer["searchParam"]:
        found = await record.call("GET", f"/{kind}?{parameter['name']}=x")
        assert (found.status, found.body["total"]) == (200, 0)


async def test_what_the_platform_seeds_is_kept_once_and_follows_its_changes(record: Record) -> None:
    await record.store.seed(samples.patient(), at=record.clock())
    (ana,) = await record.store.everything("Patient")
    assert (ana.id, ana.version) == ("ana", 1)
    await record.store.seed({**samples.patient(), "active": True}, at=record.clock())
    (ana,) = await record.store.everything("Patient")
    assert (ana.version, ana.resource["active"]) == (2, True)
    assert [one.kind for one in await record.store.everything()] == ["Patient", "Practitioner", "Encounter"]
