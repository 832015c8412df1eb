"""What holds for every address of the service."""

import json
from pathlib import Path

import pytest

from tests.house import House

ROOT = Path(__file__).parents[2]
CANARY = "canary7f3a"


def routes(house: House) -> list[tuple[str, str]]:
    return sorted(
        {
            (route.method, resource.canonical.replace("{tenant}", "north").replace("{host}", "sandbox"))
            for resource in house.app.router.resources()
            for route in resource
        }
    )


async def test_every_answer_has_the_headers_that_keep_pages_apart(house: House) -> None:
    asked = [*routes(house), ("GET", "/nowhere"), ("POST", "/healthz"), ("GET", "/v1/asks")]
    for method, path in asked:
        async with house.http.request(method, house.url + path) as answer:
            where = f"{method} {path}"
            assert answer.headers["X-Content-Type-Options"] == "nosniff", where
            assert answer.headers["Referrer-Policy"] == "no-referrer", where
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], where
            assert answer.headers["Strict-Transport-Security"], where
            assert answer.headers["Permissions-Policy"], where
            assert answer.headers["Server"] == "fermata", where
            assert answer.headers["Cache-Control"], where
            assert "Set-Cookie" not in answer.headers, where
            if answer.status >= 400:
                assert answer.content_type == "application/problem+json", where
                problem = json.loads(await answer.read() or b"{}")
                assert set(problem) <= {"type", "title", "status", "detail"}, where


async def test_a_socket_s_answer_has_them_too(house: House) -> None:
    socket = await house.socket()
    assert socket.response is not None
    assert socket.response.headers["Server"] == "fermata"
    assert socket.response.headers["X-Content-Type-Options"] == "nosniff"
    await socket.close()


async def test_what_breaks_inside_is_not_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(house.service.runner, "tell", broken)
    body = house.body("meeting.started")
    url = f"{house.url}/webhooks/north/sandbox"
    async with house.http.post(url, data=body, headers=house.signed(body)) as answer:
        assert answer.status == 500
        assert await answer.json(content_type=None) == {
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
        }


async def test_health_and_readiness(house: House) -> None:
    for path in ("/healthz", "/readyz"):
        async with house.http.get(house.url + path) as answer:
            assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    house.service.failed.set()
    async with house.http.get(f"{house.url}/readyz") as answer:
        assert answer.status == 503
