"""SMART scopes of a system: what they allow, and how much of a request is granted.

A scope says for which types (``system/Observation.cruds``, ``system/*.rs``) which of create, read, update, delete
and search are allowed. The first version's ``.read`` is ``.rs``, its ``.write`` is ``.cud``. A scope with a query
(``?category=…``) narrows in a way that is not offered here, so it allows nothing.

The plain results API has two scopes of its own, ``results.write`` and ``results.read``.
"""

import re

from plugin.sandbox.record.offer import KINDS

Allowed = frozenset[tuple[str, str]]
"""Pairs of a resource type and a letter of ``cruds``, or of ``results`` and ``r`` or ``w``."""

RESULTS = "results"
_PLAIN = {"results.read": frozenset({(RESULTS, "r")}), "results.write": frozenset({(RESULTS, "w")})}

_SCOPE = re.compile(r"system/(\*|[A-Za-z]{1,64})\.(read|write|\*|(?=[cruds])c?r?u?d?s?)")
_FIRST_VERSION = {"read": "rs", "write": "cud", "*": "cruds"}


def allowed(scope: str) -> Allowed:
    """What a list of scopes, separated by spaces, allows; unknown scopes allow nothing."""
    return frozenset(pair for one in scope.split() for pair in _pairs(one))


def granted(requested: str, registered: str) -> str:
    """The part of the requested scopes that a client is registered for, in the order asked; may be empty.

    A scope that is granted in full is repeated as it was asked for; of another, only what is left.
    """
    have = allowed(registered)
    scopes = list[str]()
    for one in requested.split():
        wanted = _pairs(one)
        if wanted and wanted <= have:
            scopes.append(one)
        else:
            scopes.extend(_spelt(wanted & have))
    return " ".join(dict.fromkeys(scopes))


def _pairs(scope: str) -> Allowed:
    if scope in _PLAIN:
        return _PLAIN[scope]
    parts = _SCOPE.fullmatch(scope)
    if parts is None:
        return frozenset()
    kinds = KINDS if parts[1] == "*" else {parts[1]} & set(KINDS)
    letters = _FIRST_VERSION.get(parts[2], parts[2])
    return frozenset((kind, letter) for kind in kinds for letter in letters)


def _spelt(pairs: Allowed) -> list[str]:
    letters = {
        kind: "".join(x for x in "cruds" if (kind, x) in pairs) for kind in sorted({k for k, _ in pairs})
    }
    return [f"system/{kind}.{some}" for kind, some in letters.items()]
