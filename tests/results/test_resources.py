"""Every resource as it is sent: what it says, and that two strict readers take it."""

import copy
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pydantic import TypeAdapter

from plugin.core.orders import Result
from plugin.results.definitions import code_system, definitions
from plugin.results.identifiers import identifier_of, pseudonym
from plugin.results.resources import resource_of
from plugin.results.spare import spare_of
from tests.results import samples
from tests.results.strict import complaints

ALL: dict[str, Result] = {
    "pulse": samples.pulse(),
    "mirror": samples.mirror(),
    "counted": samples.counted(),
    "pause": samples.pause(),
    "moment": samples.moment_of_the_therapist(),
    "consent": samples.consent(),
    "rejected": samples.consent(therapist=False),
}
DOCUMENTS = TypeAdapter[Result](Result)


def sent(result: Result, *, order: str = samples.order(), tenant: str = "north") -> dict[str, Any]:
    own = identifier_of(order, result, secret=samples.SECRET)
    return resource_of(result, own, order=order, tenant=tenant, secret=samples.SECRET)


def answers(response: dict[str, Any]) -> dict[str, Any]:
    return {item["linkId"]: item["answer"][0] for item in response["item"]}


def components(observation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["code"]["coding"][0]["code"]: one for one in observation["component"]}


@pytest.mark.parametrize("name", ALL)
def test_two_strict_readers_take_every_resource(name: str) -> None:
    assert complaints(sent(ALL[name])) == set()


@pytest.mark.parametrize("name", ["pause", "moment", "consent", "rejected"])
def test_two_strict_readers_take_what_stands_in_for_an_observation_or_a_consent(name: str) -> None:
    spare = spare_of(ALL[name], "urn:uuid:0", order=samples.order())
    assert spare is not None
    assert complaints(spare) == set()


@pytest.mark.parametrize("definition", definitions(), ids=lambda definition: definition["name"])
def test_two_strict_readers_take_every_definition(definition: dict[str, Any]) -> None:
    assert complaints(definition) == set()


def _drop(key: str) -> Callable[[dict[str, Any]], object]:
    return lambda resource: resource.pop(key)


