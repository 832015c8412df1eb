"""``fermata webhook send`` into the running service, for every host that is found."""

import argparse
import asyncio
import json
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from plugin.commands.webhook import add_webhook_parser
from plugin.settings import HostSettings
from tests.house import TOKEN_KEY, House, running
from tests.service.calls import RealClock
from tests.webhooks.known import HOSTS, known, sample


def settings(host: str) -> HostSettings:
    return HostSettings(
        tenant="north",
        host=host,
        url="http://127.0.0.1:1",
        webhook_keys=known(host).keys,
        token_keys={"t1": TOKEN_KEY + host},
    )


async def send(house: House, host: str, file: Path, *words: str, secret: str = "") -> int:
    key_id, right = next(iter(known(host).keys.items()))
    parser = argparse.ArgumentParser(prog="fermata")
    add_webhook_parser(parser.add_subparsers(required=True))
    url = f"{house.url}/webhooks/north/{host}"
    options = ["--host", host, "--key", f"{key_id}={secret or right}", "--url", url, *words, str(file)]
    args = parser.parse_args(["webhook", "send", *options])
    return int(await asyncio.to_thread(args.run, args))


def kept(folder: Path, *bodies: bytes) -> Path:
    file = folder / "bodies.jsonl"
    lines = [{"headers": [], "body_base64": b64encode(body).decode()} for body in bodies]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


@pytest.mark.parametrize("host", HOSTS)
async def test_what_is_sent_as_the_host_does_is_kept(
    host: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = kept(tmp_path, sample(host))
    async with running(tmp_path / "data", RealClock(), hosts=(settings(host),)) as house:
        house.service.deliveries._public_url = house.url  # the port is drawn by chance
        assert await send(house, host, file, "--json") == 0
        assert json.loads(capsys.readouterr().out)["kept"] is True
        wrong = known(host).other_secret
        assert await send(house, host, file, secret=wrong) == 1
    said = capsys.readouterr().out
    assert (
        "does not accept the signature" in said or "cannot keep it now" in said
    )  # as its sender would be told
    assert wrong not in said


async def test_nobody_there_is_said_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(tmp_path / "data", RealClock()) as house:
        away = replace(house, url="http://127.0.0.1:1")
        assert await send(away, "sandbox", kept(tmp_path, sample("sandbox"))) == 1
    assert capsys.readouterr().out == "line 1: no answer, unreachable\n"


@pytest.mark.parametrize(
    ("url", "words"), [("http://fermata.example", "must be https://"), ("ftp://x", "must be https://")]
)
async def test_a_secret_is_never_sent_in_the_clear(
    url: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running(tmp_path / "data", RealClock()) as house:
        assert await send(replace(house, url=url), "sandbox", kept(tmp_path, sample("sandbox"))) == 2
    assert words in capsys.readouterr().err
