import asyncio
import base64
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from plugin.sandbox.record import Client
from tests.sandbox.record.conftest import Record, Serve
from tests.sandbox.record.stranger import (
    Key,
    claims,
    ec_key,
    form,
    jwks,
    rsa_key,
)

SCOPE = "system/Task.rs"


@pytest.mark.parametrize("key", [ec_key(), rsa_key()], ids=["ES384", "RS384"])
async def test_a_client_gets_a_token_for_300_seconds(record: Record, key: Key) -> None:
    answer = await record.ask_token(form(record.assertion("plugin", key), SCOPE))
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert {**answer.body, "access_token": ""} == {
        "access_token": "",
        "token_type": "bearer",
        "expires_in": 300,
        "scope": SCOPE,
    }
    record.headers = {"Authorization": f"bearer {answer.body['access_token']}"}
    record.clock.forward(299)
    assert (await record.call("GET", "/Task")).status == 200
    record.clock.forward(1)
    late = await record.call("GET", "/Task")
    assert late.status == 401
    assert late.headers["WWW-Authenticate"] == 'Bearer realm="record", error="invalid_token"'


async def test_a_well_known_library_can_sign_in_too(record: Record) -> None:
    pem = ec_key().private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    told = claims("plugin", record.token_endpoint, record.clock())
    signed = jwt.encode(told, pem, algorithm="ES384", headers={"kid": ec_key().kid})
    assert (await record.ask_token(form(signed, SCOPE))).status == 200


MALFORMED: dict[str, tuple[dict[str, object], int, str]] = {
    "no grant": ({"grant_type": ...}, 400, "invalid_request"),
    "another grant": ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
    "no assertion": ({"client_assertion": ...}, 401, "invalid_client"),
    "an empty assertion": ({"client_assertion": ""}, 401, "invalid_client"),
    "no assertion type": ({"client_assertion_type": ...}, 401, "invalid_client"),
    "another assertion type": ({"client_assertion_type": "saml2-bearer"}, 401, "invalid_client"),
    "a secret as well": ({"client_secret": "s"}, 400, "invalid_request"),
    "another client_id": ({"client_id": "reader"}, 401, "invalid_client"),
    "no scope": ({"scope": ...}, 400, "invalid_scope"),
    "an empty scope": ({"scope": ""}, 400, "invalid_scope"),
    "a scope of users": ({"scope": "user/Task.rs"}, 400, "invalid_scope"),
    "a narrowed scope": ({"scope": "system/Task.rs?status=draft"}, 400, "invalid_scope"),
}


@pytest.mark.parametrize(("change", "status", "error"), MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_request_gets_the_error_of_the_standard(
    record: Record, change: dict[str, object], status: int, error: str
) -> None:
    asked = {**form(record.assertion(), SCOPE), **change}
    refused = await record.ask_token({name: str(value) for name, value in asked.items() if value is not ...})
    assert (refused.status, refused.body["error"]) == (status, error)
    assert refused.headers["Cache-Control"] == "no-store"


async def test_the_form_is_a_form_and_says_each_thing_once(record: Record) -> None:
    good = form(record.assertion(), SCOPE)
    many: list[tuple[dict[str, Any], int]] = [
        ({"json": good}, 400),
        ({"data": [*good.items(), ("scope", "system/Task.r")]}, 400),
        ({"data": good, "headers": {"Authorization": "Basic eDp5"}}, 400),
        ({"data": good, "params": {"scope": "x"}}, 400),
        ({"data": b"\xff=1", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
        ({"data": {**good, "more": "x" * 20_000}}, 413),
    ]
    for asked, status in many:
        async with record.session.post(record.token_endpoint, **asked) as answer:
            assert answer.status == status
            assert (await answer.json())["error"] == "invalid_request"
    async with record.session.get(record.token_endpoint) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        assert (await answer.json())["error"] == "invalid_request"
    assert (await record.ask_token(good)).status == 200


async def test_an_assertion_is_good_once_also_when_sent_fifty_times_at_once(record: Record) -> None:
    assertion = record.assertion()
    answers = await asyncio.gather(*(record.ask_token(form(assertion, SCOPE)) for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [200] + [401] * 49


async def test_an_assertion_stays_used_over_a_restart_and_a_token_stays_valid(serve: Serve) -> None:
    first = await serve()
    assertion = first.assertion(jti="once")
    token = (await first.ask_token(form(assertion, SCOPE))).body["access_token"]
    second = await serve()
    again = second.assertion(jti="once")
    refused = await second.ask_token(form(again, SCOPE))
    assert (refused.status, refused.body["error"]) == (401, "invalid_client")
    second.headers = {"Authorization": f"Bearer {token}"}
    assert (await second.call("GET", "/Task")).status == 200


async def test_a_jti_belongs_to_its_client(record: Record) -> None:
    first = record.assertion(jti="same")
    other = record.assertion("reader", ec_key("reader"), jti="same")
    assert (await record.ask_token(form(first, SCOPE))).status == 200
    assert (await record.ask_token(form(other, SCOPE))).status == 200


async def test_an_assertion_is_used_up_by_a_request_for_too_much(record: Record) -> None:
    assertion = record.assertion()
    assert (await record.ask_token(form(assertion, "openid"))).status == 400
    assert (await record.ask_token(form(assertion, SCOPE))).status == 401


async def test_used_assertions_and_tokens_are_forgotten_when_they_have_expired(record: Record) -> None:
    for _ in range(3):
        await record.token()
    record.clock.forward(600)
    await record.token()
    statements = ("SELECT count(*) FROM assertion", "SELECT count(*) FROM access")
    counted = [await record.store.run(partial(_first, statement)) for statement in statements]
    assert counted == [1, 1]


def _first(statement: str, connection: apsw.Connection) -> object:
    return connection.execute(statement).get


async def test_a_token_carries_only_what_the_client_is_registered_for(record: Record) -> None:
    answer = await record.ask_token(form(record.assertion("reader", ec_key("reader")), "system/Task.cruds"))
    assert answer.body["scope"] == "system/Task.rs"


async def test_a_registration_that_shrinks_takes_the_right_from_tokens_at_once(record: Record) -> None:
    record.clients["plugin"] = Client("plugin", "system/Consent.rs", jwks=jwks(ec_key()))
    assert (await record.call("GET", "/Task")).status == 403
    assert (await record.call("GET", "/Consent")).status == 200
    del record.clients["plugin"]
    assert (await record.call("GET", "/Consent")).status == 401


async def test_no_token_and_no_assertion_is_in_the_file(record: Record, tmp_path: Path) -> None:
    assertion = record.assertion(jti="findable-jti")
    token = (await record.ask_token(form(assertion, SCOPE))).body["access_token"]
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"system/Task.rs" in stored
    for secret in (token, assertion, "findable-jti"):
        assert str(secret).encode() not in stored
        assert base64.b64encode(str(secret).encode()) not in stored


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (apsw.FullError("secret"), 503, "temporarily_unavailable"),
        (RuntimeError("secret"), 500, "server_error"),
    ],
)
async def test_a_failure_is_said_without_what_it_was_about(
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    error: Exception,
    status: int,
    code: str,
) -> None:
    def failing(*_: object) -> None:
        raise error

    monkeypatch.setattr("plugin.sandbox.record.access.issue", failing)
    failed = await record.ask_token(form(record.assertion(), SCOPE))
    assert (failed.status, failed.body["error"]) == (status, code)
    assert "secret" not in str(failed.body) + caplog.text
    assert type(error).__name__ in caplog.text
