"""``fermata check`` asks a host's record, whatever kind it is, and says nothing of a secret."""

import asyncio
from pathlib import Path

import pytest

from tests.commands.process import config_in, fermata, said
from tests.results import keys
from tests.results.platforms import PLATFORMS, FhirPlatform, PlainPlatform
from tests.results.proofs import CLIENT_SECRET, STATIC_TOKEN

ACCESS = {
    "private_key_jwt": {"client_id": "fermata", "kid": "k1", "key_file": "{folder}/key.pem"},
    "client_secret_basic": {
        "auth": "client_secret_basic",
        "client_id": "fermata",
        "client_secret": CLIENT_SECRET,
    },
    "client_secret_post": {
        "auth": "client_secret_post",
        "client_id": "fermata",
        "client_secret": CLIENT_SECRET,
    },
    "bearer": {"auth": "bearer", "token": STATIC_TOKEN},
}


def configured(folder: Path, results: dict[str, str]) -> Path:
    config = config_in(folder)
    (folder / "key.pem").write_bytes(keys.pem(keys.curve()))
    lines = [f'{name} = "{value.replace("{folder}", str(folder))}"' for name, value in results.items()]
    config.write_text(config.read_text() + "\n[hosts.results]\n" + "\n".join(lines))
    return config


def settings_of(platform: object) -> dict[str, str]:
    if isinstance(platform, PlainPlatform):
        end = (
            {} if platform.method == "bearer" else {"token_url": platform.base.replace("/v1", "/oauth/token")}
        )
        return {"kind": "hostapi", "base": platform.base, **end, **ACCESS[platform.method]}
    assert isinstance(platform, FhirPlatform)
    return {"base": platform.record.base, **ACCESS[platform.record.method]}


@pytest.mark.parametrize("name", [name for name in PLATFORMS if "without" not in name])
async def test_a_record_that_takes_results_is_said_to(tmp_path: Path, name: str) -> None:
    async with PLATFORMS[name](tmp_path) as platform:
        config = configured(tmp_path, settings_of(platform))
        run = await asyncio.to_thread(fermata, "check", "--config", str(config))
        assert await platform.held() == {}
    assert run.stdout.splitlines()[-1] == "ok     north/sandbox record takes results"


@pytest.mark.parametrize(
    ("name", "wrong", "code"),
    [
        ("plain, secret in the header", {"client_secret": "another-secret-7f3a"}, "token_invalid_client"),
        ("plain, secret in the form", {"scope": "results.read-and-more"}, "token_invalid_scope"),
        ("plain, static token", {"token": "another-token-0123456789-abcdefghij"}, "token_refused"),
        ("plain, static token", {"base": "http://127.0.0.1:9/v1"}, "unreachable"),
        ("FHIR, static token", {"token": "another-token-0123456789-abcdefghij"}, "token_refused"),
        ("FHIR, static token", {"scope": "system/Observation.crs"}, "not_offered"),
    ],
)
async def test_a_record_that_takes_nothing_is_told_by_a_code(
    tmp_path: Path, name: str, wrong: dict[str, str], code: str
) -> None:
    async with PLATFORMS[name](tmp_path) as platform:
        config = configured(tmp_path, {**settings_of(platform), **wrong})
        run = await asyncio.to_thread(fermata, "check", "--config", str(config))
    assert run.returncode == 1
    assert run.stdout.splitlines()[-1] == f"wrong  north/sandbox record takes results: {code}"
    assert not [secret for secret in wrong.values() if secret in run.stdout + run.stderr]


def test_a_weak_secret_of_a_record_stops_the_start(tmp_path: Path) -> None:
    weak = {**ACCESS["client_secret_post"], "base": "https://ehr.example/fhir", "client_secret": "guess-me"}
    run = fermata("serve", "--config", str(configured(tmp_path, weak)))
    assert run.returncode == 2
    assert said(run) == (
        "fermata serve: FERMATA_HOSTS.0.results.client_secret_post.client_secret: is shorter than 16 bytes"
    )
