"""What the record API offers for each resource type, in one table.

Routing, scopes, searches and the CapabilityStatement all read it, so that the statement cannot promise what the
server does not do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Interaction = Literal["create", "read", "vread", "update", "search-type"]

LETTERS: Mapping[Interaction, str] = {
    "create": "c",
    "read": "r",
    "vread": "r",
    "update": "u",
    "search-type": "s",
}
"""Which letter of a SMART scope an interaction needs."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter: how it is matched, and the element it looks at.

    ``only`` keeps references to one type; a canonical and a URI are matched as they are spelt.
    """

    match: Literal["token", "reference", "canonical", "uri"]
    element: str
    only: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """The interactions and search parameters of one resource type; ``_id`` goes without saying."""

    interactions: tuple[Interaction, ...]
    parameters: Mapping[str, Parameter]


_LOOKED_UP: tuple[Interaction, ...] = ("read", "vread", "search-type")
_ADDED: tuple[Interaction, ...] = ("create", *_LOOKED_UP)
_KEPT: tuple[Interaction, ...] = ("create", "update", *_LOOKED_UP)

_IDENTIFIER = {"identifier": Parameter("token", "identifier")}
_SUBJECT = {
    "subject": Parameter("reference", "subject"),
    "patient": Parameter("reference", "subject", only="Patient"),
}
_PUBLISHED = {"url": Parameter("uri", "url"), "version": Parameter("token", "version")}
_CODE = {"code": Parameter("token", "code")}

OFFERS: Mapping[str, Offer] = {
    "CodeSystem": Offer(_KEPT, {**_IDENTIFIER, **_PUBLISHED}),
    "Consent": Offer(_KEPT, {**_IDENTIFIER, "patient": Parameter("reference", "patient", only="Patient")}),
    "Encounter": Offer(_LOOKED_UP, {**_IDENTIFIER, **_SUBJECT}),
    "Observation": Offer(_KEPT, {**_IDENTIFIER, **_SUBJECT, **_CODE}),
    "Patient": Offer(_LOOKED_UP, _IDENTIFIER),
    "Practitioner": Offer(_LOOKED_UP, _IDENTIFIER),
    "Provenance": Offer(
        _ADDED,
        {
            "target": Parameter("reference", "target"),
            "patient": Parameter("reference", "target", only="Patient"),
        },
    ),
    "Questionnaire": Offer(_KEPT, {**_IDENTIFIER, **_PUBLISHED}),
    "QuestionnaireResponse": Offer(
        _KEPT, {**_IDENTIFIER, **_SUBJECT, "questionnaire": Parameter("canonical", "questionnaire")}
    ),
    "Task": Offer(
        _KEPT,
        {
            **_IDENTIFIER,
            **_CODE,
            "subject": Parameter("reference", "for"),
            "patient": Parameter("reference", "for", only="Patient"),
        },
    ),
}
"""Resource type to what is offered for it."""

KINDS = tuple(OFFERS)
"""The resource types that are kept here."""
