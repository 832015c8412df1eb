"""Entity tags: the number of a version, written as FHIR writes it."""

import re

from plugin.sandbox.record.outcome import Refusal

_TAG = re.compile(r'(?:W/)?"([0-9]{1,18})"')


def etag(version: int) -> str:
    """Write the tag of a version."""
    return f'W/"{version}"'


def version_of(text: str) -> int | None:
    """Read an ``If-Match``; null for ``*``, any version. Raises ``Refusal`` (400) for what is no tag."""
    if text.strip() == "*":
        return None
    parts = _TAG.fullmatch(text.strip())
    if parts is None:
        raise Refusal(400, "invalid", 'If-Match is not a single tag like W/"3".')
    return int(parts[1])
