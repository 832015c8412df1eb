"""What the answer to a create amounts to."""

import re
from collections.abc import Mapping

from plugin.exchange import Answer, Lost, Unsure
from plugin.ports import Hopeless, Postponed

_ID = r"[A-Za-z0-9\-.]{1,64}"
_NOT_DONE = frozenset({401, 425, 429})
_GIVEN_UP = frozenset({408, 502, 504})
"""Somebody on the way stopped waiting; the server behind them may not have."""


def is_stored(answer: Answer, kind: str) -> bool:
    """Whether an answer says that a resource of this kind is there: its body, or where it stands.

    A page of HTML or an empty body without a location is no such word, whatever its status.
    """
    if answer.status not in {200, 201}:
        return False
    if answer.document is not None:
        said = answer.document.get("resourceType")
        return said == kind or (said == "OperationOutcome" and _points_to(answer, kind))
    return answer.empty and _points_to(answer, kind)


def place_of(answer: Answer, kind: str) -> str | None:
    """Where the stored resource lies (``Type/id``), by its body or its location; null when neither says it."""
    if place := place_in(answer.document or {}, kind):
        return place
    found = re.search(rf"(?:^|/)({kind}/{_ID})(?:/_history/|$)", answer.location or "")
    return found[1] if found else None


def place_in(resource: Mapping[str, object], kind: str) -> str | None:
    """Where a resource says that it lies."""
    own = resource.get("id")
    if resource.get("resourceType") != kind or not isinstance(own, str) or not re.fullmatch(_ID, own):
        return None
    return f"{kind}/{own}"


def _points_to(answer: Answer, kind: str) -> bool:
    return answer.location is not None and f"{kind}/" in answer.location


def verdict(answer: Answer) -> Exception:
    """What an answer that is no success means.

    ``Postponed``: surely not done, try later. ``Unsure``: perhaps done. ``Lost``: perhaps still being done.
    ``Hopeless``: never as it is.
    """
    code = f"http_{answer.status}"
    if answer.status in _NOT_DONE:
        return Postponed(code, answer.after)
    if answer.status < 400:
        return Unsure("redirect" if answer.status >= 300 else "unclear", answer.after)
    if answer.status in _GIVEN_UP:
        return Lost(code, answer.after)
    if answer.status >= 500 and answer.status != 501:
        return Unsure(code, answer.after)
    return Hopeless(code)
