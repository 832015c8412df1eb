import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from plugin.runner import Visitor
from plugin.signed import Expired, Unacceptable
from plugin.tokens import LIFE, TYPE, is_overlay, minted, read
from tests.forged import KEYS, NOW, STAMP, encoded, signed
from webhooks.events import Role

UNTIL = NOW + timedelta(minutes=15)
SECOND = timedelta(seconds=1)
WHO = Visitor(
    tenant="north",
    host="sandbox",
    meeting="room-1",
    occurrence="run-1",
    person="person-1",
    role=Role.CLIENT,
    scope="call",
)

Edit = Callable[[dict[str, Any], dict[str, Any]], None]


def edited(edit: Edit, keys: dict[str, str] = KEYS) -> str:
    """A genuine token, taken apart, changed and signed anew with the right key."""
    token = minted(WHO, keys, NOW, until=UNTIL)
    header, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    edit(header, claims)
    return signed(header, claims, keys["o1"])


def test_a_token_says_what_it_was_made_with() -> None:
    overlay = read(minted(WHO, KEYS, NOW, until=UNTIL), KEYS, NOW)
    assert overlay.visitor == WHO
    assert overlay.expires_at - overlay.issued_at == LIFE
    assert overlay.until == UNTIL


def test_a_person_without_role_and_a_meeting_without_run_stay_so() -> None:
    visitor = replace(WHO, role=None, occurrence=None, scope="survey")
    assert read(minted(visitor, KEYS, NOW, until=UNTIL), KEYS, NOW).visitor == visitor


def test_an_old_key_is_accepted_until_it_is_taken_away() -> None:
    token = minted(WHO, {"o0": KEYS["o0"]}, NOW, until=UNTIL)
    assert read(token, KEYS, NOW).visitor == WHO
    with pytest.raises(Unacceptable):
        read(token, {"o1": KEYS["o1"]}, NOW)


def test_a_token_ends_and_may_still_be_read_for_a_renewal() -> None:
    token = minted(WHO, KEYS, NOW, until=UNTIL)
    late = NOW + LIFE + 6 * SECOND
    assert read(token, KEYS, NOW + LIFE + 4 * SECOND).visitor == WHO
    with pytest.raises(Expired):
        read(token, KEYS, late)
    assert read(token, KEYS, late, expired_too=True).visitor == WHO


def claim(name: str, value: object) -> Edit:
    return lambda _header, claims: claims.update({name: value})


def head(name: str, value: object) -> Edit:
    return lambda header, _claims: header.update({name: value})


def without(name: str) -> Edit:
    return lambda header, claims: (header.pop(name, None), claims.pop(name, None), None)[2]


