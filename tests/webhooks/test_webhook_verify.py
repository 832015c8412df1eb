"""``fermata webhook verify`` on recorded and on broken deliveries."""

import argparse
import io
import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from plugin.commands.webhook import add_webhook_parser
from tests.webhooks.known import FIXTURES
from tests.webhooks.samples import (
    LIVEKIT,
    NOW,
    SANDBOX,
    joined,
    livekit_token,
    sandbox_message,
    signed,
    with_header,
)
from webhooks import sandbox
from webhooks.delivery import Delivery

KEY = "fermatadev=devsecret-devsecret-devsecret-0001"
ORDINARY = FIXTURES / "livekit" / "ordinary-session.jsonl"
MESSAGE = sandbox_message("meeting.started")
EVENT = json.dumps(joined(), separators=(",", ":")).encode()


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Verify:
    """The command, called as the command line calls it."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *words: str | Path) -> Said:
        parser = argparse.ArgumentParser(prog="fermata")
        add_webhook_parser(parser.add_subparsers(required=True))
        args = parser.parse_args(["webhook", "verify", *map(str, words)])
        code = args.run(args)
        captured = self.capsys.readouterr()
        return Said(code, captured.out, captured.err)


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Verify:
    return Verify(capsys)


def line(delivery: Delivery, **more: object) -> str:
    document = {"headers": delivery.headers, "body_base64": b64encode(delivery.body).decode(), **more}
    return json.dumps({"received_at": NOW.timestamp(), **document})


def kept(folder: Path, *lines: str) -> Path:
    file = folder / "deliveries.jsonl"
    file.write_text("".join(f"{text}\n" for text in lines))
    return file


def test_recorded_deliveries_are_verified_one_json_line_each(verify: Verify) -> None:
    said = verify("--host", "livekit", "--key", KEY, "--json", ORDINARY)

    assert (said.code, said.err) == (0, "")
    assert [found["n"] for found in said.lines] == list(range(1, 21))
    assert said.lines[1] == {
        "n": 2,
        "verified": True,
        "reason": None,
        "signed_by": "fermatadev",
        "key": "EV_E4n2YxuJPg7C",
        "facts": [
            {
                "type": "person_joined",
                "host": "livekit",
                "meeting": "sess-7f3a",
                "occurrence": "RM_zQpVu3AgqLXs",
                "person": "ther-1",
                "connection": "PA_8sANXonD8aag",
                "role": "therapist",
                "at": "2026-11-23T08:33:02.332000Z",
            }
        ],
    }
    assert said.lines[2]["facts"] == []
    assert said.lines[0]["facts"][0]["person"] is None


def test_the_one_who_signed_is_named_among_several_keys(verify: Verify) -> None:
    keys = [word for name, secret in SANDBOX.items() for word in ("--key", f"{name}={secret}")]
    file = FIXTURES / "sandbox" / "rotation-session.jsonl"

    said = verify("--host", "sandbox", *keys, "--json", file)

    assert said.code == 0
    assert [found["signed_by"] for found in said.lines] == ["old"] * 9 + ["new"] * 3


def test_one_refusal_makes_the_answer_no_and_shows_nothing_of_the_delivery(
    verify: Verify, tmp_path: Path
) -> None:
    good = ORDINARY.read_text().splitlines()[1]
    file = kept(tmp_path, good, good.replace("client", "x").replace("ther-1", "ther-2"))

    said = verify("--host", "livekit", "--key", KEY, "--json", file)

    assert said.code == 1
    assert [found["verified"] for found in said.lines] == [True, False]
    assert said.lines[1] == {
        "n": 2,
        "verified": False,
        "reason": "other_body",
        "signed_by": None,
        "key": None,
        "facts": [],
    }


def test_a_signed_body_that_cannot_be_read_is_refused_with_its_signer(verify: Verify, tmp_path: Path) -> None:
    file = kept(tmp_path, line(signed("livekit", b'{"event":5}')))

    said = verify("--host", "livekit", "--key", KEY, "--json", file)

    assert said.code == 1
    assert (said.lines[0]["reason"], said.lines[0]["signed_by"]) == ("bad_body", "fermatadev")


def test_standard_input_and_a_time_of_ones_own(verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    text = line(signed("sandbox", MESSAGE), received_at=None)
    at = str(NOW.timestamp() + 300)

    for moment, reason in ((at, None), (str(NOW.timestamp() + 301), "too_old")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        said = verify("--host", "sandbox", "--key", f"old={SANDBOX['old']}", "--at", moment, "--json", "-")
        assert (said.code, said.lines[0]["reason"]) == (1 if reason else 0, reason)


def test_in_words_each_check_is_named_with_the_facts(verify: Verify) -> None:
    said = verify("--host", "livekit", "--key", KEY, ORDINARY)

    assert said.code == 0
    assert said.out.count("ok  its sha256 is that of the body, byte for byte") == 20
    assert "fact: type person_joined, host livekit, meeting sess-7f3a" in said.out
    assert "no facts: nothing in it concerns a session" in said.out
    assert said.out.endswith("20 verified, 0 refused\n")


def text_as_key(body: bytes) -> Delivery:
    secret = "whsec_" + b64encode(SANDBOX["old"].encode()).decode()
    return sandbox.sign(body, "old", secret, NOW, key="msg_1")


def sandbox_keys(secret: str = SANDBOX["old"]) -> Sequence[str]:
    return ("--host", "sandbox", "--key", f"old={secret}")


LIVEKIT_KEYS = ("--host", "livekit", "--key", KEY)
GOOD = signed("sandbox", MESSAGE)
EVENT_DELIVERY = signed("livekit", EVENT)
TOKEN = EVENT_DELIVERY.header("authorization")
MISTAKES = {
    "the secret used as text": (text_as_key(MESSAGE), sandbox_keys(), "must be decoded"),
    "the body written anew": (
        replace(GOOD, body=json.dumps(json.loads(MESSAGE), indent=1).encode()),
        sandbox_keys(),
        "written anew",
    ),
    "the body of LiveKit written anew": (
        replace(EVENT_DELIVERY, body=json.dumps(json.loads(EVENT)).encode()),
        LIVEKIT_KEYS,
        "written anew",
    ),
    "a line end more": (replace(GOOD, body=MESSAGE + b"\n"), sandbox_keys(), "line end"),
    "quotes around the secret": (GOOD, sandbox_keys(f'"{SANDBOX["old"]}"'), "a quote"),
    "the wrong secret": (GOOD, sandbox_keys(SANDBOX["new"]), "Wrong secret"),
    "a secret that is not base64": (GOOD, sandbox_keys("whsec_no!"), "is not whsec_ followed by base64"),
    "another body": (replace(EVENT_DELIVERY, body=b"{}"), LIVEKIT_KEYS, "changed, cut or swapped"),
    "a body that is deep": (
        replace(EVENT_DELIVERY, body=b"[" * 5000),
        LIVEKIT_KEYS,
        "changed, cut or swapped",
    ),
    "a late clock": (
        signed("sandbox", MESSAGE, at=NOW - timedelta(seconds=912)),
        sandbox_keys(),
        "off by 912 s",
    ),
    "an early clock": (
        signed("sandbox", MESSAGE, at=NOW + timedelta(seconds=75)),
        sandbox_keys(),
        "off by 75 s",
    ),
    "no header": (replace(GOOD, headers=(("Host", "x"),)), sandbox_keys(), "Headers that came: Host."),
    "another key id": (EVENT_DELIVERY, ("--host", "livekit", "--key", "devkey=" + "s" * 32), "another key"),
    "mixed up ids": (
        EVENT_DELIVERY,
        ("--host", "livekit", "--key", "fermatadev=" + "s" * 32, "--key", f"other={LIVEKIT['fermatadev']}"),
        "mixed up",
    ),
    "a join token": (
        Delivery(livekit_token(EVENT, sha256=None), EVENT),
        LIVEKIT_KEYS,
        "says nothing of a body",
    ),
    "Bearer and a changed body": (
        replace(with_header(EVENT_DELIVERY, "Authorization", "Bearer " + TOKEN), body=b"{}"),
        LIVEKIT_KEYS,
        '"Bearer "',
    ),
    "a content type": (
        replace(with_header(EVENT_DELIVERY, "Content-Type", "application/json; charset=utf-8"), body=b"{}"),
        LIVEKIT_KEYS,
        "takes application/webhook+json",
    ),
}


@pytest.mark.parametrize(("delivery", "options", "words"), MISTAKES.values(), ids=MISTAKES)
def test_the_likely_mistake_is_said_in_words(
    delivery: Delivery, options: Sequence[str], words: str, verify: Verify, tmp_path: Path
) -> None:
    said = verify(*options, kept(tmp_path, line(delivery)))

    assert said.code == 1
    assert words in said.out
    assert said.out.count("  NO  ") == 1
    assert said.out.endswith("0 verified, 1 refused\n")
    for secret in (*SANDBOX.values(), *LIVEKIT.values(), TOKEN):
        assert secret not in said.out


def test_a_token_with_bearer_before_it_is_verified_with_a_note(verify: Verify, tmp_path: Path) -> None:
    delivery = with_header(EVENT_DELIVERY, "Authorization", "Bearer " + TOKEN)

    said = verify(*LIVEKIT_KEYS, kept(tmp_path, line(delivery)))

    assert said.code == 0
    assert 'note: The token came with "Bearer "' in said.out


def test_a_short_secret_verifies_a_recording_and_is_called_weak(verify: Verify, tmp_path: Path) -> None:
    delivery = Delivery(livekit_token(EVENT, secret="secret-of-dev" + "\0" * 19, iss="devkey"), EVENT)

    said = verify("--host", "livekit", "--key", "devkey=secret-of-dev", kept(tmp_path, line(delivery)))

    assert (said.code, said.err) == (0, "")
    assert "note: the secret of devkey has 13 bytes" in said.out


BROKEN_LINES = {
    "not JSON": "hello",
    "a list": "[]",
    "no headers": '{"body":"","received_at":1}',
    "headers as an object": '{"headers":{"a":"b"},"body":"","received_at":1}',
    "no body": '{"headers":[],"received_at":1}',
    "two bodies": '{"headers":[],"body":"","body_base64":"","received_at":1}',
    "a body that is not base64": '{"headers":[],"body_base64":"%%","received_at":1}',
    "no time": '{"headers":[],"body":""}',
    "a time beyond the calendar": '{"headers":[],"body":"","received_at":1e300}',
    "a time that is no number": '{"headers":[],"body":"","received_at":NaN}',
    "half a character": '{"headers":[["a","\\ud800"]],"body":"","received_at":1}',
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("text", BROKEN_LINES.values(), ids=BROKEN_LINES)
def test_a_wrong_line_stops_it_with_one_line_and_its_number(
    text: str, verify: Verify, tmp_path: Path
) -> None:
    said = verify(*LIVEKIT_KEYS, "--json", kept(tmp_path, ORDINARY.read_text().splitlines()[0], "", text))

    assert (said.code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert "line 3 " in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("--host", "no-such-host", "--key", "a=b", ORDINARY),
        ("--host", "livekit", ORDINARY),
        ("--host", "livekit", "--key", "no-secret-marker", ORDINARY),
        ("--host", "livekit", "--key", "=marker", ORDINARY),
        ("--host", "livekit", "--key", "a=", ORDINARY),
        ("--host", "livekit", "--key", "a=b", "--key", "a=marker", ORDINARY),
        ("--host", "livekit", "--key", KEY, "--at", "noon", ORDINARY),
        ("--host", "livekit", "--key", KEY, "--at", "1e300", ORDINARY),
        ("--host", "livekit", "--key", KEY, "no-such-file"),
        ("--host", "livekit", "--key", KEY, "a\0b"),
        ("--host", "livekit", "--key", KEY, "."),
        ("--host", "livekit", "--key", KEY, "/dev/null"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_without_a_secret(
    words: Sequence[str], verify: Verify
) -> None:
    said = verify(*words)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("fermata webhook verify: ")
    assert said.err.count("\n") == 1
    assert "marker" not in said.err


def test_a_secret_may_hold_an_equals_sign(verify: Verify, tmp_path: Path) -> None:
    assert SANDBOX["old"].endswith("=")

    said = verify(*sandbox_keys(), kept(tmp_path, line(GOOD)))

    assert said.code == 0


def test_the_command_line_answers_with_its_exit_code() -> None:
    base = [sys.executable, "-m", "plugin", "webhook", "verify", "--host", "livekit", "--json"]
    for secret, code in ((KEY, 0), ("fermatadev=wrong", 1), ("nothing", 2)):
        done = subprocess.run(
            [*base, "--key", secret, str(ORDINARY)], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == code
        assert len(done.stderr.splitlines()) == (1 if code == 2 else 0)
        assert len(done.stdout.splitlines()) == (0 if code == 2 else 20)
