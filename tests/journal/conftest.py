from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from plugin.journal.masters import Masters
from plugin.journal.sqlite import SqliteJournal
from plugin.ports import Journal
from tests.journal.making import masters

Engine = Callable[[], Journal]


@pytest.fixture
def keys() -> Masters:
    return masters()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "journal.sqlite"


@pytest.fixture(params=["sqlite"])
def engine(request: pytest.FixtureRequest, path: Path, keys: Masters) -> Engine:
    """Opens the same journal again and again; one parameter for each engine that claims to be a journal."""
    assert request.param == "sqlite"
    return lambda: SqliteJournal(path, keys)


@pytest.fixture
async def journal(engine: Engine) -> AsyncIterator[Journal]:
    opened = engine()
    yield opened
    await opened.close()
