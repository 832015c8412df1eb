"""The small parts that several FHIR R4 resources share: codes, references, moments, clean text."""

import re
from datetime import UTC, datetime
from typing import Any

from plugin.results.identifiers import CODES, SYSTEM
from webhooks.events import Role

Element = dict[str, Any]
"""A FHIR element or resource as JSON; its inner shape is R4's own."""

_STAFF = frozenset({Role.THERAPIST, Role.FACILITATOR, Role.SUPERVISOR, Role.PRACTICE})
_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def identifier(value: str) -> Element:
    """Our own identifier."""
    return {"system": SYSTEM, "value": value}


def coding(code: str) -> Element:
    """One code of our own system."""
    return {"system": CODES, "code": code}


def concept(code: str) -> Element:
    """One code of our own system as a CodeableConcept."""
    return {"coding": [coding(code)]}


def foreign(system: str, code: str) -> Element:
    """A code of somebody else's system as a CodeableConcept."""
    return {"coding": [{"system": system, "code": code}]}


def is_staff(role: Role) -> bool:
    """Whether the host keeps a person of this role as a Practitioner; everybody else is a Patient."""
    return role in _STAFF


def reference(person: str, role: Role) -> Element:
    """A person at the host, relative as servers compare references as spelt.

    Not every video host calls people by the record's ids; what cannot be one is given as a logical reference.
    """
    kind = "Practitioner" if is_staff(role) else "Patient"
    if _FHIR_ID.fullmatch(person):
        return {"reference": f"{kind}/{person}"}
    return {"type": kind, "identifier": {"system": "urn:fermata:person", "value": text(person) or "unknown"}}


def moment(at: datetime) -> str:
    """A dateTime in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def text(raw: str) -> str:
    """Free text as FHIR allows it: no control characters, plain blanks only; may come out empty.

    R4's pattern for strings knows only the ASCII blanks; phones write no-break and ideographic spaces into
    them.
    """
    whole = raw.encode("utf-8", "replace").decode()
    return "".join(_allowed(sign) for sign in whole).strip()


def _allowed(sign: str) -> str:
    if sign in "\t\r\n":
        return sign
    if sign.isspace() or sign == "\ufeff":
        return " "
    return "" if ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 else sign
