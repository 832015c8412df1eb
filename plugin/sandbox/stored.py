"""What the record holds about the people of a meeting, as rows for the page "What is stored".

Rules:
- Only what is tied to one of these people by a reference is listed. Copies without a subject exist apart;
  the page says so in general and shows neither their content nor their number.
- Definitions that anybody may read (Questionnaire, CodeSystem) and the people's own entries are no results.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from plugin.sandbox.record.json_value import Json, Resource
from plugin.sandbox.record.store import Store
from plugin.sandbox.words import Labels, labels, objects, said, text, valued

Row: TypeAlias = dict[str, object]
Fact = tuple[str, str]

DEFINITIONS = {"Questionnaire", "CodeSystem", "Patient", "Practitioner", "Encounter"}
TIES = ("subject", "patient", "for")
WRITERS = ("author", "performer", "source")
IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Z][A-Za-z]+/[A-Za-z0-9.-]+")
"""Values that say nothing to a person; they stand in the resource as it is stored."""
WHEN = ("authored", "effectiveDateTime", "dateTime", "recorded", "authoredOn")


async def listing(store: Store, people: Mapping[str, str]) -> Row:
    """The page, newest first; *people* maps a reference like ``Patient/p1`` to the word for that person."""
    resources = [kept.resource for kept in await store.everything()]
    known = labels(resources)
    results = [one for one in resources if one["resourceType"] not in DEFINITIONS]
    rows = [_row(one, known, people) for one in results if _tied(one, people)]
    rows.sort(key=lambda row: str(row["when"]), reverse=True)
    answers = [one for one in results if one["resourceType"] == "QuestionnaireResponse"]
    return {"rows": rows, "apart": any(not _references(one, (*TIES, *WRITERS)) for one in answers)}


def _row(resource: Resource, known: Labels, people: Mapping[str, str]) -> Row:
    kind = text(resource["resourceType"])
    title, facts = SHOWN.get(kind, _anything)(resource, known)
    return {
        "kind": kind,
        "when": _when(resource),
        "title": title,
        "facts": [
            {"label": label, "value": value} for label, value in facts if value and not IDS.fullmatch(value)
        ],
        "form": ", ".join(
            filter(None, (kind, text(resource.get("questionnaire")), text(resource.get("status"))))
        ),
        "about": _named(resource, TIES, people),
        "by": _named(resource, WRITERS, people),
        "raw": resource,
    }


def _response(resource: Resource, known: Labels) -> tuple[str, list[Fact]]:
    url = text(resource.get("questionnaire")).partition("|")[0]
    facts = [
        (known.get((url, link := text(item.get("linkId")))) or link, _answers(item, known))
        for item in objects(resource.get("item"))
    ]
    return known.get((url, "")) or url.rpartition(":")[2] or "Answers", facts


def _answers(item: Resource, known: Labels) -> str:
    return ", ".join(valued(answer, known) for answer in objects(item.get("answer")))


def _observation(resource: Resource, known: Labels) -> tuple[str, list[Fact]]:
    period = said(resource.get("effectivePeriod"), known)
    parts = [
        (said(part.get("code"), known), valued(part, known)) for part in objects(resource.get("component"))
    ]
    whole = valued(resource, known)
    outcome = [] if any(value == whole for _, value in parts) else [("Outcome", whole)]
    return _first_upper(said(resource.get("code"), known)), [("From", period), *outcome, *parts]


def _consent(resource: Resource, known: Labels) -> tuple[str, list[Fact]]:
    outer = resource.get("provision")
    inner = objects(outer.get("provision")) if isinstance(outer, dict) else []
    facts = [
        (
            ", ".join(said(code, known) for code in objects(one.get("code"))),
            _ALLOWED.get(text(one.get("type")), ""),
        )
        for one in inner
    ]
    return "Consent", facts


_ALLOWED = {"permit": "yes", "deny": "no"}


def _anything(resource: Resource, _known: Labels) -> tuple[str, list[Fact]]:
    return text(resource["resourceType"]), []


SHOWN: Mapping[str, Callable[[Resource, Labels], tuple[str, list[Fact]]]] = {
    "QuestionnaireResponse": _response,
    "Observation": _observation,
    "Consent": _consent,
}
"""How each type is put into words; others are shown as they are stored."""


def _when(resource: Resource) -> str:
    period, meta = resource.get("effectivePeriod"), resource.get("meta")
    stamps = [text(resource.get(name)) for name in WHEN]
    stamps += [
        text(one.get(key)) for one, key in ((period, "start"), (meta, "lastUpdated")) if isinstance(one, dict)
    ]
    return next(filter(None, stamps), "")


def _tied(resource: Resource, people: Mapping[str, str]) -> bool:
    return any(reference in people for reference in _references(resource, (*TIES, *WRITERS)))


def _named(resource: Resource, names: tuple[str, ...], people: Mapping[str, str]) -> str:
    return ", ".join(dict.fromkeys(people.get(one, "someone else") for one in _references(resource, names)))


def _references(resource: Resource, names: tuple[str, ...]) -> list[str]:
    return [reference for name in names for reference in _pointed(resource.get(name))]


def _pointed(value: Json) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict) and (reference := text(one.get("reference"))):
            yield reference


def _first_upper(words: str) -> str:
    return words[:1].upper() + words[1:]
