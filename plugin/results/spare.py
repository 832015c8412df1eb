"""The same facts as a QuestionnaireResponse, for a server that takes no Observation or no Consent.

Some records let others write questionnaire responses and little else. What a server does not offer is not
required of it: the pause and the consent then travel as answers whose ``linkId`` are the very codes they
would have had.
"""

from plugin.core.orders import ConsentResult, PauseResult, Result
from plugin.results.elements import Element, identifier, moment, reference
from plugin.results.identifiers import canonical
from plugin.results.resources import CHOICES, fields_of
from webhooks.events import Role


def spare_of(result: Result, own: str, *, order: str) -> Element | None:
    """A QuestionnaireResponse that says the same; null where the proper resource is one already."""
    match result:
        case PauseResult():
            fields = fields_of(result, order.partition(":")[0])
            answers = {name: _plain(value) for name, value in fields.items()}
            frame = _frame("pause", "1", own)
            return _filled(frame, reference(result.person, result.role), moment(result.closed_at), answers)
        case ConsentResult():
            answers = {name: {"valueBoolean": getattr(result, name)} for name in CHOICES}
            frame = _frame("consent", result.version, own)
            return _filled(frame, reference(result.person, Role.CLIENT), moment(result.given_at), answers)
        case _:
            return None


def _frame(instrument: str, version: str, own: str) -> Element:
    return {
        "resourceType": "QuestionnaireResponse",
        "identifier": identifier(own),
        "questionnaire": canonical(instrument, version),
        "status": "completed",
    }


def _filled(frame: Element, person: Element, authored: str, answers: dict[str, Element]) -> Element:
    items = [{"linkId": name, "answer": [value]} for name, value in answers.items()]
    return {**frame, "subject": person, "authored": authored, "author": person, "item": items}


def _plain(value: Element) -> Element:
    """An answer has no CodeableConcept in R4; its one coding says the same."""
    if "valueCodeableConcept" not in value:
        return value
    return {"valueCoding": value["valueCodeableConcept"]["coding"][0]}
