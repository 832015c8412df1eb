"""Vonage's client tokens, whole and bent, and what it answers to who is connected."""

import json
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from plugin.hosts import named, vonage
from plugin.hosts.host import Askable, Call, NotTold, Reply
from plugin.signed import Expired, Unacceptable
from tests.forged import NOW, STAMP, encoded, signed
from tests.hosts.asking import answered
from webhooks.events import Present, Role

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


KEYS = {"app-1": public(KEY), "app-2": public(OTHER)}
DATA = json.dumps({"person": "client-ben", "role": "client"})


def claims(**changes: Any) -> dict[str, Any]:
    whole = {
        "application_id": "app-1",
        "session_id": "2_MX4",
        "role": "publisher",
        "connection_data": DATA,
        "scope": "session.connect",
        "iat": STAMP,
        "exp": STAMP + 900,
        "jti": "j-1",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def token(key: rsa.RSAPrivateKey = KEY, **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, "RS256")


def test_a_client_token_names_its_participant() -> None:
    found = named("vonage").who(token(), KEYS, NOW)

    assert (found.meeting, found.occurrence, found.person, found.role) == (
        "2_MX4",
        None,
        "client-ben",
        Role.CLIENT,
    )
    assert found.until == datetime.fromtimestamp(STAMP + 900, UTC)


@pytest.mark.parametrize("word", ["moderator", "publisher"])
def test_vonage_s_own_roles_say_who_may_publish_and_not_who_somebody_is(word: str) -> None:
    data = json.dumps({"person": "ther-ana"})

    assert vonage.who(token(role=word, connection_data=data), KEYS, NOW).role is None


BENT: dict[str, str] = {
    "no data": token(connection_data=None),
    "data that is a name": token(connection_data="Ana Example"),
    "data without a person": token(connection_data='{"role": "therapist"}'),
    "data that is too long": token(connection_data=json.dumps({"person": "p", "more": "x" * 1000})),
    "data that is no text": token(connection_data={"person": "client-ben"}),
    "no session": token(session_id=None),
    "a session list": token(session_id=["2_MX4"]),
    "no scope": token(scope=None),
    "another scope": token(scope="session.read"),
    "no exp": token(exp=None),
    "no iat": token(iat=None),
    "for a month": token(exp=STAMP + 30 * 86400),
    "from the future": token(iat=STAMP + 60),
    "no application": token(application_id=None),
    "an unknown application": token(application_id="app-9"),
    "another application's key": token(OTHER),
    "another application": token(application_id="app-2"),
    "algorithm none": ".".join(
        [encoded(json.dumps(each).encode()) for each in ({"alg": "none"}, claims())] + ["A" * 43]
    ),
    "HS256 with the public key": signed({"alg": "HS256", "typ": "JWT"}, claims(), KEYS["app-1"]),
    "RS256 that is an HMAC": signed({"alg": "RS256", "typ": "JWT"}, claims(), KEYS["app-1"]),
    "RS512": jwt.encode(claims(), KEY, "RS512"),
    "a critical header": jwt.encode(claims(), KEY, "RS256", headers={"crit": ["x"], "x": 1}),
    "no token": "T1==cGFydG5lcl9pZD0x",
}


@pytest.mark.parametrize("bent", BENT.values(), ids=BENT)
def test_a_bent_client_token_is_refused(bent: str) -> None:
    with pytest.raises(Unacceptable):
        vonage.who(bent, KEYS, NOW)


def test_an_old_client_token_is_called_expired() -> None:
    with pytest.raises(Expired):
        vonage.who(token(iat=STAMP - 1000, exp=STAMP - 100), KEYS, NOW)


ACCOUNT = vonage.Account(application_id="app-1", private_key=pem(KEY))
URL = "https://video.api.vonage.com"
CALL = Call("2_MX4~/x", "run-1", {"c-ana": "ther-ana", "c-ben": "client-ben", "c-old": "client-ben"})
JOINED = 1747655658197


def listed(*connections: str, **changes: Any) -> Reply:
    items = [
        {"connectionId": name, "createdAt": JOINED, "connectionState": state or "Connected"}
        for name, _, state in (each.partition(":") for each in connections)
    ]
    usual = {"count": len(items), "projectId": "app-1", "sessionId": CALL.meeting, "items": items}
    return Reply(200, json.dumps({**usual, **changes}).encode())


def test_it_can_be_asked() -> None:
    assert isinstance(named("vonage"), Askable)


def test_known_connections_are_named_and_the_list_is_whole() -> None:
    requests, fact = answered(vonage.ask(URL, CALL, ACCOUNT, NOW), listed("c-ana", "c-ben"))

    assert fact.whole
    assert (fact.host, fact.meeting, fact.occurrence, fact.at) == ("vonage", CALL.meeting, "run-1", NOW)
    assert fact.key == f"asked:{NOW.isoformat()}"
    joined = datetime.fromtimestamp(JOINED / 1000, UTC)
    assert fact.people == (
        Present(person="ther-ana", connection="c-ana", joined_at=joined),
        Present(person="client-ben", connection="c-ben", joined_at=joined),
    )
    (request,) = requests
    assert (request.method, request.body) == ("GET", None)
    assert request.url == f"{URL}/v2/project/app-1/session/2_MX4~%2Fx/connection"


def test_the_token_it_asks_with_is_short_and_of_the_application() -> None:
    request = next(vonage.ask(URL, CALL, ACCOUNT, NOW))
    options: Any = {"verify_exp": False, "verify_iat": False}
    bearer = request.headers["Authorization"].removeprefix("Bearer ")
    said = jwt.decode(bearer, KEYS["app-1"], algorithms=["RS256"], options=options)

    assert said.pop("jti")
    assert said == {"application_id": "app-1", "iat": STAMP, "exp": STAMP + 60}
    assert bearer not in repr(request)
    assert "PRIVATE" not in repr(ACCOUNT)


@pytest.mark.parametrize(
    ("connections", "people", "whole"),
    [
        ([], 0, True),
        (["c-ana"], 1, True),
        (["c-ana", "c-stranger"], 1, False),
        (["c-stranger"], 0, False),
        (["c-ana", "c-ben:Connecting"], 1, False),
        (["c-ana", "c-ben:Something"], 1, False),
    ],
)
def test_a_connection_that_nobody_is_known_to_hold_leaves_it_open_who_is_absent(
    connections: list[str], people: int, whole: bool
) -> None:
    _, fact = answered(vonage.ask(URL, CALL, ACCOUNT, NOW), listed(*connections))

    assert (len(fact.people), fact.whole) == (people, whole)


NO_ANSWERS = {
    "not authenticated": (Reply(401, b'{"code":401,"message":"eyJ..."}'), "status_401"),
    "no such session": (Reply(404, b"{}"), "status_404"),
    "moved": (Reply(302, b""), "status_302"),
    "down": (Reply(503, b"<html>"), "status_503"),
    "a log-in page": (Reply(200, b"<html>Please sign in</html>"), "not_understood"),
    "nothing": (Reply(200, b""), "not_understood"),
    "an empty object": (Reply(200, b"{}"), "not_understood"),
    "a list": (Reply(200, b"[]"), "not_understood"),
    "the streams": (Reply(200, b'{"count":1,"items":[{"id":"s-1","videoType":"camera"}]}'), "not_understood"),
    "another session": (listed("c-ana", sessionId="2_other"), "not_understood"),
    "one page of two": (listed("c-ana", count=2), "not_understood"),
    "a connection without id": (listed("c-ana", items=[{"connectionState": "Connected"}]), "not_understood"),
    "a connection without state": (listed("c-ana", items=[{"connectionId": "c-ana"}]), "not_understood"),
}


@pytest.mark.parametrize(("reply", "reason"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_not_the_documented_answer_tells_nothing(reply: Reply, reason: str) -> None:
    with pytest.raises(NotTold) as refusal:
        answered(vonage.ask(URL, CALL, ACCOUNT, NOW), reply)

    assert refusal.value.reason == reason == str(refusal.value)


@pytest.mark.parametrize("key", ["", "secret-word", public(KEY), pem(KEY)[:200]])
def test_a_key_that_cannot_sign_is_refused_at_once_and_not_repeated(key: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        vonage.Account(application_id="app-1", private_key=key)

    assert "is not a private key" in str(refusal.value)
    assert not key or key not in str(refusal.value)
