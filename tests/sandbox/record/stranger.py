"""A client that shares no code with the record: it signs by hand, with ``cryptography`` only."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def compact(header: object, claims: object) -> bytes:
    return b".".join(b64(json.dumps(part).encode()).encode() for part in (header, claims))


@dataclass(frozen=True)
class EcKey:
    """A key on P-384 (or another curve, to see it refused)."""

    kid: str
    private: ec.EllipticCurvePrivateKey
    alg: str = "ES384"
    crv: str = "P-384"

    def jwk(self) -> dict[str, str]:
        point = self.private.public_key().public_numbers()
        size = (self.private.key_size + 7) // 8
        x, y = (b64(one.to_bytes(size, "big")) for one in (point.x, point.y))
        return {"kty": "EC", "crv": self.crv, "kid": self.kid, "x": x, "y": y}

    def sign(self, header: Mapping[str, object], claims: object) -> str:
        signed = compact(header, claims)
        r, s = decode_dss_signature(self.private.sign(signed, ec.ECDSA(hashes.SHA384())))
        size = (self.private.key_size + 7) // 8
        return f"{signed.decode()}.{b64(r.to_bytes(size, 'big') + s.to_bytes(size, 'big'))}"


@dataclass(frozen=True)
class RsaKey:
    kid: str
    private: rsa.RSAPrivateKey
    alg: str = "RS384"

    def jwk(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        return {"kty": "RSA", "kid": self.kid, "n": number(numbers.n), "e": number(numbers.e)}

    def sign(self, header: Mapping[str, object], claims: object) -> str:
        signed = compact(header, claims)
        return f"{signed.decode()}.{b64(self.private.sign(signed, padding.PKCS1v15(), hashes.SHA384()))}"


Key = EcKey | RsaKey


@cache
def ec_key(kid: str = "one") -> EcKey:
    return EcKey(kid, ec.generate_private_key(ec.SECP384R1()))


@cache
def rsa_key(kid: str = "two", bits: int = 2048) -> RsaKey:
    return RsaKey(kid, rsa.generate_private_key(65537, bits))


def jwks(*keys: Key) -> dict[str, object]:
    return {"keys": [key.jwk() for key in keys]}


def claims(client: str, audience: str, now: datetime, **changed: object) -> dict[str, object]:
    """The claims of a good assertion; a change to ``...`` leaves a claim out."""
    at = int(now.timestamp())
    good = {"iss": client, "sub": client, "aud": audience, "iat": at, "exp": at + 240, "jti": str(uuid4())}
    return {name: value for name, value in {**good, **changed}.items() if value is not ...}


def header(key: Key, **changed: object) -> dict[str, object]:
    good = {"alg": key.alg, "kid": key.kid, "typ": "JWT"}
    return {name: value for name, value in {**good, **changed}.items() if value is not ...}


def form(assertion: str, scope: str, **changed: object) -> dict[str, str]:
    good = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }
    return {name: str(value) for name, value in {**good, **changed}.items() if value is not ...}
