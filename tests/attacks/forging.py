"""Attacks on hosts whose proof is a JSON Web Token."""

import json
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.attacks.target import REFUSED, Attack, Target
from webhooks.delivery import Delivery

Document = dict[str, Any]
_DAY = 86_400


def attacks(host: Target) -> Iterator[Attack]:
    """All of them; none for a host without tokens."""
    good = host.sent()
    value = host.proofs(good).get("Authorization", "")
    token = value.rpartition(" ")[2]
    try:
        header, claims = jwt.get_unverified_header(token), _opened(token.split(".")[1])
    except (jwt.PyJWTError, IndexError, ValueError):
        return
    secret = next(iter(host.keys.values()))
    yield Attack("token_of_a_megabyte", _carried(good, "e" * 1_000_000), REFUSED, on_the_wire=False)
    garbled = token.replace(".", ".\udcff", 1)
    yield Attack("token_of_raw_octets", _carried(good, garbled), REFUSED, on_the_wire=False)
    yield Attack("token_of_nothing_for_no_secret", _carried(good, "e.e.AAAA"), REFUSED, keys={})
    forged = {
        **_algorithms(header, claims, secret),
        **_claims(header, claims, secret, good.body),
        **_shapes(token, header, claims, secret),
    }
    for how, other in forged.items():
        yield Attack(f"token_{how}", _carried(good, value.replace(token, other)), REFUSED)


def _opened(part: str) -> Document:
    document: Document = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return document


def _carried(delivery: Delivery, value: str) -> Delivery:
    headers = tuple((name, value if name == "Authorization" else old) for name, old in delivery.headers)
    return replace(delivery, headers=headers)


def _token(header: object, claims: object, secret: str, algorithm: str = "sha256") -> str:
    """Signed by hand, so that it may say anything of itself."""
    signed = ".".join(_sealed(json.dumps(part).encode()) for part in (header, claims))
    mac = jwt.algorithms.HMACAlgorithm(getattr(jwt.algorithms.HMACAlgorithm, algorithm.upper()))
    return f"{signed}.{_sealed(mac.sign(signed.encode(), secret.encode()))}"


