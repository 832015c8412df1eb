import subprocess
import sys
from pathlib import Path

import pytest

from plugin.__main__ import COMMANDS, main
from tests.commands.process import ROOT, config_in, fermata, said


def test_it_says_its_version() -> None:
    run = fermata("--version")
    assert (run.returncode, run.stdout) == (0, "fermata 0.1.0\n")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert f"fermata {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["dance"],
        ["serve", "--loud"],
        ["journal"],
        ["orders", "eat"],
        ["webhook"],
        ["demo", "--port", "x"],
    ],
)
def test_bad_usage_is_one_line_and_2(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(args)
    assert end.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    "command", [["serve"], ["check"], ["sessions"], ["orders", "list"], ["journal", "dump"]]
)
def test_a_missing_secret_is_one_line_and_2(command: list[str]) -> None:
    run = fermata(*command)
    assert run.returncode == 2
    assert said(run).endswith("FERMATA_MASTER_KEYS: is missing")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"token_keys": '{ o1 = "short" }'}, "FERMATA_TOKEN_KEYS: key 1 is shorter than 32 bytes"),
        ({"master_keys": '{ m1 = "AAAA" }'}, "FERMATA_MASTER_KEYS: key 1 is not 32 bytes made by chance"),
        ({"pseudonym_key": '"short"'}, "FERMATA_PSEUDONYM_KEY: is shorter than 32 bytes"),
        ({"colour": '"red"'}, "FERMATA_COLOUR: there is no such setting"),
        ({"port": '"many"'}, "FERMATA_PORT: Input should be a valid integer"),
    ],
)
def test_a_weak_setting_stops_the_start(tmp_path: Path, changes: dict[str, str], says: str) -> None:
    run = fermata("serve", "--config", str(config_in(tmp_path, 0, changes)))
    assert run.returncode == 2
    assert said(run).startswith(f"fermata serve: {says}")


def test_a_key_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    results = (
        'base = "http://127.0.0.1:9/fhir"\nclient_id = "c"\nkid = "k"\nscope = "s"\nkey_file = "none.pem"'
    )
    config.write_text(config.read_text() + "\n[hosts.results]\n" + results)
    run = fermata("serve", "--config", str(config))
    assert run.returncode == 2
    assert said(run) == (
        "fermata serve: FERMATA_HOSTS: results of north/sandbox: key_file cannot be read (No such file or directory)"
    )


def test_output_that_nobody_reads_to_the_end_is_no_failure(tmp_path: Path) -> None:
    command = f"{sys.executable} -m plugin --help | head -c 1"
    run = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.stderr == ""
