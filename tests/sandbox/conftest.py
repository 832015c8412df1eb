"""A sandbox and a pretend plugin for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from plugin.sandbox.settings import SandboxSettings
from tests.sandbox.pretend_plugin import PretendPlugin
from tests.sandbox.running import Running, free_port, running, served, settings_for


@pytest.fixture
async def plugin() -> PretendPlugin:
    return PretendPlugin()


@pytest.fixture
async def plugin_url(plugin: PretendPlugin) -> AsyncIterator[str]:
    async with served(plugin.app(), free_port()) as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, plugin_url: str) -> SandboxSettings:
    return settings_for(tmp_path / "data", plugin_url, free_port())


@pytest.fixture
async def sandbox(settings: SandboxSettings) -> AsyncIterator[Running]:
    async with running(settings) as served_sandbox:
        yield served_sandbox
