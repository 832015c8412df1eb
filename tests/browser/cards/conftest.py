"""A small server with nothing but a stage on its page."""

from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.browser.cards.theatre import serve


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def url() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{tail:.*}", serve)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))
