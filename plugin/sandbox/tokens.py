"""The two tokens the sandbox issues for its pages.

A *participant token* tells the plugin who a browser belongs to. A *page session* is the sandbox's own: a
page gets it for the secret of its link and keeps it in memory, so nothing is left behind in a cookie or a
shared store.
"""

import hmac
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

import jwt

from plugin.sandbox.links import Visitor

PARTICIPANT_LIFE = timedelta(minutes=15)
PAGE_LIFE = timedelta(hours=12)
LONGEST = 4096


def participant_token(keys: Mapping[str, bytes], visitor: Visitor, occurrence: str, now: datetime) -> str:
    """A JWT (HS256, 15 minutes, signed with the first key): who takes part in which run of the meeting."""
    kid, key = next(iter(keys.items()))
    claims = {
        "iss": "sandbox",
        "aud": "fermata",
        "sub": visitor.person,
        "meeting": visitor.meeting,
        "occurrence": occurrence,
        "iat": int(now.timestamp()),
        "exp": int((now + PARTICIPANT_LIFE).timestamp()),
        "jti": str(uuid.uuid4()),
        **({"role": visitor.role} if visitor.role else {}),
    }
    return jwt.encode(claims, key, algorithm="HS256", headers={"kid": kid})


def page_session(link_key: bytes, visitor: Visitor, now: datetime) -> str:
    """A page session for *visitor*; being signed and not remembered, it outlives a restart."""
    claims = {
        "aud": "sandbox-page",
        "page": visitor.page,
        "meeting": visitor.meeting,
        "sub": visitor.person,
        "role": visitor.role or "",
        "exp": int((now + PAGE_LIFE).timestamp()),
    }
    return jwt.encode(claims, _page_key(link_key), algorithm="HS256")


def visitor_of(link_key: bytes, session: str, now: datetime) -> Visitor | None:
    """Whom a page session stands for, ``None`` when it is not ours or too old."""
    if len(session) > LONGEST:
        return None
    try:
        claims = jwt.decode(
            session,
            _page_key(link_key),
            algorithms=["HS256"],
            audience="sandbox-page",
            options={"require": ["exp", "aud", "sub"], "verify_exp": False},
        )
    except jwt.InvalidTokenError:
        return None
    if claims["exp"] <= now.timestamp():
        return None
    return Visitor(claims["page"], claims["meeting"], claims["sub"], claims["role"] or None)


def _page_key(link_key: bytes) -> bytes:
    return hmac.digest(link_key, b"page sessions", "sha256")
