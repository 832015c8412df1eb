"""The types of JSON, for what is read from and written to the wire."""

from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""Any JSON value."""

Resource: TypeAlias = dict[str, Json]
"""A JSON object, most often a FHIR resource."""
