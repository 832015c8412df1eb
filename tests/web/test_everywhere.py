"""What holds for every address of the service."""

import asyncio
import base64
import hashlib
import io
import json
import logging
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import jwt
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plugin import log
from plugin.results.scopes import SCOPES
from plugin.shipped import shipped
from plugin.web.wellknown import public_key
from tests.house import ORIGIN, WHSEC, House, running

ROOT = Path(__file__).parents[2]
CANARY = "canary7f3a"


def routes(house: House) -> list[tuple[str, str]]:
    return sorted(
        {
            (route.method, resource.canonical.replace("{tenant}", "north").replace("{host}", "sandbox"))
            for resource in house.app.router.resources()
            for route in resource
        }
    )


async def test_every_answer_has_the_headers_that_keep_pages_apart(house: House) -> None:
    asked = [*routes(house), ("GET", "/nowhere"), ("POST", "/healthz"), ("GET", "/v1/asks")]
    for method, path in asked:
        async with house.http.request(method, house.url + path) as answer:
            where = f"{method} {path}"
            assert answer.headers["X-Content-Type-Options"] == "nosniff", where
            assert answer.headers["Referrer-Policy"] == "no-referrer", where
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], where
            assert answer.headers["Strict-Transport-Security"], where
            assert answer.headers["Permissions-Policy"], where
            assert answer.headers["Server"] == "fermata", where
            assert answer.headers["Cache-Control"], where
            assert "Set-Cookie" not in answer.headers, where
            if answer.status >= 400:
                assert answer.content_type == "application/problem+json", where
                problem = json.loads(await answer.read() or b"{}")
                assert set(problem) <= {"type", "title", "status", "detail"}, where


async def test_a_socket_s_answer_has_them_too(house: House) -> None:
    socket = await house.socket()
    assert socket.response is not None
    assert socket.response.headers["Server"] == "fermata"
    assert socket.response.headers["X-Content-Type-Options"] == "nosniff"
    await socket.close()


async def test_what_breaks_inside_is_not_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(house.service.runner, "tell", broken)
    body = house.body("meeting.started")
    url = f"{house.url}/webhooks/north/sandbox"
    async with house.http.post(url, data=body, headers=house.signed(body)) as answer:
        assert answer.status == 500
        assert await answer.json(content_type=None) == {
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
        }


