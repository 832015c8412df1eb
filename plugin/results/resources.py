"""A result as the one FHIR R4 resource that is stored for it.

Only what R4 itself names is used, no extensions, so that a strict server takes it and a plain reader
understands it.
"""

from collections.abc import Mapping

from plugin.core.orders import (
    AnswerValue,
    Code,
    ConsentResult,
    CountedResult,
    PauseResult,
    ResponseResult,
    Result,
)
from plugin.results.definitions import sequence
from plugin.results.elements import (
    Element,
    coding,
    concept,
    foreign,
    identifier,
    is_staff,
    moment,
    reference,
    text,
)
from plugin.results.identifiers import canonical, pseudonym
from webhooks.events import Role


def resource_of(result: Result, own: str, *, order: str, tenant: str, secret: bytes) -> Element:
    """The resource to store for a result.

    Args:
        result: what happened.
        own: the identifier value it stands under.
        order: the order's id; its first part is the session.
        tenant: the practice, for the pseudonym of counted answers only.
        secret: the installation's key for what must not be linked.
    """
    match result:
        case ResponseResult():
            return response(result, own)
        case CountedResult():
            who = pseudonym(secret, tenant=tenant, person=result.person, day=result.authored)
            return counted(result, own, who)
        case PauseResult():
            return pause(result, own, session=order.partition(":")[0])
        case ConsentResult():
            return consent(result, own)


def response(result: ResponseResult, own: str) -> Element:
    """Answers of one person, a QuestionnaireResponse.

    The therapist's mirror has its author as its subject too (R4 allows any resource there): the answers are
    theirs, and so it never becomes part of a patient's compartment.
    """
    person = reference(result.person, result.role)
    items = _items(result.instrument, result.answers)
    if result.index is not None:
        items.append({"linkId": "index", "answer": [{"valueDecimal": result.index}]})
    return {
        **_frame(result.instrument, result.version, own),
        "subject": person,
        "authored": moment(result.authored),
        "author": person,
        **({"item": items} if items else {}),
    }


def counted(result: CountedResult, own: str, who: str) -> Element:
    """Answers that count without anybody to connect them to: no subject, author, source or time.

    Open texts are left out even if an order carried one: the practice never gets those.
    """
    scores = {key: value for key, value in result.answers.items() if not isinstance(value, str)}
    by = {"linkId": "pseudonym", "answer": [{"valueString": who}]}
    return {
        **_frame(result.instrument, result.version, own),
        "authored": result.authored.isoformat(),
        "item": [*_items(result.instrument, scores), by],
    }


def _frame(instrument: str, version: str, own: str) -> Element:
    return {
        "resourceType": "QuestionnaireResponse",
        "identifier": identifier(own),
        "questionnaire": canonical(instrument, version),
        "status": "completed",
    }


def _items(instrument: str, answers: Mapping[str, AnswerValue]) -> list[Element]:
    place = sequence(instrument)
    ordered = sorted(answers.items(), key=lambda answer: place.get(answer[0], len(place)))
    found = ((key, _value(value)) for key, value in ordered)
    return [{"linkId": key, "answer": [value]} for key, value in found if value is not None]


def _value(answer: AnswerValue) -> Element | None:
    if isinstance(answer, Code):
        return {"valueCoding": coding(answer.code)}
    if isinstance(answer, int):
        return {"valueInteger": answer}
    words = text(answer)
    return {"valueString": words} if words else None


def pause(result: PauseResult, own: str, *, session: str) -> Element:
    """One pause from press to close, an Observation whose value is its outcome.

    R4 has no Practitioner as the subject of an Observation; a therapist's own pause names them as performer
    alone.
    """
    person = reference(result.person, result.role)
    return {
        "resourceType": "Observation",
        "identifier": [identifier(own)],
        "status": "final",
        "code": concept("pause"),
        **({} if is_staff(result.role) else {"subject": person}),
        "effectivePeriod": {
            "start": moment(result.pressed_at),
            "end": moment(max(result.pressed_at, result.closed_at)),
        },
        "performer": [person],
        "valueCodeableConcept": concept(result.outcome),
        "component": [{"code": concept(name), **value} for name, value in fields_of(result, session).items()],
    }


def fields_of(result: PauseResult, session: str) -> dict[str, Element]:
    """The fields of a pause's event record, each as a FHIR value; what did not happen is absent."""
    codes = {"level": result.level, "resume_choice": result.resume_choice}
    moments = {
        "pressed_at": result.pressed_at,
        "accepted_at": result.accepted_at,
        "delivered_at": result.delivered_at,
        "seen_at": result.seen_at,
        "resumed_at": result.resumed_at,
    }
    return {
        "pause_id": {"valueString": result.pause},
        "session_id": {"valueString": session},
        "participant_ref": {"valueString": _named(result.person, result.role)},
        **{name: {"valueDateTime": moment(at)} for name, at in moments.items() if at is not None},
        **{name: {"valueCodeableConcept": concept(code)} for name, code in codes.items() if code},
        "outcome": {"valueCodeableConcept": concept(result.outcome)},
        "unattended": {"valueBoolean": result.unattended},
        "path": {"valueCodeableConcept": concept(result.path)},
        "nudges": {"valueInteger": result.nudges},
    }


def _named(person: str, role: Role) -> str:
    there = reference(person, role)
    return str(there.get("reference") or there["identifier"]["value"])


CHOICES = ("therapist_may_see", "practice_may_count")
"""The codes of the two things that the consent card asks."""


def consent(result: ConsentResult, own: str) -> Element:
    """What a client said yes and no to: one nested provision for each choice, permit or deny.

    R4 forbids ``type`` on the outer provision and demands it on the nested ones.
    """
    patient = reference(result.person, Role.CLIENT)
    said = {name: bool(getattr(result, name)) for name in CHOICES}
    active = any(said.values())
    return {
        "resourceType": "Consent",
        "identifier": [identifier(own)],
        "status": "active" if active else "rejected",
        "scope": foreign("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [foreign("http://loinc.org", "59284-0")],
        "patient": patient,
        "dateTime": moment(result.given_at),
        "performer": [patient],
        "policy": [{"uri": f"urn:fermata:consent-card:{result.version}"}],
        "policyRule": foreign(
            "http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN" if active else "OPTOUT"
        ),
        "provision": {
            "provision": [
                {"type": "permit" if yes else "deny", "code": [concept(name)]} for name, yes in said.items()
            ]
        },
    }