def _set(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda resource: resource.update({key: value})


BROKEN: dict[str, tuple[dict[str, Any], Callable[[dict[str, Any]], object], set[str]]] = {
    "a response with two values": (
        sent(ALL["pulse"]),
        lambda resource: resource["item"][0]["answer"][0].update({"valueBoolean": True}),
        {"models"},  # the schema lists both and forbids neither
    ),
    "a response with an unknown field": (sent(ALL["pulse"]), _set("answers", []), {"models", "schema"}),
    "a response in an unknown state": (sent(ALL["pulse"]), _set("status", "done"), {"schema"}),
    "a pause without a code": (sent(ALL["pause"]), _drop("code"), {"models", "schema"}),
    "a consent without a scope": (sent(ALL["consent"]), _drop("scope"), {"models", "schema"}),
    "a questionnaire with a list for its title": (definitions()[1], _set("title", []), {"models", "schema"}),
    "a code system with an unknown field": (code_system(), _set("codes", []), {"models", "schema"}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_resource_is_refused_by_them(name: str) -> None:
    whole, break_it, by = BROKEN[name]
    broken = copy.deepcopy(whole)
    break_it(broken)
    assert complaints(whole) == set()
    assert complaints(broken) == by


def test_a_survey_says_what_was_answered_and_nothing_of_what_was_skipped() -> None:
    stored = sent(samples.pulse())
    assert answers(stored) == {
        "heard": {"valueInteger": 9},
        "way": {"valueInteger": 0},
        "off": {"valueCoding": {"system": "urn:fermata:codes", "code": "a_little"}},
        "helpful": {"valueString": "Breathing slowly   with you"},
        "index": {"valueDecimal": 72.5},
    }
    assert [item["linkId"] for item in stored["item"]] == ["heard", "way", "off", "helpful", "index"]
    assert stored["questionnaire"] == "urn:fermata:questionnaire:session-pulse|1"
    assert stored["status"] == "completed"
    assert stored["authored"] == "2026-11-23T14:02:05.123Z"
    assert stored["subject"] == stored["author"] == {"reference": "Patient/ana"}


def test_a_text_of_blanks_alone_and_a_missing_index_are_absent() -> None:
    blank = samples.pulse().model_copy(update={"answers": {"helpful": " \u3000\u0085 "}, "index": None})
    assert "item" not in sent(blank)
    assert complaints(sent(blank)) == set()


def test_the_mirror_is_the_therapists_own_and_in_no_patients_compartment() -> None:
    stored = sent(samples.mirror())
    assert stored["subject"] == stored["author"] == {"reference": "Practitioner/ben"}
    assert "Patient" not in str(stored)


def test_a_person_whose_id_cannot_be_a_records_id_is_a_logical_reference() -> None:
    stored = sent(samples.pulse().model_copy(update={"person": "../Practitioner/ben"}))
    assert "reference" not in stored["subject"]
    assert stored["subject"]["identifier"]["value"] == "../Practitioner/ben"
    assert complaints(stored) == set()


def test_a_counted_response_leads_to_nobody() -> None:
    stored = sent(samples.counted())
    assert stored.keys() == {
        "resourceType",
        "identifier",
        "questionnaire",
        "status",
        "authored",
        "item",
    }
    assert stored["authored"] == "2026-11-23"
    assert answers(stored).keys() == {"safe", "off", "pseudonym"}
    assert not re.search("ana|north|never to the practice", str(stored))


def test_a_counted_identifier_cannot_be_worked_out_from_the_others() -> None:
    shared = identifier_of(samples.order(), samples.pulse(), secret=samples.SECRET)
    hidden = identifier_of(samples.order(), samples.counted(), secret=samples.SECRET)
    assert hidden != shared
    assert hidden != identifier_of(samples.order(), samples.counted(), secret=b"x" * 32)
    assert hidden == identifier_of(samples.order(), samples.counted(), secret=samples.SECRET)
    assert samples.SESSION not in str(sent(samples.counted()))


@pytest.mark.parametrize("result", ALL.values(), ids=ALL)
def test_identifiers_are_lower_case_uuids_one_for_each_order(result: Result) -> None:
    names = {identifier_of(samples.order(at), result, secret=samples.SECRET) for at in range(1, 50)}
    assert len(names) == 49
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name) for name in names)


def test_a_pseudonym_lasts_a_quarter_and_ends_at_the_tenant() -> None:
    def named(tenant: str, person: str, day: date) -> str:
        return pseudonym(samples.SECRET, tenant=tenant, person=person, day=day)

    first = named("north", "ana", date(2026, 10, 1))
    assert first == named("north", "ana", date(2026, 12, 31))
    others = {
        named("north", "ana", date(2027, 1, 1)),
        named("north", "ana", date(2025, 10, 1)),
        named("south", "ana", date(2026, 10, 1)),
        named("north", "ben", date(2026, 10, 1)),
        named("nort", "hana", date(2026, 10, 1)),
    }
    assert len(others | {first}) == 6


def test_a_pause_is_an_observation_with_every_field_of_its_record() -> None:
    stored = sent(samples.pause())
    assert stored["code"] == {"coding": [{"system": "urn:fermata:codes", "code": "pause"}]}
    assert stored["subject"] == {"reference": "Patient/ana"}
    assert stored["effectivePeriod"] == {
        "start": "2026-11-23T14:02:05.123Z",
        "end": "2026-11-23T14:03:35.123Z",
    }
    assert stored["valueCodeableConcept"]["coding"][0]["code"] == "resumed"
    found = components(stored)
    assert found.keys() == {
        "pause_id", "session_id", "participant_ref", "level", "pressed_at", "accepted_at", "delivered_at",
        "seen_at", "resumed_at", "resume_choice", "outcome", "unattended", "path", "nudges",
    }  # fmt: skip
    assert found["unattended"]["valueBoolean"] is True
    assert found["nudges"]["valueInteger"] == 2
    assert found["session_id"]["valueString"] == samples.SESSION
    assert found["seen_at"]["valueDateTime"] == "2026-11-23T14:03:06.123Z"
    assert found["level"]["valueCodeableConcept"]["coding"][0]["code"] == "slow_down"


def test_what_did_not_happen_in_a_pause_is_absent() -> None:
    stored = sent(samples.moment_of_the_therapist())
    assert not components(stored).keys() & {"level", "resume_choice", "delivered_at", "seen_at"}
    assert components(stored)["unattended"]["valueBoolean"] is False


def test_a_therapists_own_pause_has_a_performer_and_no_subject() -> None:
    stored = sent(samples.moment_of_the_therapist())
    assert "subject" not in stored
    assert stored["performer"] == [{"reference": "Practitioner/ben"}]


@pytest.mark.parametrize(
    ("therapist", "practice", "status"),
    [(True, True, "active"), (True, False, "active"), (False, True, "active"), (False, False, "rejected")],
)
def test_a_consent_says_yes_or_no_to_each_choice(therapist: bool, practice: bool, status: str) -> None:
    stored = sent(samples.consent(therapist=therapist, practice=practice))
    assert stored["status"] == status
    said = {
        provision["code"][0]["coding"][0]["code"]: provision["type"]
        for provision in stored["provision"]["provision"]
    }
    assert said == {
        "therapist_may_see": "permit" if therapist else "deny",
        "practice_may_count": "permit" if practice else "deny",
    }
    assert "type" not in stored["provision"]


def test_a_stand_in_says_the_same_as_the_proper_resource() -> None:
    spare = spare_of(samples.pause(), "urn:uuid:0", order=samples.order())
    assert spare is not None
    assert answers(spare).keys() == components(sent(samples.pause())).keys()
    assert answers(spare)["outcome"] == {"valueCoding": {"system": "urn:fermata:codes", "code": "resumed"}}
    assert spare_of(samples.pulse(), "urn:uuid:0", order=samples.order()) is None


@pytest.mark.parametrize("name", ALL)
def test_every_code_and_question_that_is_stored_is_published(name: str) -> None:
    known = {concept["code"] for concept in code_system()["concept"]}
    questions = {
        f"{one['url']}|{one['version']}": {item["linkId"] for item in one["item"]}
        for one in definitions()
        if one["resourceType"] == "Questionnaire"
    }
    stored = sent(ALL[name])
    assert set(_codes(stored)) <= known
    if "questionnaire" in stored:
        assert answers(stored).keys() <= questions[stored["questionnaire"]]


def _codes(element: object) -> list[str]:
    if isinstance(element, list):
        return [code for one in element for code in _codes(one)]
    if not isinstance(element, dict):
        return []
    own = [element["code"]] if element.get("system") == "urn:fermata:codes" else []
    return own + [code for one in element.values() for code in _codes(one)]


@pytest.mark.parametrize("result", ALL.values(), ids=ALL)
def test_a_result_read_back_from_the_journal_gives_the_same_resource(result: Result) -> None:
    assert sent(DOCUMENTS.validate_json(DOCUMENTS.dump_json(result))) == sent(result)
