"""What holds for every address of the service."""

import base64
import hashlib
import json
import tomllib
from pathlib import Path

import jsonschema
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plugin.results.scopes import SCOPES
from plugin.shipped import shipped
from plugin.web.wellknown import public_key
from tests.house import House

ROOT = Path(__file__).parents[2]
CANARY = "canary7f3a"


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


async def test_the_schema_of_results_is_served_as_it_is_published(house: House) -> None:
    async with house.http.get(f"{house.url}/results.schema.json") as answer:
        assert answer.content_type == "application/schema+json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert await answer.text() == (ROOT / "docs" / "results.schema.json").read_text()


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
