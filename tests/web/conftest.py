from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.house import House, running


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A running service with one call begun: pat-1 the client, pra-1 the therapist."""
    async with running(tmp_path / "data") as house:
        await house.begin()
        yield house
