"""What the pages say of hosts is what the code and the fixtures say."""

import re
import tomllib
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import BaseModel

from plugin.hosts import named
from plugin.settings import HostSettings
from tests.docs.matrix import PAGE, page
from tests.webhooks.known import GUIDE, HOSTS, known

CROSS_CHECKED_AT_LEAST = 6


def test_the_matrix_of_hosts_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.docs.matrix"


@pytest.mark.parametrize("host", HOSTS)
def test_each_host_has_a_page_that_says_how_it_is_known(host: str) -> None:
    file = PAGE.parent / "hosts" / f"{host}.md"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""

    for words in ("**Listening: ", "Evidence: ", f"/webhooks/<tenant>/{host}"):
        assert words in text, f"docs/hosts/{host}.md needs the words {words!r}: {GUIDE}, step 5"
    assert (Path(__file__).parents[1] / "fixtures" / host / "README.md").is_file(), f"{GUIDE}, step 1"


def test_most_hosts_are_checked_by_somebody_who_is_not_us_and_the_others_say_why_not() -> None:
    checked = [host for host in HOSTS if known(host).about.peer]

    assert len(checked) >= CROSS_CHECKED_AT_LEAST
    assert all(known(host).about.no_peer for host in HOSTS if host not in checked)


@pytest.mark.parametrize("host", [host for host in HOSTS if known(host).about.peer])
def test_each_named_peer_is_really_asked(host: str) -> None:
    peer = str(known(host).about.peer)
    tests = Path(__file__).parents[1] / "webhooks" / "peers" / f"test_{host}.py"
    text = tests.read_text(encoding="utf-8") if tests.is_file() else ""

    spelled = {peer, peer.replace("-", "_"), peer.partition("-")[0], peer.rpartition("/")[2]}
    assert "recording" in peer or any(name in text for name in spelled), (
        f"tests/webhooks/peers/test_{host}.py does not ask {peer}"
    )
    assert "skip" not in text


@pytest.mark.parametrize("host", HOSTS)
def test_settings_on_a_page_have_names_that_the_service_knows(host: str) -> None:
    account: type[BaseModel] | None = getattr(named(host), "Account", None)
    text = (PAGE.parent / "hosts" / f"{host}.md").read_text(encoding="utf-8")
    for block in re.findall(r"^ *```toml\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        settings = tomllib.loads(dedent(block))
        (installed,) = settings["hosts"]

        assert set(settings) == {"hosts"}
        assert set(installed) <= set(HostSettings.model_fields)
        assert set(installed.get("account", {})) <= set(account.model_fields if account else ())
