"""Two strict readers of FHIR R4 that are not ours: the models of fhir.resources and HL7's JSON schema.

They miss different things: the models know what is required, the schema knows the codes.
"""

import gzip
import json
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from jsonschema import Draft6Validator
from pydantic import ValidationError

_SCHEMA = Path(__file__).parent.parent / "fixtures" / "fhir" / "fhir.schema.json.gz"


def complaints(resource: dict[str, Any]) -> set[str]:
    """Which of the two refuse a resource: ``models``, ``schema``, both or none."""
    refused = set()
    if not _models_accept(resource):
        refused.add("models")
    if not _validator(resource["resourceType"]).is_valid(resource):
        refused.add("schema")
    return refused


def _models_accept(resource: dict[str, Any]) -> bool:
    kind = resource["resourceType"]
    model = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    try:
        model.model_validate(resource)
    except ValidationError:
        return False
    return True


@cache
def _validator(kind: str) -> Draft6Validator:
    return Draft6Validator({"$ref": f"#/definitions/{kind}", "definitions": _definitions()})


@cache
def _definitions() -> Any:
    return json.loads(gzip.decompress(_SCHEMA.read_bytes()))["definitions"]
