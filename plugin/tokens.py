"""Overlay tokens: what a browser shows the service to say whose overlay it is.

They live five minutes and are renewed by age. Scope ``call`` is for a call that runs, ``survey`` for the
answers that may still come within a day of its end. The text of a token is never an identity: only its
claims are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import intern
from typing import Literal
from uuid import uuid4

import jwt

from plugin.runner import Visitor
from plugin.signed import Unacceptable, claims_of, header_of, moment_of, text_of, times_of, unexpired
from webhooks.events import Role

LIFE = timedelta(minutes=5)
TYPE = "fermata-overlay+jwt"
ISSUER = "fermata"
AUDIENCE = "fermata-live"


@dataclass(frozen=True, slots=True)
class Overlay:
    """What a genuine token says. ``until`` is how long the host itself vouched for the visitor."""

    visitor: Visitor
    issued_at: datetime
    expires_at: datetime
    until: datetime


def minted(visitor: Visitor, keys: Mapping[str, str], now: datetime, *, until: datetime) -> str:
    """A token for this visitor, signed with the first of *keys*."""
    kid, secret = next(iter(keys.items()))
    issued = int(now.timestamp())
    document = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": visitor.person,
        "jti": str(uuid4()),
        "iat": issued,
        "exp": issued + int(LIFE.total_seconds()),
        "tenant": visitor.tenant,
        "host": visitor.host,
        "meeting": visitor.meeting,
        "occurrence": visitor.occurrence,
        "role": visitor.role,
        "scope": visitor.scope,
        "until": int(until.timestamp()),
    }
    return jwt.encode(document, secret, algorithm="HS256", headers={"kid": kid, "typ": TYPE})


def is_overlay(token: str) -> bool:
    """Whether a token says that it is one of ours, which proves nothing; raises ``Unacceptable``."""
    return header_of(token).get("typ") == TYPE


def read(token: str, keys: Mapping[str, str], now: datetime, *, expired_too: bool = False) -> Overlay:
    """What a token says, once it is proved; raises ``Unacceptable``, of which ``Expired`` is one kind."""
    document = claims_of(token, keys, signed_by="kid", typ=TYPE)
    if document.get("iss") != ISSUER or document.get("aud") != AUDIENCE:
        raise Unacceptable("made by or for somebody else")
    text_of(document, "jti")
    issued_at, expires_at = times_of(document, now, longest=LIFE)
    visitor = Visitor(
        # One text for all who are in the same place, however many they are.
        tenant=intern(text_of(document, "tenant")),
        host=intern(text_of(document, "host")),
        meeting=intern(text_of(document, "meeting")),
        occurrence=None if document.get("occurrence", "") is None else text_of(document, "occurrence"),
        person=text_of(document, "sub"),
        role=_role(document.get("role", "")),
        scope=_scope(document.get("scope")),
    )
    if not expired_too:
        unexpired(expires_at, now)
    return Overlay(visitor, issued_at, expires_at, moment_of(document, "until", now))


def _role(value: object) -> Role | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in set(Role):
        raise Unacceptable("role is missing or unknown")
    return Role(value)


def _scope(value: object) -> Literal["call", "survey"]:
    match value:
        case "call" | "survey":
            return value
        case _:
            raise Unacceptable("scope is missing or unknown")
