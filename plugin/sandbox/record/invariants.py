"""Rules of FHIR R4 that the list of elements cannot say, and that a result could break.

The names in brackets are those of HL7's invariants.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from plugin.sandbox.record.json_value import Json, Resource
from plugin.sandbox.record.outcome import Issue, misshapen

Rule = Callable[[Resource], Iterator[Issue]]


def hold(resource: Resource) -> None:
    """Raise ``Refusal`` (400) when a well-formed resource breaks a rule of its type."""
    kind = resource["resourceType"]
    rule = RULES.get(kind) if isinstance(kind, str) else None
    if issues := list(rule(resource)) if rule else []:
        raise misshapen(issues)


def _consent(resource: Resource) -> Iterator[Issue]:
    if "policy" not in resource and "policyRule" not in resource:
        yield Issue("invariant", "A consent names a policy or a policyRule (ppc-1).", "Consent")


def _observation(resource: Resource) -> Iterator[Issue]:
    if "dataAbsentReason" in resource and any(key.startswith("value") for key in resource):
        text = "A reason for absent data stands only where there is no value (obs-6)."
        yield Issue("invariant", text, "Observation.dataAbsentReason")


def _questionnaire(resource: Resource) -> Iterator[Issue]:
    names = Counter(str(item["linkId"]) for item, _ in _items(resource, "Questionnaire"))
    if any(count > 1 for count in names.values()):
        yield Issue("invariant", "A linkId stands twice (que-2).", "Questionnaire.item")


def _response(resource: Resource) -> Iterator[Issue]:
    for item, path in _items(resource, "QuestionnaireResponse"):
        answers = _objects(item.get("answer"))
        if "item" in item and any("item" in answer for answer in answers):
            yield Issue("invariant", "Items stand below the item or below its answers (qrs-1).", path)
        for index, answer in enumerate(answers):
            if not any(key.startswith("value") for key in answer):
                yield Issue("required", "An answer without a value.", f"{path}.answer[{index}].value")


def _items(parent: Resource, path: str) -> Iterator[tuple[Resource, str]]:
    for index, item in enumerate(_objects(parent.get("item"))):
        here = f"{path}.item[{index}]"
        yield item, here
        yield from _items(item, here)
        for place, answer in enumerate(_objects(item.get("answer"))):
            yield from _items(answer, f"{here}.answer[{place}]")


def _objects(value: Json) -> list[Resource]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


RULES: dict[str, Rule] = {
    "Consent": _consent,
    "Observation": _observation,
    "Questionnaire": _questionnaire,
    "QuestionnaireResponse": _response,
}
