"""What is built is whole: the demo runs from a wheel, in an empty folder, far from the checkout."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(build, check=True, timeout=180)
    (built,) = folder.glob("fermata-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, as an installer leaves it."""
    site = tmp_path_factory.mktemp("site")
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run(install, check=True, timeout=180)
    return site


@pytest.fixture
def demo(installed: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The demo, started from the installed wheel in an empty folder."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "plugin", "demo", "--json", "--data", str(tmp_path / "data")]
    empty = tmp_path / "empty"
    empty.mkdir()
    process = subprocess.Popen(command, cwd=empty, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    yield json.loads(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    process.stdout.close()


def test_the_wheel_holds_words_overlays_instruments_and_the_manifest(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        "plugin/_data/manifest.json",
        "plugin/_data/manifest.schema.json",
        "plugin/_data/docs/results.schema.json",
        "plugin/_data/ui-snippets/fermata.js",
        "plugin/_data/ui-snippets/pause-sheet/words/en.json",
        "plugin/instruments/session-pulse.json",
        "plugin/sandbox/pages/call.html",
        "plugin/sandbox/record/elements.json",
        "webhooks/livekit.py",
    }
    assert wanted <= held
    assert not [name for name in held if name.startswith(("tests/", "benchmarks/"))]


def test_the_demo_runs_from_the_wheel_in_an_empty_folder(demo: dict[str, str]) -> None:
    pages = [
        demo["plugin"] + "/embed/v1/fermata.js",
        demo["plugin"] + "/manifest.json",
        demo["sandbox"] + "/call",
    ]
    for page in pages:
        with urllib.request.urlopen(page, timeout=10) as answer:
            assert answer.status == 200
            assert answer.read()
