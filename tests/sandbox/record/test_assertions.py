import hashlib
import hmac
import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sandbox.record.conftest import Record
from tests.sandbox.record.stranger import (
    EcKey,
    b64,
    claims,
    compact,
    ec_key,
    form,
    header,
    rsa_key,
)

SCOPE = "system/Task.rs"

Change = Callable[[Record], str]


def changed(**claim: object) -> Change:
    return lambda record: record.assertion(**claim)


def later(name: str, seconds: int) -> Change:
    return lambda record: record.assertion(**{name: int(record.clock().timestamp()) + seconds})


def headed(**part: object) -> Change:
    def build(record: Record) -> str:
        return ec_key().sign(
            header(ec_key(), **part), claims("plugin", record.token_endpoint, record.clock())
        )

    return build


def unsigned(alg: str) -> Change:
    def build(record: Record) -> str:
        told = claims("plugin", record.token_endpoint, record.clock())
        return f"{compact({'alg': alg, 'kid': ec_key().kid}, told).decode()}."

    return build


def by_public_key(record: Record) -> str:
    """Signs with the public key as if it were a shared secret."""
    pem = (
        ec_key()
        .private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    told = claims("plugin", record.token_endpoint, record.clock())
    signed = compact({"alg": "HS256", "kid": ec_key().kid}, told)
    return f"{signed.decode()}.{b64(hmac.digest(pem, signed, hashlib.sha256))}"


def by_another(record: Record) -> str:
    other = EcKey(ec_key().kid, ec.generate_private_key(ec.SECP384R1()))
    return record.assertion("plugin", other)


def swapped(record: Record) -> str:
    """The claims of one assertion under the signature of another."""
    parts = record.assertion().split(".")
    return ".".join(
        [parts[0], record.assertion(exp=int(record.clock().timestamp()) + 290).split(".")[1], parts[2]]
    )


def raw(text: str) -> Change:
    return lambda _record: text


def deep(record: Record) -> str:
    head = b64(json.dumps(header(ec_key())).encode())
    return f"{head}.{b64(b'[' * 2500)}.{b64(b'x')}"


WRONG: dict[str, Change] = {
    "alg none": unsigned("none"),
    "alg nOnE": unsigned("nOnE"),
    "no alg": headed(alg=...),
    "alg HS256 with our public key": by_public_key,
    "alg ES256": headed(alg="ES256"),
    "alg RS384 with a key for ES384": headed(alg="RS384"),
    "alg as a list": headed(alg=["ES384"]),
    "no kid": headed(kid=...),
    "an unknown kid": headed(kid="three"),
    "a kid that is a path": headed(kid="../../dev/null"),
    "a kid as a list": headed(kid=["one"]),
    "a kid of 1000 letters": headed(kid="k" * 1000),
    "the kid of the other key": headed(kid=rsa_key().kid),
    "an unknown critical extension": headed(crit=["exp"]),
    "an address of keys": headed(jku="http://127.0.0.1:1/jwks"),
    "a key in the header": headed(jwk=ec_key("other").jwk(), kid="other"),
    "another key": by_another,
    "changed claims": swapped,
    "no iss": changed(iss=...),
    "another iss": changed(iss="reader"),
    "iss as a list": changed(iss=["plugin"]),
    "no sub": changed(sub=...),
    "another sub": changed(sub="reader"),
    "an unknown client": changed(iss="nobody", sub="nobody"),
    "no aud": changed(aud=...),
    "aud with a slash": lambda record: record.assertion(aud=record.token_endpoint + "/"),
    "aud of the FHIR base": lambda record: record.assertion(aud=record.fhir),
    "aud as a list": lambda record: record.assertion(aud=[record.token_endpoint]),
    "no exp": changed(exp=...),
    "exp as a text": lambda record: record.assertion(exp=str(int(record.clock().timestamp()) + 60)),
    "exp true": changed(exp=True),
    "exp now": later("exp", 0),
    "exp a second ago": later("exp", -1),
    "exp in 301 seconds": later("exp", 301),
    "exp in the far future": changed(exp=10**22),
    "iat in a minute": later("iat", 60),
    "nbf in a minute": later("nbf", 60),
    "iat as a text": changed(iat="now"),
    "no jti": changed(jti=...),
    "an empty jti": changed(jti=""),
    "jti as a number": changed(jti=7),
    "a long jti": changed(jti="j" * 201),
    "5 KB": changed(more="m" * 5000),
    "two parts": raw("abc.def"),
    "four parts": lambda record: record.assertion() + ".x",
    "padding": lambda record: record.assertion() + "==",
    "a space": lambda record: record.assertion() + " ",
    "claims that are a list": lambda _record: ec_key().sign(header(ec_key()), []),
    "claims without end": deep,
    "no JSON": raw("eA.eA.eA"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
async def test_an_assertion_that_proves_nothing_is_refused(record: Record, change: Change) -> None:
    refused = await record.ask_token(form(change(record), SCOPE))
    assert refused.status == 401
    assert refused.body["error"] == "invalid_client"
    assert "access_token" not in refused.body


async def test_the_last_second_of_five_minutes_is_taken(record: Record) -> None:
    for seconds in (300, 1):
        assertion = record.assertion(exp=int(record.clock().timestamp()) + seconds)
        assert (await record.ask_token(form(assertion, SCOPE))).status == 200


async def test_an_assertion_ends_at_its_second_and_not_after(record: Record) -> None:
    record.clock.at = record.clock.at.replace(microsecond=0)
    refused = await record.ask_token(form(record.assertion(exp=int(record.clock().timestamp())), SCOPE))
    assert (refused.status, refused.body["error"]) == (401, "invalid_client")
