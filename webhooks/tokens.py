"""Reading a JSON Web Token that a host signed with a shared secret.

Only HS256 counts, whatever the token says of itself. What it says, and when it ends, is left to the caller.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import jwt

from webhooks.delivery import Reason, Unsigned

_LONGEST = 4096
_BLOCK = 32
_jws = jwt.PyJWS()


def bearer(value: str) -> str:
    """Take the token out of an ``Authorization`` value, with or without the scheme ``Bearer``.

    Raises:
        Unsigned: it is too long, not ASCII, or its signature is not written the one usual way.
    """
    token = value.strip()
    if token[:7].lower() == "bearer ":
        token = token[7:].strip()
    if len(token) > _LONGEST or not token.isascii() or not _usual(token.rpartition(".")[2]):
        raise Unsigned(Reason.BAD_TOKEN)
    return token


def _usual(signature: str) -> bool:
    """Base64 has spare bits and padding: several texts mean the same bytes, only the usual one will do."""
    try:
        decoded = urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    except ValueError:
        return False
    return urlsafe_b64encode(decoded).rstrip(b"=").decode() == signature


def unproved(token: str) -> bytes:
    """Give the payload of *token*, which anybody could have written: only to find out whose secret to try."""
    return _payload(token, None)


def proved(token: str, secret: str) -> bytes:
    """Give the payload of *token* if it was signed with *secret*; raises ``Unsigned`` otherwise."""
    # HMAC pads a short key with zeros anyway. Done here, it spares pyjwt's warning on standard error; that a
    # secret is too short is said once, at start-up.
    return _payload(token, secret.encode("utf-8", "surrogateescape").ljust(_BLOCK, b"\0"))


def _payload(token: str, key: bytes | None) -> bytes:
    try:
        if key is None:
            complete = _jws.decode_complete(token, options={"verify_signature": False})
        else:
            complete = _jws.decode_complete(token, key, algorithms=["HS256"])
    except jwt.InvalidSignatureError:
        raise Unsigned(Reason.WRONG_SIGNATURE) from None
    except jwt.InvalidAlgorithmError:
        raise Unsigned(Reason.WRONG_ALGORITHM) from None
    except (jwt.PyJWTError, RecursionError):  # the second: deep JSON in a header, in older pyjwt
        raise Unsigned(Reason.BAD_TOKEN) from None
    payload: bytes = complete["payload"]
    return payload
