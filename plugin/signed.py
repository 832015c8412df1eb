"""Signed tokens, read with suspicion.

The library checks the signature; everything else that an attacker may bend is checked here: size, form,
algorithm, key id, the types of the claims, and the times against the given clock.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import jwt

LARGEST = 4096
LEEWAY = timedelta(seconds=5)

Algorithm = Literal["HS256", "RS256"]
_form = re.compile(r"[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{43,}")
_options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}


class Unacceptable(Exception):
    """This token is not genuine. The reason is a fixed text and holds nothing of the token."""


class Expired(Unacceptable):
    """The token is genuine and its time is over."""


def header_of(token: str) -> Mapping[str, object]:
    """The unverified header of a token of the right form; raises ``Unacceptable``."""
    if len(token) > LARGEST:
        raise Unacceptable("too large")
    if not _form.fullmatch(token):
        raise Unacceptable("not a compact token")
    try:
        return jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as refusal:
        raise Unacceptable("unreadable header") from refusal


def issuer_of(token: str) -> str:
    """The unverified issuer, to look up a key with and for nothing else; raises ``Unacceptable``."""
    header_of(token)
    return _claimed(token, "iss")


def _claimed(token: str, name: str) -> str:
    try:
        claim = jwt.decode(token, options={"verify_signature": False}).get(name)
    except (jwt.InvalidTokenError, RecursionError) as refusal:
        raise Unacceptable("unreadable claims") from refusal
    return _text(claim, name)


def claims_of(
    token: str,
    keys: Mapping[str, str],
    *,
    signed_by: str,
    typ: str = "JWT",
    algorithm: Algorithm = "HS256",
) -> Mapping[str, object]:
    """The claims of a token that one of *keys* signed.

    ``signed_by`` names where the key's id stands: the header's ``kid`` or a claim such as ``iss``. ``algorithm`` is
    the only one that counts; with RS256 a key is a public one in PEM.

    Raises ``Unacceptable``.
    """
    header = header_of(token)
    if header.get("alg") != algorithm or "crit" in header:
        raise Unacceptable("algorithm not allowed")
    if header.get("typ", "JWT") != typ:
        raise Unacceptable("another type of token")
    key = keys.get(_text(header.get("kid"), "kid") if signed_by == "kid" else _claimed(token, signed_by))
    if key is None:
        raise Unacceptable("unknown key")
    try:
        claims: Mapping[str, object] = jwt.decode(token, key, algorithms=[algorithm], options=_options)
    except (jwt.PyJWTError, RecursionError, AttributeError) as refusal:
        # The last is a private key that was given where a public one belongs: it verifies nothing.
        raise Unacceptable("signature does not hold") from refusal
    return claims


def times_of(
    claims: Mapping[str, object], now: datetime, *, longest: timedelta, begins: str = "iat"
) -> tuple[datetime, datetime]:
    """When a token begins and ends, after refusing one that begins later than *now* or lives too long.

    Whether it is over is left to the caller. Raises ``Unacceptable``.
    """
    start, end = _moment(claims.get(begins), begins, now), _moment(claims.get("exp"), "exp", now)
    if start > now + LEEWAY:
        raise Unacceptable("from the future")
    if "nbf" in claims and _moment(claims["nbf"], "nbf", now) > now + LEEWAY:
        raise Unacceptable("not valid yet")
    if not timedelta(0) < end - start <= longest:
        raise Unacceptable("lives too long")
    return start, end


def unexpired(end: datetime, now: datetime) -> None:
    """Raise ``Expired`` for a token whose end, plus the leeway, has passed."""
    if now > end + LEEWAY:
        raise Expired("expired")


def text_of(claims: Mapping[str, object], name: str, *, longest: int = 256) -> str:
    """A claim that must be a text of reasonable length; raises ``Unacceptable``."""
    return _text(claims.get(name), name, longest)


def moment_of(claims: Mapping[str, object], name: str, now: datetime) -> datetime:
    """A claim that must be a time; raises ``Unacceptable``."""
    return _moment(claims.get(name), name, now)


def _text(value: object, name: str, longest: int = 256) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        raise Unacceptable(f"{name} is missing or not a text")
    return value


def _moment(value: object, name: str, now: datetime) -> datetime:
    """An integer of seconds since 1970, within ten years of *now*: no bool, no text, no year 10^22."""
    if type(value) is not int or abs(value - now.timestamp()) > 10 * 365 * 86400:
        raise Unacceptable(f"{name} is missing or not a time")
    return datetime.fromtimestamp(value, now.tzinfo)
