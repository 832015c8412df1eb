"""FHIR values in words a person can read, without knowing what a plugin stores.

Labels come from what is published beside the answers: the ``Questionnaire``, the ``CodeSystem``. Where
nothing is published, the code itself stands.
"""

from collections.abc import Iterator, Mapping

from plugin.sandbox.record.json_value import Json, Resource

Labels = Mapping[tuple[str, str], str]
"""(Questionnaire or code system, code) to the words for it."""


def labels(resources: list[Resource]) -> Labels:
    """The words of every published Questionnaire and CodeSystem, the newest version winning."""
    found: dict[tuple[str, str], str] = {}
    for resource in resources:
        url = text(resource.get("url"))
        if resource["resourceType"] == "Questionnaire":
            found.update(((url, code), words) for code, words in _items(resource))
            found[url, ""] = text(resource.get("title")) or text(resource.get("name"))
        if resource["resourceType"] == "CodeSystem":
            found.update(((url, code), words) for code, words in _concepts(resource))
    return {key: words for key, words in found.items() if words}


def said(value: Json, known: Labels) -> str:
    """A ``Coding``, ``CodeableConcept``, ``Quantity``, ``Period`` or a plain value, in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, dict):
        return text(value)
    if "start" in value or "end" in value:
        return " to ".join(filter(None, (text(value.get("start")), text(value.get("end")))))
    if "coding" in value or "text" in value:
        return text(value.get("text")) or ", ".join(said(one, known) for one in _list(value.get("coding")))
    if "code" in value and "value" not in value:
        code = text(value["code"])
        return text(value.get("display")) or known.get((text(value.get("system")), code)) or plain(code)
    return " ".join(filter(None, (text(value.get("value")), text(value.get("unit")))))


def valued(element: Resource, known: Labels) -> str:
    """The one ``value[x]`` of an element, in words; empty when it has none."""
    return next((said(value, known) for key, value in element.items() if key.startswith("value")), "")


def plain(code: str) -> str:
    """A code as words: ``resume_choice`` and ``resume-choice`` become "resume choice"."""
    return code.replace("_", " ").replace("-", " ").strip()


def _items(element: Resource) -> Iterator[tuple[str, str]]:
    for item in objects(element.get("item")):
        yield text(item.get("linkId")), text(item.get("text"))
        yield from _items(item)


def _concepts(element: Resource) -> Iterator[tuple[str, str]]:
    for concept in objects(element.get("concept")):
        yield text(concept.get("code")), text(concept.get("display"))
        yield from _concepts(concept)


def objects(value: Json) -> list[Resource]:
    """The objects of a list, or of nothing."""
    return [one for one in _list(value) if isinstance(one, dict)]


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def text(value: Json) -> str:
    """A plain value as text; nothing and what is not plain is empty."""
    return "" if value is None or isinstance(value, dict | list) else str(value)
