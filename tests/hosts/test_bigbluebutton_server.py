"""A small server that works every digest out from the request line as it came, by another reckoning than ours."""

import hashlib
from collections.abc import AsyncIterator, Generator
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from plugin.hosts import bigbluebutton
from plugin.hosts.bigbluebutton import Account
from plugin.hosts.host import NotTold, Reply, Request
from tests.forged import NOW
from tests.hosts.test_bigbluebutton import (
    ACCOUNT,
    BAD_CHECKSUM,
    CALL,
    CREATED,
    DUPLICATE,
    HOOK,
    NOT_FOUND,
    info,
    present,
)
from webhooks.events import Present, Role


class Server:
    """A server of our own with hooks and one meeting, which works the digests out from the request line."""

    def __init__(self) -> None:
        self.hooks: dict[str, str] = {}
        self.refused = 0

    async def answer(self, request: web.Request) -> web.Response:
        path, _, query = request.raw_path.partition("?")
        signed, _, given = query.rpartition("checksum=")
        call = path.removeprefix("/bigbluebutton/api/")
        algorithm = {40: hashlib.sha1, 64: hashlib.sha256, 96: hashlib.sha384, 128: hashlib.sha512}[
            len(given)
        ]
        if algorithm(f"{call}{signed.removesuffix('&')}{ACCOUNT.secret}".encode()).hexdigest() != given:
            self.refused += 1
            return web.Response(body=BAD_CHECKSUM)
        parameters = {name: values[0] for name, values in parse_qs(signed).items()}
        return web.Response(body=self.answered(call, parameters), content_type="text/xml")

    def answered(self, call: str, parameters: dict[str, str]) -> bytes:
        if call == "getMeetingInfo":
            return info(("cl-0001", "VIEWER")) if parameters["meetingID"] == CALL.meeting else NOT_FOUND
        if call == "hooks/create":
            known = self.hooks.setdefault(parameters["callbackURL"], "new") == "old"
            return DUPLICATE if known else CREATED
        assert call == "hooks/list"
        return b"<response><returncode>SUCCESS</returncode><hooks/></response>"


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, str]]:
    app, found = web.Application(), Server()
    app.router.add_get("/{any:.*}", found.answer)
    async with TestServer(app) as running:
        yield found, str(running.make_url("")).rstrip("/")


async def carried(steps: Generator[Request, Reply, Any]) -> Any:
    async with aiohttp.ClientSession() as client:
        request = next(steps)
        while True:
            async with client.request(request.method, request.url, headers=request.headers) as response:
                reply = Reply(response.status, await response.read())
            try:
                request = steps.send(reply)
            except StopIteration as end:
                return end.value


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
async def test_a_server_that_checks_finds_every_digest_right(
    server: tuple[Server, str], algorithm: str
) -> None:
    found, url = server
    account = Account.model_validate({"secret": ACCOUNT.secret, "checksum": algorithm})
    facts = await carried(bigbluebutton.ask(url, CALL, account, NOW))
    await carried(bigbluebutton.register(url, HOOK, {}, account, NOW))
    found.hooks[HOOK] = "old"
    await carried(bigbluebutton.register(url, HOOK, {}, account, NOW))

    assert facts == present(Present(person="cl-0001", role=Role.CLIENT))
    assert found.refused == 0
    assert list(found.hooks) == [HOOK]


async def test_a_wrong_secret_is_found_out_by_the_server(server: tuple[Server, str]) -> None:
    found, url = server
    with pytest.raises(NotTold, match="wrong_secret"):
        await carried(bigbluebutton.ask(url, CALL, Account(secret="another"), NOW))
    assert found.refused == 1