def _sealed(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


@cache
def _pair() -> tuple[rsa.RSAPrivateKey, str]:
    key = rsa.generate_private_key(65537, 2048)
    return key, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _algorithms(header: Document, claims: Document, secret: str) -> dict[str, str]:
    private, public = _pair()
    bare = {
        f"with_the_algorithm_{name}": ".".join(
            (_sealed(json.dumps({**header, "alg": word}).encode()), _sealed(json.dumps(claims).encode()), "")
        )
        for name, word in {
            "none": "none",
            "none_in_mixed_case": "nOnE",
            "none_in_capitals": "NONE",
            "no_name": "",
        }.items()
    }
    named = {
        f"that_says_{word.lower()}": _token({**header, "alg": word}, claims, secret)
        for word in ("none", "RS256", "PS256", "HS384", "ES256", "EdDSA")
    }
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    pair = jwt.encode(claims, private, "RS256")
    return {
        **bare,
        **named,
        "that_says_its_algorithm_in_other_case": _token({**header, "alg": "hs256"}, claims, secret),
        "that_says_its_algorithm_and_a_space": _token({**header, "alg": "HS256 "}, claims, secret),
        "that_says_a_list_of_algorithms": _token({**header, "alg": ["HS256"]}, claims, secret),
        "of_a_key_pair": pair,
        "of_a_key_pair_that_it_brings": jwt.encode(claims, private, "RS256", headers={"jwk": jwk}),
        "of_a_key_pair_that_says_hs256": ".".join(
            [_sealed(json.dumps(header).encode()), *pair.split(".")[1:]]
        ),
        "signed_with_a_public_key": _token(header, claims, public),
        "signed_with_nothing": _token(header, claims, ""),
        "of_hs384": _token({**header, "alg": "HS384"}, claims, secret, "sha384"),
        "of_hs512": _token({**header, "alg": "HS512"}, claims, secret, "sha512"),
        "without_an_algorithm": _token({"typ": "JWT"}, claims, secret),
        "with_an_unknown_crit": _token({**header, "crit": ["x"], "x": 1}, claims, secret),
        "with_an_empty_crit": _token({**header, "crit": []}, claims, secret),
        "that_is_not_encoded": _token({**header, "crit": ["b64"], "b64": False}, claims, secret),
    }


def _claims(header: Document, claims: Document, secret: str, body: bytes) -> dict[str, str]:
    issued = int(claims["iat"])
    last = "exp" if "exp" in claims else "iat"
    changed: dict[str, Document] = {
        "expired": {"exp": issued - _DAY},
        "of_an_hour_ago_and_expired": {"iat": issued - 3600, "exp": issued - 3300},
        "that_ends_before_it_begins": {"exp": 0},
        **({"that_lasts_for_a_year": {"exp": issued + 365 * _DAY}} if last == "exp" else {}),
        "issued_tomorrow": {"iat": issued + _DAY, "exp": issued + 2 * _DAY},
        "without_its_time": {last: None},
        "with_its_time_as_text": {last: str(issued + 60)},
        "with_its_time_as_fraction": {last: issued + 0.5},
        "with_a_true_time": {last: True},
        "with_an_endless_time": {last: 10**30},
        "with_a_negative_time": {last: -1},
        "with_a_time_that_is_infinite": {last: float("inf")},
        "of_another_issuer": {"iss": "somebody"},
        "of_an_issuer_in_other_case": {"iss": str(claims["iss"]).swapcase()},
        "of_no_issuer": {"iss": None},
        "of_an_empty_issuer": {"iss": ""},
        "of_an_issuer_that_is_a_number": {"iss": 17},
        "of_an_issuer_that_is_a_list": {"iss": [claims["iss"]]},
        **_hashes(claims, body),
    }
    return {
        how: _token(
            header, {name: value for name, value in {**claims, **change}.items() if value is not None}, secret
        )
        for how, change in changed.items()
    }


def _hashes(claims: Document, body: bytes) -> dict[str, Document]:
    """The claim that says which body it is for, by its value."""
    digest = sha256(body).digest()
    written = {b64encode(digest).decode(): digest.hex(), digest.hex(): b64encode(digest).decode()}
    name, right = next((name, value) for name, value in claims.items() if value in written)
    other = sha256(body + b" ").digest()
    return {
        "for_another_body": {name: other.hex() if right == digest.hex() else b64encode(other).decode()},
        "for_an_empty_body": {name: sha256(b"").hexdigest()},
        "for_no_body": {name: None},
        "with_an_empty_hash": {name: ""},
        "with_its_hash_in_another_form": {name: written[right]},
        "with_half_its_hash": {name: right[: len(right) // 2]},
        "with_a_list_of_hashes": {name: [right]},
        "with_its_hash_elsewhere": {name: None, f"{name}s": right},
        "with_a_hash_of_sha1": {name: digest.hex()[:40]},
    }


def _shapes(token: str, header: Document, claims: Document, secret: str) -> dict[str, str]:
    head, payload, signature = token.split(".")
    last = "exp" if "exp" in claims else "iat"
    return {
        "of_one_part": head,
        "of_two_parts": f"{head}.{payload}",
        "of_four_parts": f"{token}.{signature}",
        "of_five_parts": f"{head}..{payload}.{signature}.",
        "without_signature": f"{head}.{payload}.",
        "without_payload": f"{head}..{signature}",
        "with_signature_of_another": f"{head}.{payload}.{_token(header, {**claims, last: 1}, secret).split('.')[2]}",
        "that_is_a_list": _token(header, [claims], secret),
        "that_is_null": _token(header, None, secret),
        "that_is_a_text": _token(header, json.dumps(claims), secret),
        "with_a_header_that_is_a_list": _token([header], claims, secret),
        "with_a_deep_header": f"{_sealed(b'[' * 2500)}.{payload}.{signature}",
        "with_a_deep_payload": _token(header, _nested(300), secret),
        "of_eight_thousand_letters": _token(header, {**claims, "more": "x" * 5500}, secret),
        "with_a_line_in_it": f"{head}.{payload}.{signature[:20]}%0A{signature[20:]}",
        "not_ascii": f"{head}.{payload}.é{signature}",
        "in_json_form": json.dumps({"protected": head, "payload": payload, "signature": signature}),
        "of_basic": f"Basic {b64encode(token.encode()).decode()}",
        "behind_another": f"{token},{token}",
    }


def _nested(depth: int) -> list[object]:
    nested: list[object] = []
    for _ in range(depth):
        nested = [nested]
    return nested
