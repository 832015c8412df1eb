"""The settings of a host's record: how it is chosen, and what stops the start."""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import TypeAdapter, ValidationError

from plugin.results_settings import ResultsSettings
from plugin.settings import Misconfigured, Settings, load
from plugin.shipped import shipped
from tests.test_settings import CANARY, OTHER, given, host


def record(results: dict[str, object], **changes: object) -> str:
    """Hosts with a record, as the environment gives them."""
    results = {"base": "https://ehr.example/fhir", **results, **changes}
    return json.dumps([host(results={name: value for name, value in results.items() if value is not None})])


SIGNED: dict[str, object] = {"client_id": "fermata", "kid": "k1", "key_file": "/etc/key.pem"}
SECRET: dict[str, object] = {
    "auth": "client_secret_post",
    "client_id": "fermata",
    "client_secret": "of-the-host-7f3a2b1c",
}
BEARER: dict[str, object] = {"auth": "bearer", "token": "made-by-the-operator-0123456789-abc"}


@pytest.fixture(autouse=True)
def _only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FERMATA_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("hosts", "says"),
    [
        (
            record(SIGNED, kid=None),
            "FERMATA_HOSTS.0.results.private_key_jwt.kid: is missing",
        ),
        (
            record(SIGNED, auth=CANARY),
            "FERMATA_HOSTS.0.results: auth must be private_key_jwt, client_secret_basic, client_secret_post or",
        ),
        (
            record(SECRET, client_secret=None),
            "FERMATA_HOSTS.0.results.client_secret_post.client_secret: is missing",
        ),
        (
            record(SECRET, client_secret=CANARY),
            "FERMATA_HOSTS.0.results.client_secret_post.client_secret: is shorter than 16 bytes",
        ),
        (
            record(SECRET, client_secret="ab" * 20),
            "FERMATA_HOSTS.0.results.client_secret_post.client_secret: repeats itself; make it by chance",
        ),
        (
            record(SECRET, token_url=f"http://{CANARY}.example/token"),
            "FERMATA_HOSTS.0.results.client_secret_post.token_url: must be https:// anywhere but on this machine",
        ),
        (
            record(SECRET, kid="k1"),
            "FERMATA_HOSTS.0.results.client_secret_post.kid: there is no such setting",
        ),
        (
            record(BEARER, token=None),
            "FERMATA_HOSTS.0.results.bearer.token: is missing",
        ),
        (
            record(BEARER, token=CANARY),
            "FERMATA_HOSTS.0.results.bearer.token: is shorter than 32 bytes",
        ),
        (
            record(BEARER, token=f"{CANARY}-0123456789-0123456789\nabcdef"),
            "FERMATA_HOSTS.0.results.bearer.token: String should match pattern",
        ),
        (
            record(SECRET, kind="hostapi"),
            "FERMATA_HOSTS.0.results.client_secret_post: token_url is missing; only a FHIR server says itself",
        ),
        (
            record(BEARER, kind=CANARY),
            "FERMATA_HOSTS.0.results.bearer.kind: Input should be 'fhir' or 'hostapi'",
        ),
    ],
)
def test_a_bad_setting_is_named_and_its_value_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, hosts: str, says: str
) -> None:
    given(monkeypatch, FERMATA_HOSTS=hosts)
    with pytest.raises(Misconfigured) as refusal:
        load(Settings)
    assert str(refusal.value).startswith(says)
    assert CANARY not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("results", [SIGNED, SECRET, {**SECRET, "auth": "client_secret_basic"}, BEARER])
def test_a_record_is_chosen_by_how_its_client_proves_itself(
    monkeypatch: pytest.MonkeyPatch, results: dict[str, object]
) -> None:
    given(monkeypatch, FERMATA_HOSTS=record(results))
    chosen = load(Settings).hosts[0].results
    assert chosen is not None
    assert (chosen.kind, chosen.auth) == ("fhir", results.get("auth", "private_key_jwt"))


BASE = {"base": "https://ehr.example/fhir"}


@pytest.mark.parametrize("results", [
    {**BASE, **SIGNED}, {**BASE, **SIGNED, "auth": "private_key_jwt", "scope": "s"}, {**BASE, **SECRET},
    {**BASE, **SECRET, "kind": "hostapi", "token_url": "https://x.example/t/"}, {**BASE, **BEARER, "kind": "hostapi"},
    {**BASE}, {**SIGNED}, {**BASE, **SECRET, "token": "x" * 40}, {**BASE, **BEARER, "kid": "k"},
    {**BASE, **SIGNED, "auth": "bearer"}, {**BASE, **SECRET, "auth": "magic"}, {**BASE, **SECRET, "colour": "red"},
])  # fmt: skip
def test_the_manifest_describes_the_record_s_settings_as_they_are_read(results: dict[str, object]) -> None:
    described = json.loads(shipped("manifest.json").read_text())["settings"]["properties"]["results"]
    reader = TypeAdapter[object](ResultsSettings)
    try:
        reader.validate_python(results)
        read = True
    except ValidationError:
        read = False
    assert jsonschema.Draft202012Validator(described).is_valid(results) == read


def test_every_record_in_the_docs_can_be_read() -> None:
    page = (Path(__file__).parents[1] / "docs" / "install" / "serving.md").read_text()
    blocks = re.findall(r"^\[hosts\.results\][^\n]*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    read = [tomllib.loads(block.replace("…", OTHER)) for block in blocks]
    chosen = [TypeAdapter[Any](ResultsSettings).validate_python(one) for one in read]
    assert [(one.kind, one.auth) for one in chosen] == [
        ("fhir", "private_key_jwt"),
        ("fhir", "client_secret_post"),
        ("hostapi", "bearer"),
        ("hostapi", "client_secret_basic"),
    ]


def test_a_token_endpoint_keeps_the_slash_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, FERMATA_HOSTS=record(SECRET, token_url="https://ehr.example/auth/token/"))
    chosen = load(Settings).hosts[0].results
    assert chosen is not None
    assert chosen.model_dump()["token_url"] == "https://ehr.example/auth/token/"


@pytest.mark.parametrize("results", [SECRET, BEARER])
def test_a_record_s_secret_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, results: dict[str, object]
) -> None:
    given(monkeypatch, FERMATA_HOSTS=record(results))
    printed = repr(load(Settings))
    assert str(results.get("client_secret", results.get("token"))) not in printed
