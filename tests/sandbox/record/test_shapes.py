from importlib import import_module

import pytest

from plugin.sandbox.record import Refusal
from plugin.sandbox.record.json_value import Json, Resource
from plugin.sandbox.record.offer import KINDS
from plugin.sandbox.record.shapes import SHAPES
from plugin.sandbox.record.writes import acceptable
from tests.sandbox.record import samples
from tests.sandbox.record.test_interactions import r4b

ANSWER = "QuestionnaireResponse.item[0].answer[0]"


def answered(*answers: Json) -> Resource:
    return {**samples.response(), "item": [{"linkId": "heard", "answer": list(answers)}]}


def without(resource: Resource, *names: str) -> Resource:
    return {name: value for name, value in resource.items() if name not in names}


FAULTY: dict[str, tuple[Resource, str]] = {
    "an unknown element": ({**samples.task(), "colour": "red"}, "Task.colour"),
    "an unknown element below": (answered({"valueInteger": 1, "colour": "red"}), f"{ANSWER}.colour"),
    "an element of R5": ({**samples.consent(), "decision": "permit"}, "Consent.decision"),
    "two values": (answered({"valueInteger": 1, "valueString": "x"}), f"{ANSWER}.value"),
    "no value": (answered({"item": [{"linkId": "x"}]}), f"{ANSWER}.value"),
    "an unknown value": (answered({"valueMoney": {"value": 1}}), f"{ANSWER}.valueMoney"),
    "two values of an observation": ({**samples.observation(), "valueInteger": 1}, "Observation.value"),
    "two times of an observation": (
        {**samples.observation(), "effectiveDateTime": "2026-11-23"},
        "Observation.effective",
    ),
    "a value and the reason for none": (
        {**samples.observation(), "dataAbsentReason": samples.coded("unknown")},
        "Observation.dataAbsentReason",
    ),
    "no status of a response": (without(samples.response(), "status"), "QuestionnaireResponse.status"),
    "no linkId": ({**samples.response(), "item": [{"text": "x"}]}, "QuestionnaireResponse.item[0].linkId"),
    "no status of an observation": (without(samples.observation(), "status"), "Observation.status"),
    "no code of an observation": (without(samples.observation(), "code"), "Observation.code"),
    "no code of a component": (
        {**samples.observation(), "component": [{"valueBoolean": True}]},
        "component[0].code",
    ),
    "no status of a consent": (without(samples.consent(), "status"), "Consent.status"),
    "no scope of a consent": (without(samples.consent(), "scope"), "Consent.scope"),
    "no category of a consent": (without(samples.consent(), "category"), "Consent.category"),
    "no policy of a consent": (without(samples.consent(), "policyRule"), "Consent"),
    "no target": (without(samples.provenance(), "target"), "Provenance.target"),
    "no time of recording": (without(samples.provenance(), "recorded"), "Provenance.recorded"),
    "no agent": (without(samples.provenance(), "agent"), "Provenance.agent"),
    "an agent who is nobody": (
        {**samples.provenance(), "agent": [{"type": samples.coded("author")}]},
        "Provenance.agent[0].who",
    ),
    "no intent": (without(samples.task(), "intent"), "Task.intent"),
    "no status of a task": (without(samples.task(), "status"), "Task.status"),
    "no status of a questionnaire": (without(samples.questionnaire(), "status"), "Questionnaire.status"),
    "no type of an item": (
        {**samples.questionnaire(), "item": [{"linkId": "a"}]},
        "Questionnaire.item[0].type",
    ),
    "a linkId that stands twice": (
        {**samples.questionnaire(), "item": [{"linkId": "a", "type": "group"}] * 2},
        "Questionnaire.item",
    ),
    "items below an item and its answer": (
        {
            **samples.response(),
            "item": [
                {
                    "linkId": "a",
                    "item": [{"linkId": "b"}],
                    "answer": [{"valueInteger": 1, "item": [{"linkId": "c"}]}],
                }
            ],
        },
        "QuestionnaireResponse.item[0]",
    ),
    "a coded type of R5": (
        {**samples.questionnaire(), "item": [{"linkId": "a", "type": "coding"}]},
        "Questionnaire.item[0].type",
    ),
    "no content of a code system": (without(samples.code_system(), "content"), "CodeSystem.content"),
    "no class of an encounter": (without(samples.encounter(), "class"), "Encounter.class"),
    "an unknown status": ({**samples.response(), "status": "done"}, "QuestionnaireResponse.status"),
    "a list where one is due": ({**samples.response(), "identifier": [samples.identifier()]}, "identifier"),
    "one where a list is due": ({**samples.observation(), "identifier": samples.identifier()}, "identifier"),
    "an empty list": ({**samples.observation(), "category": []}, "Observation.category"),
    "an empty object": ({**samples.observation(), "subject": {}}, "Observation.subject"),
    "nothing": ({**samples.observation(), "subject": None}, "Observation.subject"),
    "an empty text": (answered({"valueString": ""}), f"{ANSWER}.valueString"),
    "a text of spaces": (answered({"valueString": "  "}), f"{ANSWER}.valueString"),
    "a control character": (answered({"valueString": "a\0b"}), f"{ANSWER}.valueString"),
    "true as a number": (answered({"valueInteger": True}), f"{ANSWER}.valueInteger"),
    "a fraction as an integer": (answered({"valueInteger": 7.5}), f"{ANSWER}.valueInteger"),
    "an integer too large": (answered({"valueInteger": 2**31}), f"{ANSWER}.valueInteger"),
    "a decimal as a text": (answered({"valueDecimal": "7.5"}), f"{ANSWER}.valueDecimal"),
    "a boolean as a text": (answered({"valueBoolean": "true"}), f"{ANSWER}.valueBoolean"),
    "a time without a zone": ({**samples.response(), "authored": "2026-11-23T14:00:00"}, "authored"),
    "a day that does not exist": ({**samples.response(), "authored": "2026-02-30"}, "authored"),
    "an instant that is a day": ({**samples.provenance(), "recorded": "2026-11-23"}, "Provenance.recorded"),
    "an address with a space": ({**samples.questionnaire(), "url": "urn:a b"}, "Questionnaire.url"),
    "the extensions of nothing": ({**samples.task(), "_colour": {}}, "Task"),
    "the extensions of a primitive as a list": ({**samples.task(), "_status": [{}]}, "Task.status"),
    "the extensions of what is no primitive": ({**samples.task(), "_for": {}}, "Task"),
    "a contained stranger": (
        {**samples.task(), "contained": [{"resourceType": "Device"}]},
        "Task.contained[0]",
    ),
    "a contained fault": (
        {**samples.task(), "contained": [without(samples.task(), "status")]},
        "Task.contained[0].status",
    ),
}


