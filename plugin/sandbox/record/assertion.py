"""The signed assertion with which a client proves who it is (SMART Backend Services, RFC 7523).

Everything that the text says about itself is a claim of a stranger until the signature holds: the header names a
key of a registered client and nothing else, and no address in it is ever asked.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from jwt.api_jws import PyJWS

from plugin.sandbox.record.clients import Client
from plugin.sandbox.record.keys import KEY_TYPES, Keyring

LONGEST = 4096
LIFETIME = timedelta(minutes=5)
SKEW = timedelta(seconds=5)

_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class Unproven(Exception):
    """The assertion does not prove who the client is; the message is fit to be shown to it."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """What was proven, and what makes this proof good for one use only: its ``jti`` until it expires."""

    client: Client
    jti: str
    expires: int


async def proven(
    text: str, *, clients: Mapping[str, Client], keyring: Keyring, audience: str, now: datetime
) -> Assertion:
    """Verify an assertion; raises ``Unproven``. That it was not used before is for the caller to see."""
    header, claims = _opened(text)
    client = _client(claims, clients)
    algorithm, kid = _signed_with(header, client)
    key = await keyring.find(client, kid, algorithm)
    if key is None:
        raise Unproven("The client has no key of this kid for this alg.")
    try:
        PyJWS().decode(text, key, algorithms=[algorithm])
    except (jwt.PyJWTError, ValueError):
        raise Unproven("The signature does not hold.") from None
    return _timely(claims, client, audience, now)


def _opened(text: str) -> tuple[dict[str, object], dict[str, object]]:
    if len(text) > LONGEST or not _JWS.fullmatch(text):
        raise Unproven(f"The assertion is not a signed JWT of at most {LONGEST} characters.")
    try:
        opened = PyJWS().decode_complete(text, options={"verify_signature": False})
        claims = json.loads(opened["payload"])
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise Unproven("The assertion is not a signed JWT.") from None
    if not isinstance(claims, dict):
        raise Unproven("The assertion has no claims.")
    return opened["header"], claims


def _client(claims: Mapping[str, object], clients: Mapping[str, Client]) -> Client:
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or claims.get("sub") != issuer:
        raise Unproven("iss and sub are not both the client_id.")
    if issuer not in clients:
        raise Unproven("No client of this client_id is registered.")
    return clients[issuer]


def _signed_with(header: Mapping[str, object], client: Client) -> tuple[str, str]:
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in KEY_TYPES:
        raise Unproven("alg is neither ES384 nor RS384.")
    if not isinstance(kid, str) or not 0 < len(kid) <= 200:
        raise Unproven("kid is missing.")
    if "crit" in header or header.get("b64", True) is not True:
        raise Unproven("The header asks for an extension that is not known here.")
    if "jku" in header and header["jku"] != client.jwks_uri:
        raise Unproven("jku is not the registered address of the client's keys.")
    return algorithm, kid


def _timely(claims: Mapping[str, object], client: Client, audience: str, now: datetime) -> Assertion:
    if claims.get("aud") != audience:
        raise Unproven("aud is not the address of this token endpoint.")
    expires, jti = claims.get("exp"), claims.get("jti")
    if type(expires) is not int or not now.timestamp() < expires <= (now + LIFETIME).timestamp():
        raise Unproven("exp is not within the next five minutes.")
    if not all(_past(claims.get(name, 0), now) for name in ("iat", "nbf")):
        raise Unproven("iat or nbf is not a time in the past.")
    if not isinstance(jti, str) or not 0 < len(jti) <= 200:
        raise Unproven("jti is missing.")
    return Assertion(client, jti, expires)


def _past(begins: object, now: datetime) -> bool:
    if isinstance(begins, bool) or not isinstance(begins, int | float):
        return False
    return begins <= (now + SKEW).timestamp()
