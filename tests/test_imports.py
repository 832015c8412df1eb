"""The import contracts hold, and each of them notices a violation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLANTED = {
    "plugin/core/planted.py": "import plugin.runner\nimport random\n",
    "webhooks/planted.py": "import plugin.ports\n",
    "plugin/sandbox/planted.py": "import plugin.tokens\n",
    "plugin/performer_planted.py": "import plugin.sandbox.settings\n",
}


def contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the linter on the packages below *folder*, without its cache."""
    code = "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages' Python files and their contracts, somewhere they may be spoilt."""
    for package in ("plugin", "webhooks"):
        for file in (ROOT / package).rglob("*.py"):
            target = tmp_path / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def test_imports_point_inward(copy: Path) -> None:
    checked = contracts(copy)

    assert checked.returncode == 0, checked.stdout
    assert "0 broken" in checked.stdout


def test_every_contract_notices_what_it_is_there_for(copy: Path) -> None:
    for name, text in PLANTED.items():
        (copy / name).write_text(f'"""Planted."""\n\n{text}')

    checked = contracts(copy)

    assert checked.returncode == 1, checked.stderr
    assert "0 kept, 5 broken" in checked.stdout