async def test_the_script_has_the_hash_that_its_manifest_says(house: House) -> None:
    async with house.http.get(f"{house.url}/embed/v1/manifest.json") as answer:
        manifest = await answer.json()
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    async with house.http.get(f"{house.url}/embed/v1/fermata.js") as answer:
        script = await answer.read()
        assert answer.content_type == "text/javascript"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "public, no-cache"
        tag = answer.headers["ETag"]
    assert manifest["integrity"] == "sha384-" + base64.b64encode(hashlib.sha384(script).digest()).decode()
    async with house.http.get(house.url + manifest["path"]) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    async with house.http.get(f"{house.url}/embed/v1/fermata.js", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    plain = {"Accept-Encoding": "identity"}
    async with house.http.get(f"{house.url}/embed/v1/fermata.js", headers=plain) as answer:
        assert "Content-Encoding" not in answer.headers
        assert await answer.read() == script


async def test_the_manifest_is_served_and_fits_its_schema(house: House) -> None:
    async with house.http.get(f"{house.url}/manifest.json") as answer:
        manifest = await answer.json()
    async with house.http.get(f"{house.url}/manifest.schema.json") as answer:
        schema = await answer.json(content_type=None)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(manifest, schema)
    assert manifest == json.loads((ROOT / "manifest.json").read_text())


async def test_every_entry_point_of_the_manifest_is_there(house: House) -> None:
    manifest = json.loads(shipped("manifest.json").read_text())
    known = {resource.canonical for resource in house.app.router.resources()}
    paths = [path for name, path in manifest["entry_points"].items() if name != "overlay_tag"]
    assert set(paths) <= known


def test_the_manifest_asks_for_what_the_results_need_and_no_more() -> None:
    manifest = json.loads(shipped("manifest.json").read_text())
    assert set(manifest["scopes"]) == set(SCOPES.split())


def test_the_version_is_the_package_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert json.loads(shipped("manifest.json").read_text())["version"] == project["version"]


@pytest.mark.parametrize("kind", ["EC", "RSA"])
def test_only_the_public_half_of_a_key_is_published(kind: str) -> None:
    key = ec.generate_private_key(ec.SECP384R1()) if kind == "EC" else rsa.generate_private_key(65537, 2048)
    published = public_key("k1", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert (published["kty"], published["kid"]) == (kind, "k1")
    assert not {"d", "p", "q", "dp", "dq", "qi"} & published.keys()
    signed = jwt.encode({"x": 1}, key, str(published["alg"]))
    assert jwt.decode(signed, jwt.PyJWK(published).key, [str(published["alg"])]) == {"x": 1}


async def test_health_and_readiness(house: House) -> None:
    for path in ("/healthz", "/readyz"):
        async with house.http.get(house.url + path) as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    house.service.failed.set()
    async with house.http.get(f"{house.url}/readyz") as answer:
        assert answer.status == 503


async def raw(house: House, *parts: bytes) -> bytes:
    """Send bytes, answer everything that comes until the other side hangs up."""
    host, port = house.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for part in parts:
        writer.write(part)
    answer = await reader.read()
    writer.close()
    return answer


async def test_who_sends_nothing_or_half_a_head_is_hung_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plugin.web.connections.PATIENCE", 0.3)
    async with running(tmp_path / "data") as house, asyncio.timeout(5):
        assert await raw(house) == b""
        assert await raw(house, b"GET / HTTP/1.1\r\nHo") == b""
        first = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        assert (await raw(house, first, b"GET / HT")).startswith(b"HTTP/1.1 200")


async def test_half_a_body_is_408(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.bodies.PATIENCE", 0.1)
    head = (
        b"POST /webhooks/north/sandbox HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100\r\n\r\nhalf"
    )
    async with asyncio.timeout(5):
        answer = await raw(house, head)
    assert answer.startswith(b"HTTP/1.1 408")


GARBAGE = {
    "no http": b"canary7f3a\r\n\r\n",
    "bad header": b"GET / HTTP/1.1\r\ncanary7f3a\xff\0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\ncanary7f3a",
    "length and chunks": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\ncanary7f3a",
    "long line": b"GET /" + b"canary7f3a" * 3000 + b" HTTP/1.1\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + b"canary7f3a: x\r\n" * 5000 + b"\r\n",
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03canary7f3a",
    "bad chunk": b"POST /v1/asks HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\ncanary7f3a\r\n",
}


@pytest.fixture
def sink() -> Iterator[io.StringIO]:
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    out = io.StringIO()
    log.configure(out)
    yield out
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks


@pytest.mark.parametrize("bytes_", GARBAGE.values(), ids=GARBAGE)
async def test_what_is_no_http_is_answered_without_an_echo(
    house: House, sink: io.StringIO, bytes_: bytes
) -> None:
    async with asyncio.timeout(15):
        answer = await raw(house, bytes_)
    assert b"canary" not in answer
    assert not answer or answer[:10] in (b"HTTP/1.0 4", b"HTTP/1.1 4")
    assert b"aiohttp" not in answer
    assert "canary" not in sink.getvalue()
    for line in sink.getvalue().splitlines():
        assert json.loads(line)["event"]


async def test_nothing_that_anybody_sends_reaches_the_log(house: House, sink: io.StringIO) -> None:
    """Markers in every field that can be filled: names, tokens, ids, bodies, headers, paths, answers."""
    body = house.body("participant.joined", participant=CANARY, connection=CANARY, role=CANARY, name=CANARY)
    assert await house.deliver(body) == 202
    assert await house.deliver(body, **{**house.signed(body), "webhook-signature": f"v1,{CANARY}"}) == 401
    assert await house.deliver(CANARY.encode(), **house.signed(CANARY.encode())) == 400
    async with house.http.post(
        f"{house.url}/webhooks/{CANARY}/{CANARY}", data=body, headers=house.signed(body)
    ):
        pass
    async with house.http.get(f"{house.url}/{CANARY}?{CANARY}", headers={"X-Name": CANARY, "Cookie": CANARY}):
        pass
    await house.say("/v1/asks", json.dumps({"token": CANARY, "kind": CANARY}))
    await house.say("/v1/overlay-tokens", json.dumps({"token": CANARY}))
    async with await house.open("pat-1", "client") as client:
        await client.socket.send(CANARY)
        await client.ask("consent.answer", choice="save", therapist=True, practice=True)
        await client.ask("checkin.answer", feeling=CANARY, hope=CANARY)
        await client.socket.send(CANARY.encode())
        await client.socket.send(CANARY)
        await client.closed()
    written = sink.getvalue()
    assert written
    assert CANARY not in written
    assert not [secret for secret in (WHSEC, ORIGIN) if secret in written]
