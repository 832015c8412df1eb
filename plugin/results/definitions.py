"""What the stored answers mean: each instrument as a Questionnaire, and the codes as a CodeSystem.

They are published where the host lets us, so that a later reader needs nothing of ours to read a record.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from plugin.instruments.catalogue import instrument
from plugin.results.elements import Element, coding, identifier
from plugin.results.identifiers import CODES, canonical, definition_identifier
from plugin.results.words import CODE_WORDS

Document = Mapping[str, Any]
"""An instrument's JSON."""

_SUBJECTS = {"client": ["Patient"], "therapist": ["Practitioner"], "both": ["Patient", "Practitioner"]}
_EXTENSIONS = "http://hl7.org/fhir/StructureDefinition"


@cache
def instruments() -> dict[str, Document]:
    """The instruments that come with the plugin, by id."""
    found = sorted(entry.name for entry in files("plugin.instruments").iterdir())
    names = [name.removesuffix(".json") for name in found if name.endswith(".json")]
    return {name: instrument(name).document for name in names}


@cache
def sequence(name: str) -> dict[str, int]:
    """The place of each item key; strict validators want answers in the questionnaire's order."""
    items = instruments().get(name, {}).get("items", [])
    return {item["key"]: place for place, item in enumerate(items)}


def definitions() -> list[Element]:
    """Everything worth publishing."""
    return [code_system(), *(questionnaire(document) for document in instruments().values())]


def questionnaire(document: Document) -> Element:
    """An instrument as a Questionnaire; ``index`` and ``pseudonym`` are ours, hidden from people."""
    url, version = canonical(document["id"]), document["version"]
    return {
        "resourceType": "Questionnaire",
        "language": document["language"],
        "url": url,
        "identifier": [identifier(definition_identifier(url, version))],
        "version": version,
        "name": "".join(part.capitalize() for part in document["id"].split("-")),
        "title": document["title"],
        "status": "active",
        "subjectType": _SUBJECTS[document["side"]],
        "item": [*(_item(item) for item in document["items"]), *_own_items(document)],
    }


def _item(item: Document) -> Element:
    shaped: Element = {"linkId": item["key"], "text": item["text"], "required": False}
    match item["type"]:
        case "scale":
            shaped |= {"extension": [_bound("minValue", 0), _bound("maxValue", 10)], "type": "integer"}
            low, middle, high = item["anchors"]
            shaped["item"] = [_aside(item["key"], "anchors", f"0 {low} · 5 {middle} · 10 {high}")]
        case "choice":
            options = [{"valueCoding": coding(o["code"]) | {"display": o["text"]}} for o in item["options"]]
            shaped |= {"type": "choice", "answerOption": options}
        case _:
            shaped |= {"type": "text", "maxLength": item["limit"]}
            if "note" in item:
                shaped["item"] = [_aside(item["key"], "note", item["note"])]
    return shaped | _condition(item)


def _bound(name: str, value: int) -> Element:
    return {"url": f"{_EXTENSIONS}/{name}", "valueInteger": value}


def _aside(key: str, what: str, words: str) -> Element:
    return {"linkId": f"{key}-{what}", "type": "display", "text": words}


def _condition(item: Document) -> Element:
    wanted = [
        {"question": key, "operator": "=", "answerCoding": coding(code)}
        for key, codes in item.get("when", {}).items()
        for code in codes
    ]
    return {"enableWhen": wanted, "enableBehavior": "any"} if wanted else {}


def _own_items(document: Document) -> Iterator[Element]:
    hidden = {"extension": [{"url": f"{_EXTENSIONS}/questionnaire-hidden", "valueBoolean": True}]}
    if any(item.get("core") for item in document["items"]):
        yield hidden | {
            "linkId": "index",
            "text": "Ten times the mean of the core items",
            "type": "decimal",
            "readOnly": True,
        }
    if document["side"] == "client":
        yield hidden | {
            "linkId": "pseudonym",
            "text": "Tells counted people apart within one quarter",
            "type": "string",
            "readOnly": True,
        }


def code_system() -> Element:
    """Every code that a stored resource may carry; the version is a digest, never forgotten."""
    words = dict(CODE_WORDS)
    for document in instruments().values():
        options = (option for item in document["items"] for option in item.get("options", []))
        words |= {option["code"]: option["text"] for option in options if option["code"] not in words}
    concepts = [{"code": code, "display": display} for code, display in sorted(words.items())]
    version = sha256(json.dumps(concepts).encode()).hexdigest()[:12]
    return {
        "resourceType": "CodeSystem",
        "url": CODES,
        "identifier": [identifier(definition_identifier(CODES, version))],
        "version": version,
        "name": "FermataCodes",
        "title": "Codes of Fermata",
        "status": "active",
        "caseSensitive": True,
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }
