"""Resources as a plugin would send them, one that is right for each type."""

from uuid import uuid4

from plugin.sandbox.record.json_value import Json, Resource

SYSTEM = "urn:fermata:id"


def identifier(value: str | None = None) -> Resource:
    return {"system": SYSTEM, "value": value or f"urn:uuid:{uuid4()}"}


def response(value: str | None = None, *, subject: str = "Patient/ana", version: str = "1") -> Resource:
    return {
        "resourceType": "QuestionnaireResponse",
        "identifier": identifier(value),
        "questionnaire": f"urn:fermata:questionnaire:session-pulse|{version}",
        "status": "completed",
        "subject": {"reference": subject},
        "author": {"reference": subject},
        "authored": "2026-11-23T14:50:00.123Z",
        "item": [
            {"linkId": "heard", "answer": [{"valueInteger": 8}]},
            {
                "linkId": "moment",
                "answer": [{"valueCoding": {"system": "urn:fermata:codes", "code": "talk"}}],
            },
            {"linkId": "more", "answer": [{"valueString": "a free text"}]},
            {"linkId": "index", "answer": [{"valueDecimal": 82.5}]},
        ],
    }


def observation(value: str | None = None, *, subject: str = "Patient/ana", code: str = "pause") -> Resource:
    return {
        "resourceType": "Observation",
        "identifier": [identifier(value)],
        "status": "final",
        "code": coded(code),
        "subject": {"reference": subject},
        "effectivePeriod": {"start": "2026-11-23T14:12:00Z", "end": "2026-11-23T14:14:00Z"},
        "valueCodeableConcept": coded("resumed"),
        "component": [{"code": coded("unattended"), "valueBoolean": False}],
    }


def consent(value: str | None = None, *, patient: str = "Patient/ana") -> Resource:
    return {
        "resourceType": "Consent",
        "identifier": [identifier(value)],
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "research"}]
        },
        "category": [coded("sharing")],
        "patient": {"reference": patient},
        "dateTime": "2026-11-23T14:01:00Z",
        "policyRule": coded("consent-card"),
        "provision": {"type": "permit"},
    }


def task(value: str | None = None) -> Resource:
    return {
        "resourceType": "Task",
        "identifier": [identifier(value)],
        "status": "requested",
        "intent": "plan",
        "code": coded("follow-up"),
        "for": {"reference": "Patient/ana"},
    }


def provenance(target: str = "Patient/ana") -> Resource:
    return {
        "resourceType": "Provenance",
        "target": [{"reference": target}],
        "recorded": "2026-11-23T14:50:00Z",
        "agent": [{"who": {"reference": "Patient/ana"}}],
    }


def questionnaire(version: str = "1") -> Resource:
    return {
        "resourceType": "Questionnaire",
        "url": "urn:fermata:questionnaire:session-pulse",
        "version": version,
        "status": "active",
        "subjectType": ["Patient"],
        "item": [{"linkId": "heard", "text": "I felt heard", "type": "integer"}],
    }


def code_system() -> Resource:
    return {
        "resourceType": "CodeSystem",
        "url": "urn:fermata:codes",
        "version": "1",
        "status": "active",
        "content": "complete",
        "concept": [{"code": "pause", "display": "Pause"}],
    }


def patient(key: str = "ana") -> Resource:
    return {"resourceType": "Patient", "id": key, "identifier": [{"system": "urn:sandbox:id", "value": key}]}


def practitioner(key: str = "ben") -> Resource:
    return {
        "resourceType": "Practitioner",
        "id": key,
        "identifier": [{"system": "urn:sandbox:id", "value": key}],
    }


def encounter(key: str = "call") -> Resource:
    virtual = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR"}
    return {
        "resourceType": "Encounter",
        "id": key,
        "status": "finished",
        "class": dict[str, Json](virtual),
        "subject": {"reference": "Patient/ana"},
    }


def coded(code: str) -> Resource:
    return {"coding": [{"system": "urn:fermata:codes", "code": code}]}


def every() -> list[Resource]:
    return [
        response(),
        observation(),
        consent(),
        task(),
        provenance(),
        questionnaire(),
        code_system(),
        patient(),
        practitioner(),
        encounter(),
    ]


def transaction(*resources: Resource) -> Resource:
    """Creates of whole resources, in one bundle."""
    entries: list[Json] = [
        {"resource": one, "request": {"method": "POST", "url": one["resourceType"]}} for one in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}
