"""Reading what a call has left at the host: resources as a stranger to the plugin would read them."""

from datetime import datetime
from typing import Any

from tests.browser.journeys.demo import Demo, Resource, eventually


def answers(response: Resource) -> dict[str, Any]:
    """The answers of a QuestionnaireResponse by ``linkId``; a coding counts as its code."""
    found = {}
    for item in response.get("item", []):
        (answer,) = item["answer"]
        ((_, value),) = answer.items()
        found[item["linkId"]] = value["code"] if isinstance(value, dict) else value
    return found


def kinds(response: Resource) -> dict[str, str]:
    """Which ``value[x]`` each answer stands in."""
    return {item["linkId"]: next(iter(item["answer"][0])) for item in response.get("item", [])}


def components(observation: Resource) -> dict[str, Any]:
    """The components of an Observation by code; a concept counts as its code."""
    found = {}
    for part in observation["component"]:
        ((_, value),) = ((name, value) for name, value in part.items() if name.startswith("value"))
        found[code(part["code"])] = code(value) if isinstance(value, dict) else value
    return found


def code(concept: Resource) -> str:
    """The one code of a concept, which is of our own system."""
    (coding,) = concept["coding"]
    assert coding["system"] == "urn:fermata:codes"
    return str(coding["code"])


def permitted(consent: Resource) -> dict[str, str]:
    """Whether each of the two questions of the consent card was permitted or denied."""
    return {code(one["code"][0]): one["type"] for one in consent["provision"]["provision"]}


def identifier(resource: Resource) -> str:
    """The value of the one identifier, which is of our own system."""
    named = resource["identifier"]
    (one,) = named if isinstance(named, list) else [named]
    assert one["system"] == "urn:fermata:id"
    return str(one["value"])


def moment(text: str) -> datetime:
    """A time of a resource."""
    return datetime.fromisoformat(text)


async def responses(demo: Demo, instrument: str, author: str = "") -> list[Resource]:
    """The answers to an instrument, of one author where that is said."""
    found = await demo.read("QuestionnaireResponse")
    url = f"urn:fermata:questionnaire:{instrument}|"
    return [
        one
        for one in found
        if one["questionnaire"].startswith(url)
        and (not author or one.get("author", {}).get("reference") == author)
    ]


async def comes(demo: Demo, type_: str, number: int) -> list[Resource]:
    """Wait until so many resources of a type are stored; there must never be more."""
    found: list[Resource] = []

    async def enough() -> bool:
        found[:] = await demo.read(type_)
        return len(found) >= number

    await eventually(enough)
    assert len(found) == number
    return found
