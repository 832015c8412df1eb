"""The page on adding a host is tried: its example is a host that works, in the style that is asked for."""

import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

from tests.webhooks.known import GUIDE, About
from tests.webhooks.samples import NOW
from webhooks.delivery import Delivery, Malformed, NotAccepted, Reason
from webhooks.events import MeetingEnded, MeetingStarted, PersonJoined, PersonLeft, Role

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(
    r"^```(\w+)\n(.*?)^```", (ROOT / GUIDE).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
LISTENING, SPEAKING = (code for kind, code in BLOCKS if kind == "python" and code.startswith('"""'))
SECRET = "made for the example of this page only"
EVENT = {"id": "e1", "at": 1795442400, "room": "r1", "run": "n1", "user": "u1", "stay": "s1"}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    file = tmp_path_factory.mktemp("page") / "example.py"
    file.write_text(LISTENING)
    spec = importlib.util.spec_from_file_location("example", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sent(example: ModuleType, **changes: object) -> Delivery:
    delivery = example.sign(json.dumps({**EVENT, **changes}).encode(), "main", SECRET, NOW, key="e1")
    assert isinstance(delivery, Delivery)
    return delivery


def test_the_example_verifies_what_it_signs_and_refuses_the_rest(example: ModuleType) -> None:
    delivery = sent(example, type="joined")

    assert example.weakness(SECRET) is None
    assert example.verify(delivery, {"main": SECRET}, NOW) == "main"
    assert example.key(delivery) == "e1"
    for other, now in ((replace(delivery, body=b"{}"), NOW), (delivery, NOW + timedelta(minutes=6))):
        with pytest.raises(NotAccepted):
            example.verify(other, {"main": SECRET}, now)


def test_the_example_tells_its_four_facts(example: ModuleType) -> None:
    facts = [example.read(sent(example, type=kind))[0] for kind in ("started", "joined", "left", "ended")]

    assert [type(fact) for fact in facts] == [MeetingStarted, PersonJoined, PersonLeft, MeetingEnded]
    assert set(map(type, facts)) == set(example.tells)
    assert facts[1].role is Role.CLIENT


def test_the_example_does_what_the_page_says_is_easily_got_wrong(example: ModuleType) -> None:
    foreign = example.sign(b'{"id": "e1", "type": "chat"}', "main", SECRET, NOW, key="e1")

    assert example.read(foreign) == []
    assert example.steps[-1].reasons == (Reason.BAD_BODY,)
    for wrong in ({"at": 10**22}, {"at": -1}, {"user": ""}):
        with pytest.raises(Malformed):
            example.read(sent(example, type="joined", **wrong))


def test_about_json_of_the_page_is_whole() -> None:
    [text] = [code for kind, code in BLOCKS if kind == "json" and '"keys"' in code]

    assert About.model_validate_json(text).sessions == ["ordinary-session"]


@pytest.mark.parametrize(("name", "code"), [("webhooks", LISTENING), ("plugin/hosts", SPEAKING)])
@pytest.mark.parametrize("words", [["format", "--check"], ["check"]], ids=["format", "check"])
def test_the_examples_pass_the_checks_of_style(name: str, code: str, words: list[str]) -> None:
    ruff = [sys.executable, "-m", "ruff", *words, "--stdin-filename", f"{name}/example.py", "-"]
    done = subprocess.run(ruff, cwd=ROOT, input=code, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
