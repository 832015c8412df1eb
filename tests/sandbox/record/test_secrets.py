"""Clients that prove themselves by a secret, or hold one token for good."""

import base64
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from plugin.sandbox.record import Client, clients_from
from tests.sandbox.record.conftest import Answer, Record
from tests.sandbox.record.stranger import form, jwks

SECRET = "handed out: by/the host 7f3a2b1c"
TOKEN = "made-once-by-the-operator-0123456789"
SCOPE = "system/Task.rs"


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@pytest.fixture
def secretive(record: Record) -> Record:
    record.clients["secret"] = Client("secret", "system/Task.crs", secret_sha256=digest(SECRET))
    record.clients["holder"] = Client("holder", "system/Task.rs", token_sha256=digest(TOKEN))
    return record


def basic(client: str = "secret", secret: str = SECRET) -> dict[str, str]:
    pair = f"{quote_plus(client)}:{quote_plus(secret)}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


async def ask(record: Record, headers: Mapping[str, str], **more: str) -> Answer:
    asked = {"grant_type": "client_credentials", "scope": SCOPE, **more}
    async with record.session.post(record.token_endpoint, data=asked, headers=headers) as answer:
        return Answer(answer.status, answer.headers, await answer.json())


async def test_a_secret_gets_a_token_from_the_header_and_from_the_form(secretive: Record) -> None:
    answers = [
        await ask(secretive, basic()),
        await ask(secretive, basic(), client_id="secret"),
        await ask(secretive, {}, client_id="secret", client_secret=SECRET),
    ]
    assert [answer.status for answer in answers] == [200] * 3
    assert {answer.body["scope"] for answer in answers} == {SCOPE}
    secretive.headers = {"Authorization": f"Bearer {answers[0].body['access_token']}"}
    assert (await secretive.call("GET", "/Task")).status == 200
    assert (await secretive.call("GET", "/Consent")).status == 403


WRONG: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "another secret": (basic(secret=SECRET + "x"), {}),
    "an empty secret": (basic(secret=""), {}),
    "another client": (basic(client="nobody"), {}),
    "a client with keys": (basic(client="plugin"), {}),
    "a client with a token": (basic(client="holder", secret=TOKEN), {}),
    "another client_id beside it": (basic(), {"client_id": "plugin"}),
    "no base64": ({"Authorization": "Basic §"}, {}),
    "no colon": ({"Authorization": "Basic " + base64.b64encode(b"secret").decode()}, {}),
    "a bearer token": ({"Authorization": f"Bearer {TOKEN}"}, {}),
    "in the form, another secret": ({}, {"client_id": "secret", "client_secret": "x"}),
    "in the form, nobody's": ({}, {"client_secret": SECRET}),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_whoever_does_not_know_the_secret_gets_nothing(secretive: Record, wrong: str) -> None:
    headers, more = WRONG[wrong]
    refused = await ask(secretive, headers, **more)
    assert (refused.status, refused.body["error"]) == (401, "invalid_client")
    assert ("WWW-Authenticate" in refused.headers) == ("Authorization" in headers)
    assert SECRET not in str(refused.body)


async def test_a_client_proves_itself_in_one_way_only(secretive: Record) -> None:
    signed = form(secretive.assertion(), SCOPE)
    for headers, more in (
        (basic(), {"client_secret": SECRET}),
        (basic(), dict(signed)),
        ({}, {**signed, "client_secret": SECRET}),
    ):
        refused = await ask(secretive, headers, **more)
        assert (refused.status, refused.body["error"]) == (400, "invalid_request")


async def test_a_token_for_good_opens_what_its_client_may_until_it_is_taken_away(secretive: Record) -> None:
    secretive.headers = {"Authorization": f"Bearer {TOKEN}"}
    secretive.clock.forward(10**7)
    assert (await secretive.call("GET", "/Task")).status == 200
    assert (await secretive.call("GET", "/Consent")).status == 403
    del secretive.clients["holder"]
    assert (await secretive.call("GET", "/Task")).status == 401


async def test_no_secret_is_in_the_file(secretive: Record, tmp_path: Path) -> None:
    await ask(secretive, basic())
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert SECRET.encode() not in stored


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("", "needs either"),
        (f', "secret_sha256": "{digest("x")}", "token_sha256": "{digest("y")}"', "needs either"),
        (', "secret_sha256": "secret"', "64 hexadecimal digits"),
        (f', "token_sha256": "{digest("x").upper()}"', "64 hexadecimal digits"),
    ],
)
def test_a_registration_that_could_not_work_is_refused(more: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        clients_from(f'[{{"client_id": "c", "scope": "results.write"{more}}}]')


def test_registrations_are_read_from_a_list() -> None:
    read = clients_from(f'[{{"client_id": "c", "scope": "results.write", "secret_sha256": "{digest("x")}"}}]')
    assert read == {"c": Client("c", "results.write", secret_sha256=digest("x"))}
    with pytest.raises(ValueError, match="needs either"):
        Client("c", "system/*.rs", jwks=jwks(), secret_sha256=digest("x"))
