"""What is particular to a platform with an API of its own; what it shares is in ``test_every_record``."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from plugin.ports import Hopeless, Postponed
from plugin.results.hostapi import HostApiResults
from plugin.results.place import Bearer, Place
from tests.results import samples
from tests.results.platforms import PLATFORMS, access_by
from tests.results.proofs import STATIC_TOKEN
from tests.results.saving import now, signing

Answering = Callable[[web.Request], web.Response]


@asynccontextmanager
async def answered(answer: Answering) -> AsyncIterator[HostApiResults]:
    """A client whose host answers everything alike."""

    async def always(request: web.Request) -> web.Response:
        return answer(request)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", always)
    async with TestServer(app) as server:
        place = Place("north", str(server.make_url("/v1")), Bearer(STATIC_TOKEN), samples.SECRET)
        kept = HostApiResults(place, now=now)
        yield kept
        await kept.close()


async def test_a_host_is_reached_with_its_token_and_stores_nothing(tmp_path: Path) -> None:
    for name in ("plain, static token", "plain, secret in the form"):
        folder = tmp_path / name
        folder.mkdir()
        async with PLATFORMS[name](folder) as platform, platform.client() as kept:
            assert isinstance(kept, HostApiResults)
            await kept.reach()
            assert await platform.held() == {}


REACHED: dict[str, tuple[Answering, str]] = {
    "token_refused": (lambda _: web.Response(status=401), "token_refused"),
    "http_503": (lambda _: web.Response(status=503), "http_503"),
    "HTML": (lambda _: web.Response(text="<html>", content_type="text/html"), "unclear"),
    "another API": (lambda _: web.json_response({"name": "calls"}), "unclear"),
    "another version": (lambda _: web.json_response({"versions": [2]}), "version_not_taken"),
}


@pytest.mark.parametrize("name", REACHED)
async def test_a_host_that_would_take_nothing_is_told_by_a_code(name: str) -> None:
    answer, code = REACHED[name]
    async with answered(answer) as kept:
        with pytest.raises(Postponed, match=code):
            await kept.reach()


async def test_a_base_that_is_not_there_is_hopeless() -> None:
    async with answered(lambda _: web.Response(status=404)) as kept:
        with pytest.raises(Hopeless, match="http_404"):
            await kept.reach()


@pytest.mark.parametrize("body", [{}, {"id": "other"}, {"id": None}, []], ids=str)
async def test_a_success_that_does_not_name_the_document_is_none(body: object) -> None:
    async with answered(lambda _: web.json_response(body, status=201)) as kept:
        with pytest.raises(Postponed, match="unclear"):
            await kept.save(samples.order(), samples.pulse())


async def test_another_document_under_the_same_id_is_left_to_an_operator(tmp_path: Path) -> None:
    async with PLATFORMS["plain, static token"](tmp_path) as platform, platform.client() as kept:
        await kept.save(samples.order(), samples.pulse())
        first = await platform.held()
        with pytest.raises(Hopeless, match="http_409"):
            await kept.save(samples.order(), samples.pulse().model_copy(update={"index": 10.0}))
        assert await platform.held() == first


def test_a_client_whose_token_endpoint_nobody_names_is_refused_at_the_start() -> None:
    for access in (access_by("client_secret_basic"), signing()):
        place = Place("north", "https://calls.example/v1", access, samples.SECRET)
        with pytest.raises(ValueError, match="token_url is missing"):
            HostApiResults(place, now=now)
