import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec

from plugin.sandbox.record import Client, clients_from
from tests.sandbox.record.conftest import Record
from tests.sandbox.record.stranger import EcKey, Key, claims, ec_key, form, header, jwks, rsa_key

SCOPE = "system/Task.rs"


@dataclass
class Home:
    """Where a client keeps its public keys; answers what it is told to, and counts."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def holds(self, *keys: Key) -> None:
        self.status, self.body = 200, json.dumps(jwks(*keys)).encode()


@pytest.fixture
async def home(record: Record) -> AsyncIterator[Home]:
    place = Home()

    async def answer(_request: web.Request) -> web.Response:
        place.asked += 1
        return web.Response(status=place.status, body=place.body, headers=place.headers)

    app = web.Application()
    app.router.add_get("/jwks", answer)
    app.router.add_get("/elsewhere", answer)
    server = TestServer(app)
    await server.start_server()
    place.url = str(server.make_url("/jwks"))
    place.holds(ec_key())
    record.clients["remote"] = Client("remote", SCOPE, jwks_uri=place.url)
    yield place
    await server.close()


Ask = Callable[..., Awaitable[int]]


@pytest.fixture
def ask(record: Record) -> Ask:
    async def asking(key: Key | None = None, **changed: object) -> int:
        signer = key or ec_key()
        told = claims("remote", record.token_endpoint, record.clock())
        return (await record.ask_token(form(signer.sign(header(signer, **changed), told), SCOPE))).status

    return asking


async def test_keys_are_fetched_once_and_kept_for_five_minutes(record: Record, home: Home, ask: Ask) -> None:
    assert [await ask() for _ in range(5)] == [200] * 5
    assert home.asked == 1
    record.clock.forward(299)
    assert (await ask(), home.asked) == (200, 1)
    record.clock.forward(1)
    assert (await ask(), home.asked) == (200, 2)


async def test_a_new_key_is_found_and_the_old_one_ends(record: Record, home: Home, ask: Ask) -> None:
    assert await ask() == 200
    home.holds(rsa_key())
    record.clock.forward(10)
    assert await ask(rsa_key()) == 200
    assert await ask() == 401


async def test_an_unknown_key_id_asks_at_most_once_in_ten_seconds(
    record: Record, home: Home, ask: Ask
) -> None:
    assert await ask() == 200
    assert [await ask(kid=f"unknown-{number}") for number in range(20)] == [401] * 20
    assert home.asked == 1
    record.clock.forward(10)
    assert [await ask(kid=f"unknown-{number}") for number in range(20)] == [401] * 20
    assert home.asked == 2


async def test_the_registered_address_may_be_named_in_the_header_and_no_other(home: Home, ask: Ask) -> None:
    assert await ask(jku=home.url) == 200
    assert await ask(jku=home.url.replace("/jwks", "/elsewhere")) == 401
    assert home.asked == 1


def broken(home: Home, kind: str) -> None:
    home.holds(ec_key())
    match kind:
        case "an error":
            home.status = 500
        case "a redirect":
            home.status, home.headers = 302, {"Location": home.url.replace("/jwks", "/elsewhere")}
        case "too long":
            home.body = home.body[:-1] + b',"more":"' + b"x" * 70_000 + b'"}'
        case "no JSON":
            home.body = b"<html>"
        case "a list":
            home.body = b"[]"
        case "nested without end":
            home.body = b"[" * 60_000
        case "closed":
            home.url = "http://127.0.0.1:1/jwks"


FAULTS = ["an error", "a redirect", "too long", "no JSON", "a list", "nested without end"]


@pytest.mark.parametrize("kind", FAULTS)
async def test_keys_that_cannot_be_had_prove_nothing(home: Home, ask: Ask, kind: str) -> None:
    broken(home, kind)
    assert await ask() == 401
    assert home.asked == 1


@pytest.mark.parametrize("kind", FAULTS)
async def test_while_the_address_fails_the_last_keys_hold_for_a_day(
    record: Record, home: Home, ask: Ask, kind: str
) -> None:
    assert await ask() == 200
    broken(home, kind)
    record.clock.forward(24 * 3600 - 1)
    assert await ask() == 200
    record.clock.forward(11)
    assert await ask() == 401


async def test_an_address_where_nobody_listens_proves_nothing(record: Record, ask: Ask) -> None:
    record.clients["remote"] = Client("remote", SCOPE, jwks_uri="http://127.0.0.1:1/jwks")
    assert await ask() == 401


def marked(key: Key, **more: object) -> dict[str, object]:
    return {"keys": [{**key.jwk(), **more}]}


P256 = EcKey("p256", ec.generate_private_key(ec.SECP256R1()), crv="P-256")

UNFIT: dict[str, tuple[Key, dict[str, object]]] = {
    "short RSA": (rsa_key("short", 1024), jwks(rsa_key("short", 1024))),
    "another curve": (P256, jwks(P256)),
    "for encryption": (ec_key(), marked(ec_key(), use="enc")),
    "for another alg": (ec_key(), marked(ec_key(), alg="ES256")),
    "with its private part": (ec_key(), marked(ec_key(), d="AAAA")),
    "not on the curve": (ec_key(), marked(ec_key(), x=ec_key().jwk()["y"])),
    "without a kid": (ec_key(), {"keys": [{**ec_key().jwk(), "kid": ""}]}),
    "two of one kid": (ec_key(), {"keys": [ec_key().jwk(), ec_key().jwk()]}),
    "a shared secret": (ec_key(), {"keys": [{"kty": "oct", "kid": "one", "k": "AAAA"}]}),
    "no list": (ec_key(), {"keys": {"one": ec_key().jwk()}}),
    "no keys": (ec_key(), {}),
    "nonsense": (ec_key(), {"keys": [None, 7, "one", {"kid": "one"}, {"kty": "EC", "kid": "one", "crv": 5}]}),
}


@pytest.mark.parametrize(("key", "document"), UNFIT.values(), ids=UNFIT.keys())
async def test_a_key_that_is_not_fit_verifies_nothing(
    record: Record, key: Key, document: dict[str, object]
) -> None:
    record.clients["inline"] = Client("inline", SCOPE, jwks=document)
    assertion = record.assertion("inline", key)
    assert (await record.ask_token(form(assertion, SCOPE))).status == 401


def test_registrations_are_read_from_a_list() -> None:
    listed = [
        {"client_id": "plugin", "scope": "system/Task.rs", "jwks_uri": "http://127.0.0.1:9/jwks"},
        {"client_id": "reader", "scope": "system/*.rs", "jwks": {"keys": []}},
    ]
    clients = clients_from(json.dumps(listed))
    assert list(clients) == ["plugin", "reader"]
    assert clients["plugin"].jwks_uri == "http://127.0.0.1:9/jwks"


@pytest.mark.parametrize(
    "listed",
    [
        "{}",
        "[1]",
        "nonsense",
        '[{"client_id": "a", "scope": ""}]',
        '[{"client_id": "a", "scope": "", "jwks": []}]',
        '[{"client_id": "a", "scope": "", "jwks": {}, "jwks_uri": "https://a.example/"}]',
        '[{"client_id": "a", "scope": "", "jwks_uri": "http://a.example/jwks"}]',
        '[{"client_id": "a", "scope": "", "jwks_uri": "http://10.0.0.1/jwks"}]',
        '[{"client_id": "a", "scope": "", "jwks_uri": "file:///etc/passwd"}]',
        '[{"client_id": "", "scope": "", "jwks": {}}]',
        '[{"client_id": "a", "scope": "", "jwks": {}}, {"client_id": "a", "scope": "", "jwks": {}}]',
    ],
)
def test_a_registration_that_cannot_be_right_is_refused(listed: str) -> None:
    with pytest.raises(ValueError, match=r"[a-z]"):
        clients_from(listed)
