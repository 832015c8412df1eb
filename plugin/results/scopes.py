"""SMART scopes: what to ask for, and what was granted.

Version 2 writes ``system/Observation.crs``, letters in the order c r u d s; version 1 ``.read``,
``.write``, ``.*``.
"""

from collections.abc import Collection, Iterator

RESULTS = "system/Consent.crs system/Observation.crs system/QuestionnaireResponse.crs"
"""What storing results needs: create, and look for one's own identifier."""

EXTRAS = "system/CodeSystem.crs system/Provenance.crs system/Questionnaire.crs"
"""What publishing the definitions and saying where a result comes from needs; never required."""

SCOPES = f"{RESULTS} {EXTRAS}"

_OLD = {"read": "rs", "write": "cud", "*": "cruds"}


def spoken(scope: str, capabilities: Collection[str]) -> str:
    """The scope in the version that the server says it speaks; version 2 unless it knows only the first."""
    if "permission-v2" in capabilities or "permission-v1" not in capabilities:
        return scope
    return " ".join(older for one in scope.split() for older in _older(one))


def without_extras(scope: str) -> str:
    """The scope without what is never required."""
    extra = {one.partition(".")[0] for one in EXTRAS.split()}
    return " ".join(one for one in scope.split() if one.partition(".")[0] not in extra)


def allows(granted: str, kind: str, letter: str) -> bool:
    """Whether a granted scope lets us do one thing (c, r or s) with one resource type.

    A scope in other words than SMART's (``api``, or none at all) says nothing about types; the server will.
    """
    if "/" not in granted:
        return True
    return any(
        letter in letters for target, letters in map(_parsed, granted.split()) if target in {kind, "*"}
    )


def _parsed(scope: str) -> tuple[str, str]:
    context, _, rest = scope.partition("?")[0].partition("/")
    kind, _, letters = rest.partition(".")
    return (kind if context == "system" else "", _OLD.get(letters, letters))


def _older(scope: str) -> Iterator[str]:
    kind, letters = _parsed(scope)
    if set(letters) & set("rs"):
        yield f"system/{kind}.read"
    if set(letters) & set("cud"):
        yield f"system/{kind}.write"