ATTACKS: dict[str, Edit] = {
    **{f"no {name}": without(name) for name in ("kid", "typ", "iss", "aud", "sub", "jti", "iat", "exp")},
    **{
        f"no {name}": without(name)
        for name in ("tenant", "host", "meeting", "occurrence", "role", "scope", "until")
    },
    "typ of others": head("typ", "JWT"),
    "kid unknown": head("kid", "o9"),
    "kid a path": head("kid", "../../dev/null"),
    "kid sql": head("kid", "' OR 1=1 --"),
    "kid a url": head("kid", "https://evil.example/key"),
    "kid a list": head("kid", ["o1"]),
    "kid huge": head("kid", "o" * 3000),
    "crit": head("crit", ["exp"]),
    "crit unknown": head("crit", ["x"]),
    "alg HS512": head("alg", "HS512"),
    "alg RS256": head("alg", "RS256"),
    "exp text": claim("exp", str(STAMP + 300)),
    "exp far": claim("exp", 10**22),
    "exp far by a day": claim("exp", STAMP + 86400),
    "exp a second too far": claim("exp", STAMP + 301),
    "exp true": claim("exp", True),
    "exp float": claim("exp", STAMP + 300.0),
    "exp null": claim("exp", None),
    "exp before iat": claim("exp", STAMP - 1),
    "iat future": lambda _h, c: c.update({"iat": STAMP + 60, "exp": STAMP + 120}),
    "iat text": claim("iat", str(STAMP)),
    "nbf future": claim("nbf", STAMP + 60),
    "nbf text": claim("nbf", "soon"),
    "aud other": claim("aud", "somebody"),
    "aud list with ours": claim("aud", ["fermata-live", "somebody"]),
    "iss other": claim("iss", "somebody"),
    "iss slash": claim("iss", "fermata/"),
    "iss list": claim("iss", ["fermata"]),
    "sub list": claim("sub", ["person-1"]),
    "sub empty": claim("sub", ""),
    "sub NUL": claim("sub", "person\0-1"),
    "sub long": claim("sub", "p" * 257),
    "jti number": claim("jti", 7),
    "occurrence number": claim("occurrence", 7),
    "occurrence empty": claim("occurrence", ""),
    "role unknown": claim("role", "admin"),
    "role list": claim("role", ["therapist"]),
    "until text": claim("until", "soon"),
    "scope unknown": claim("scope", "all"),
    "scope list": claim("scope", ["call"]),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_bent_token_is_refused_though_its_signature_is_right(attack: Edit) -> None:
    with pytest.raises(Unacceptable):
        read(edited(attack), KEYS, NOW)


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c"])
def test_a_key_that_a_token_brings_along_is_not_looked_at(name: str) -> None:
    assert read(edited(head(name, "https://evil.example/keys")), KEYS, NOW).visitor == WHO


def _text_attacks() -> dict[str, str]:
    token = minted(WHO, KEYS, NOW, until=UNTIL)
    header, claims, signature = token.split(".")
    public = (
        rsa.generate_private_key(65537, 2048)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    document = jwt.decode(token, options={"verify_signature": False})
    base = {"alg": "HS256", "kid": "o1", "typ": TYPE}
    deep = encoded(b'{"alg":"HS256","kid":"o1","typ":' + b"[" * 900 + b"]" * 900 + b"}")
    return {
        "alg none": f"{encoded(json.dumps({**base, 'alg': 'none'}).encode())}.{claims}.",
        "alg nOnE": f"{encoded(json.dumps({**base, 'alg': 'nOnE'}).encode())}.{claims}.{signature}",
        "alg missing": signed({"kid": "o1", "typ": TYPE}, document, KEYS["o1"]),
        "public key as secret": signed(base, document, public),
        "one-byte key": signed(base, document, "k"),
        "empty": "",
        "padding added": token + "=",
        "extra segment": token + ".e30",
        "space": " " + token,
        "newline": token + "\n",
        "claims cut": f"{header}..{signature}",
        "signature cut": f"{header}.{claims}.{signature[:-1]}",
        "five segments": f"{token}.a.b",
        "one megabyte": f"{header}.{'a' * 2**20}.{signature}",
        "unsigned change": f"{header}.{claims[:-2]}AA.{signature}",
        "claims a list": signed(base, ["person-1"], KEYS["o1"]),
        "claims a text": signed(base, "person-1", KEYS["o1"]),
        "header deep": f"{deep}.{claims}.{signature}",
        "nested": signed(base, {**document, "sub": token}, KEYS["o1"]),
        "not ascii": token.replace("e", "é", 1),
    }


@pytest.mark.parametrize("token", _text_attacks().values(), ids=_text_attacks().keys())
def test_a_token_of_the_wrong_form_is_refused(token: str) -> None:
    with pytest.raises(Unacceptable):
        read(token, KEYS, NOW)


def test_a_refusal_repeats_nothing_of_the_token() -> None:
    with pytest.raises(Unacceptable) as refusal:
        read(edited(head("kid", "canary-kid")), KEYS, NOW)
    assert "canary" not in str(refusal.value)


def test_ours_are_told_from_a_host_s_by_their_type() -> None:
    assert is_overlay(minted(WHO, KEYS, NOW, until=UNTIL))
    assert not is_overlay(jwt.encode({"sub": "x"}, KEYS["o1"], headers={"kid": "o1"}))
