import base64
import json
import os
from pathlib import Path

import pytest

from plugin.settings import Misconfigured, Settings, StoreSettings, load

CANARY = "canary-7f3a"
STRONG = "k3y-for-tests-0123456789-abcdefghij"
OTHER = "an0ther-key-for-tests-0123456789-xy"
MASTER = base64.b64encode(bytes(range(32))).decode()
WHSEC = "whsec_" + base64.b64encode(bytes(range(40, 72))).decode()


def host(**changes: object) -> dict[str, object]:
    return {
        "tenant": "north",
        "host": "sandbox",
        "url": "http://127.0.0.1:8080",
        "webhook_keys": {"w1": WHSEC},
        "token_keys": {"t1": STRONG},
        **changes,
    }


def environment(**changes: str | None) -> dict[str, str]:
    whole: dict[str, str | None] = {
        "FERMATA_MASTER_KEYS": f"m1={MASTER}",
        "FERMATA_TOKEN_KEYS": f"o1={STRONG}",
        "FERMATA_PSEUDONYM_KEY": OTHER,
        "FERMATA_HOSTS": json.dumps([host()]),
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


@pytest.fixture(autouse=True)
def _only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FERMATA_")]:
        monkeypatch.delenv(name)


def given(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> None:
    for name, value in environment(**changes).items():
        monkeypatch.setenv(name, value)


def test_the_environment_gives_a_whole_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, FERMATA_ORIGINS="https://calls.example, https://other.example", FERMATA_DATA="/var/x")
    settings = load(Settings)
    assert settings.hosts[0].webhook_keys == {"w1": WHSEC}
    assert settings.journal_file == Path("/var/x/journal.db")
    assert settings.allowed_origins == {
        "https://calls.example",
        "https://other.example",
        "http://127.0.0.1:8787",
    }


def test_a_file_has_the_same_names_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "fermata.toml"
    file.write_text(f"""
        port = 9000
        FERMATA_BIND = "127.0.0.2"
        master_keys = {{ m1 = "{MASTER}" }}
        token_keys = "o1={STRONG}"
        pseudonym_key = "{OTHER}"
        journal = "sqlite:////srv/journal.db"
        [[hosts]]
        tenant = "north"
        host = "sandbox"
        url = "https://calls.example"
        webhook_keys = {{ w1 = "{WHSEC}" }}
        token_keys = {{ t1 = "{OTHER}" }}
    """)
    monkeypatch.setenv("FERMATA_PORT", "9001")
    settings = load(Settings, file)
    assert (settings.port, settings.bind) == (9001, "127.0.0.2")
    assert settings.journal_file == Path("/srv/journal.db")


def test_reading_the_journal_needs_only_its_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FERMATA_MASTER_KEYS", f"m1={MASTER}")
    assert load(StoreSettings, data=tmp_path).journal_file == tmp_path / "journal.db"


def test_two_keys_are_kept_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, FERMATA_TOKEN_KEYS=f"new={STRONG},old={OTHER}")
    assert list(load(Settings).token_keys.items()) == [("new", STRONG), ("old", OTHER)]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"FERMATA_MASTER_KEYS": None}, "FERMATA_MASTER_KEYS: is missing"),
        ({"FERMATA_MASTER_KEYS": f"m1={CANARY}"}, "FERMATA_MASTER_KEYS: key 1 is not base64"),
        (
            {"FERMATA_MASTER_KEYS": "m1=" + base64.b64encode(bytes(32)).decode()},
            "FERMATA_MASTER_KEYS: key 1 is not 32 bytes made by chance",
        ),
        ({"FERMATA_TOKEN_KEYS": None}, "FERMATA_TOKEN_KEYS: is missing"),
        ({"FERMATA_TOKEN_KEYS": f"o1={CANARY}"}, "FERMATA_TOKEN_KEYS: key 1 is shorter than 32 bytes"),
        (
            {"FERMATA_TOKEN_KEYS": "o1=" + "ab" * 30},
            "FERMATA_TOKEN_KEYS: key 1 repeats itself; make it by chance",
        ),
        (
            {"FERMATA_TOKEN_KEYS": CANARY * 5},
            "FERMATA_TOKEN_KEYS: must be id=secret, several parted by commas, each id once",
        ),
        (
            {"FERMATA_TOKEN_KEYS": f"a={STRONG},a={OTHER}"},
            "FERMATA_TOKEN_KEYS: must be id=secret, several parted by commas, each id once",
        ),
        ({"FERMATA_PSEUDONYM_KEY": None}, "FERMATA_PSEUDONYM_KEY: is missing"),
        ({"FERMATA_PSEUDONYM_KEY": CANARY}, "FERMATA_PSEUDONYM_KEY: is shorter than 32 bytes"),
        ({"FERMATA_HOSTS": None}, "FERMATA_HOSTS: is missing"),
        ({"FERMATA_HOSTS": CANARY}, "FERMATA_HOSTS: is not JSON"),
        (
            {"FERMATA_HOSTS": json.dumps([host(url=f"http://{CANARY}.example")])},
            "FERMATA_HOSTS.0.url: must be https:// anywhere but on this machine",
        ),
        (
            {"FERMATA_HOSTS": json.dumps([host(webhook_keys={"w": CANARY})])},
            "FERMATA_HOSTS.0: key 1 of webhook_keys is not whsec_ followed by base64",
        ),
        (
            {"FERMATA_HOSTS": json.dumps([host(token_keys={"w": CANARY})])},
            "FERMATA_HOSTS.0.token_keys: key 1 is shorter than 32 bytes",
        ),
        (
            {"FERMATA_HOSTS": json.dumps([host(host="elsewhere")])},
            "FERMATA_HOSTS.0: there is no such host, only ",
        ),
        (
            {"FERMATA_HOSTS": json.dumps([host(colour="red")])},
            "FERMATA_HOSTS.0.colour: there is no such setting",
        ),
        (
            {"FERMATA_HOSTS": json.dumps([host(), host()])},
            "FERMATA_HOSTS: the same tenant and host stand there twice",
        ),
        (
            {"FERMATA_HOSTS": json.dumps([host(), host(tenant="south")])},
            "FERMATA_HOSTS: two share a secret of token_keys, so a token would not tell whose it is",
        ),
        (
            {"FERMATA_PUBLIC_URL": f"http://{CANARY}.example"},
            "FERMATA_PUBLIC_URL: must be https:// anywhere but on this machine",
        ),
        ({"FERMATA_ORIGINS": "https://x.example/path"}, "FERMATA_ORIGINS.0: must be origins such as"),
        ({"FERMATA_JOURNAL": f"postgres://{CANARY}"}, "FERMATA_JOURNAL: must be sqlite:///path"),
        ({"FERMATA_ORIGIN": "https://x.example"}, "FERMATA_ORIGIN: there is no such setting"),
    ],
)
def test_a_bad_setting_is_named_and_its_value_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str | None], says: str
) -> None:
    given(monkeypatch, **changes)
    with pytest.raises(Misconfigured) as refusal:
        load(Settings)
    assert str(refusal.value).startswith(says)
    assert CANARY not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "says"), [(b"port = ", "is not TOML"), (None, "cannot be read"), (b"\xff", "not TOML")]
)
def test_an_unreadable_file_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, says: str
) -> None:
    file = tmp_path / "fermata.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Misconfigured, match=says):
        load(Settings, file)


def test_settings_do_not_print_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)
    printed = repr(load(Settings))
    assert not [secret for secret in (MASTER, STRONG, OTHER, WHSEC) if secret in printed]