@pytest.mark.parametrize(("resource", "where"), FAULTY.values(), ids=FAULTY.keys())
def test_a_fault_is_refused_and_named_by_its_path(resource: Resource, where: str) -> None:
    with pytest.raises(Refusal) as refused:
        acceptable(resource, str(resource["resourceType"]))
    assert refused.value.status == 400
    assert any(str(issue.expression).endswith(where) for issue in refused.value.issues)


@pytest.mark.parametrize("resource", samples.every(), ids=lambda resource: str(resource["resourceType"]))
def test_what_is_accepted_here_is_accepted_by_another_implementation(resource: Resource) -> None:
    acceptable(resource, str(resource["resourceType"]))
    r4b(resource)


def test_what_else_fhir_allows_is_accepted_too() -> None:
    extension: Resource = {"url": "urn:a:note", "valueString": "x"}
    more: list[Resource] = [
        {**samples.task(), "_status": {"extension": [extension]}, "extension": [extension]},
        {**samples.task(), "contained": [samples.patient()], "owner": {"reference": "#ana"}},
        {
            **samples.task(),
            "input": [{"type": samples.coded("x"), "valueReference": {"reference": "Task/a"}}],
        },
        {
            **samples.questionnaire(),
            "item": [{"linkId": "a", "type": "group", "item": [{"linkId": "b", "type": "text"}]}],
        },
        answered({"valueInteger": 1, "item": [{"linkId": "why", "answer": [{"valueString": "x"}]}]}),
    ]
    for resource in more:
        acceptable(resource, str(resource["resourceType"]))
        r4b(resource)


def test_the_type_is_the_one_that_is_due() -> None:
    wrong: list[tuple[str, Resource]] = [
        ("Task", samples.consent()),
        ("Task", {}),
        ("Medication", {"resourceType": "Medication"}),
    ]
    for kind, resource in wrong:
        with pytest.raises(Refusal) as refused:
            acceptable(resource, kind)
        assert refused.value.issues[0].expression == "resourceType"


def test_a_fault_says_nothing_of_what_stood_there() -> None:
    told = "my sister's secret"
    odd: list[Resource] = [
        {**samples.response(), told: "x"},
        {**samples.response(), "status": told},
        {**samples.response(), "authored": told},
        answered({"valueInteger": told}),
        answered({told: 1}),
    ]
    for resource in odd:
        with pytest.raises(Refusal) as refused:
            acceptable(resource, "QuestionnaireResponse")
        assert "sister" not in str([(issue.text, issue.expression) for issue in refused.value.issues])


def test_a_long_list_of_faults_is_cut() -> None:
    with pytest.raises(Refusal) as refused:
        acceptable({**samples.task(), **{f"x{'y' * number}": 1 for number in range(100)}}, "Task")
    assert len(refused.value.issues) == 20


@pytest.mark.parametrize("kind", KINDS)
def test_the_elements_are_those_that_another_implementation_knows(kind: str) -> None:
    module = import_module(f"fhir.resources.R4B.{kind.lower()}")
    for name in (name for name in SHAPES if name == kind or name.startswith(f"{kind}.")):
        theirs = getattr(module, "".join(part[0].upper() + part[1:] for part in name.split(".")))
        known = {field.alias for field in theirs.model_fields.values()} - {"fhir_comments", "resource_type"}
        assert set(SHAPES[name].properties) == {alias for alias in known if not alias.startswith("_")}
