"""The sandbox's second store: strict about who writes, what is written, and that nothing is written over."""

import copy
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer, unused_port

from plugin.sandbox import results
from plugin.sandbox.record import Client, Store, record_app

WRITER, READER = "writer-token-0123456789-abcdefghij", "reader-token-0123456789-abcdefghij"
ID = "0b0f5f0e-1f0a-4b38-9d25-5f1d3a2b4c5d"
OTHER = "1b0f5f0e-1f0a-4b38-9d25-5f1d3a2b4c5d"
SESSION = "7f1de1a8-5d3c-5a86-9d53-0a4a50a2d1b3"
RESPONSE: dict[str, Any] = {
    "v": 1, "type": "response", "id": ID, "session": SESSION, "person": "ana", "role": "client",
    "instrument": "session-pulse", "version": "1", "authored": "2026-11-23T14:02:05.123Z",
    "answers": {"heard": 9, "off": {"code": "no"}, "helpful": "breathing"}, "index": 72.5,
}  # fmt: skip
COUNTED: dict[str, Any] = {
    "v": 1, "type": "counted", "id": ID, "instrument": "session-pulse", "version": "1",
    "authored": "2026-11-23", "answers": {"safe": 4}, "pseudonym": "0" * 32,
}  # fmt: skip
CONSENT: dict[str, Any] = {
    "v": 1, "type": "consent", "id": ID, "session": SESSION, "person": "ana", "version": "1",
    "given_at": "2026-11-23T14:02:05.123Z", "therapist_may_see": True, "practice_may_count": False,
}  # fmt: skip
PAUSE: dict[str, Any] = {
    "v": 1, "type": "pause", "id": ID, "session": SESSION, "person": "ana", "role": "client",
    "pause": "p", "pressed_at": "2026-11-23T14:02:05.123Z", "accepted_at": "2026-11-23T14:02:05.163Z",
    "closed_at": "2026-11-23T14:03:05.123Z", "outcome": "resumed", "unattended": False, "path": "ws", "nudges": 0,
}  # fmt: skip


@dataclass
class Api:
    base: str
    store: Store
    clients: dict[str, Client]
    http: aiohttp.ClientSession = field(default_factory=aiohttp.ClientSession)

    async def ask(
        self, method: str, path: str, body: object = None, *, token: str | None = WRITER, **headers: str
    ) -> tuple[int, Any]:
        sent = {"Content-Type": "application/json", **headers}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        async with self.http.request(method, self.base + path, data=data, headers=sent) as answer:
            return answer.status, await answer.json(content_type=None)

    async def put(self, document: dict[str, Any], key: str = ID) -> int:
        return (await self.ask("PUT", f"/results/{key}", document))[0]

    async def read(self, path: str = "/results") -> Any:
        return (await self.ask("GET", path, token=READER))[1]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    port = unused_port()
    store = Store(tmp_path / "record.sqlite3")
    clients = {
        "writer": Client("writer", "results.write", token_sha256=sha256(WRITER.encode()).hexdigest()),
        "reader": Client("reader", "results.read", token_sha256=sha256(READER.encode()).hexdigest()),
    }
    app = record_app(store, clients, base_url=f"http://127.0.0.1:{port}", now=lambda: datetime.now(UTC))
    results.mount(app)
    async with TestServer(app, port=port):
        api = Api(f"http://127.0.0.1:{port}/v1", store, clients)
        yield api
        await api.http.close()
    store.close()


@pytest.mark.parametrize("document", [RESPONSE, COUNTED, CONSENT, PAUSE], ids=lambda one: one["type"])
async def test_a_document_is_taken_once_and_read_back(api: Api, document: dict[str, Any]) -> None:
    assert await api.ask("PUT", f"/results/{ID}", document) == (201, {"id": ID})
    assert await api.ask("PUT", f"/results/{ID}", document) == (200, {"id": ID})
    assert await api.read(f"/results/{ID}") == document
    assert await api.read() == {"results": [document], "next": None}


async def test_nothing_is_written_over(api: Api) -> None:
    assert await api.put(RESPONSE) == 201
    assert await api.put({**RESPONSE, "index": 10.0}) == 409
    assert await api.put({**RESPONSE, "answers": {"heard": 1}}) == 409
    assert await api.read(f"/results/{ID}") == RESPONSE


async def test_the_list_goes_by_id_and_not_by_arrival(api: Api) -> None:
    ids = [f"{n}{ID[1:]}" for n in (3, 1, 2)]
    for one in ids:
        assert await api.put({**COUNTED, "id": one}, one) == 201
    first = await api.read("/results?limit=2")
    assert [one["id"] for one in first["results"]] == [ids[1], ids[2]]
    rest = await api.read(f"/results?limit=2&after={first['next']}")
    assert ([one["id"] for one in rest["results"]], rest["next"]) == ([ids[0]], None)


def _with(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    whole = {**copy.deepcopy(document), **changes}
    return {name: value for name, value in whole.items() if value is not ...}


REFUSED: dict[str, dict[str, Any]] = {
    "an unknown field": _with(RESPONSE, colour="red"),
    "another version": _with(RESPONSE, v=2),
    "an unknown type": _with(RESPONSE, type="diary"),
    "no person": _with(RESPONSE, person=...),
    "an unknown role": _with(RESPONSE, role="stranger"),
    "a score of eleven": _with(RESPONSE, answers={"heard": 11}),
    "a score as a text of nothing": _with(RESPONSE, answers={"heard": ""}),
    "a yes for a score": _with(RESPONSE, answers={"heard": True}),
    "a chip with more in it": _with(RESPONSE, answers={"off": {"code": "no", "display": "No"}}),
    "a moment without a zone": _with(RESPONSE, authored="2026-11-23T14:02:05"),
    "an index above a hundred": _with(RESPONSE, index=101),
    "a counted text": _with(COUNTED, answers={"helpful": "breathing"}),
    "a counted person": _with(COUNTED, person="ana"),
    "a counted session": _with(COUNTED, session=SESSION),
    "a counted time of day": _with(COUNTED, authored="2026-11-23T14:02:05Z"),
    "a name for a pseudonym": _with(COUNTED, pseudonym="ana"),
    "a consent of words": _with(CONSENT, therapist_may_see="yes"),
    "a pause without an outcome": _with(PAUSE, outcome=...),
    "nudges below nothing": _with(PAUSE, nudges=-1),
}


@pytest.mark.parametrize("wrong", REFUSED)
async def test_what_is_no_document_is_refused_without_a_word_of_it(api: Api, wrong: str) -> None:
    status, said = await api.ask("PUT", f"/results/{ID}", REFUSED[wrong])
    assert status == 422
    assert said.keys() == {"type", "status", "title"}
    assert "ana" not in str(said)
    assert await api.read() == {"results": [], "next": None}


async def test_a_body_or_an_address_that_makes_no_sense_is_refused(api: Api) -> None:
    assert await api.put(RESPONSE, OTHER) == 400
    bodies = {
        b"{": 400,
        b"[]": 400,
        b'{"v":1,"v":1}': 400,
        b'{"v":NaN}': 400,
        b"\xff": 400,
        b" " * 300_000: 413,
    }
    for body, status in bodies.items():
        assert (await api.ask("PUT", f"/results/{ID}", body))[0] == status
    wrong = {"Content-Type": "text/html"}
    assert (await api.ask("PUT", f"/results/{ID}", RESPONSE, **wrong))[0] == 415
    for path in (f"/results/{ID.upper()}", "/results/1", "/other"):
        assert (await api.ask("PUT", path, RESPONSE))[0] in {404, 405}
    for query in ("after=x", "limit=0", "limit=x", "limit=-1"):
        assert (await api.ask("GET", f"/results?{query}", token=READER))[0] == 400


async def test_a_token_and_its_scope_are_needed_for_everything(api: Api) -> None:
    await api.put(RESPONSE)
    for method, path in (
        ("PUT", f"/results/{ID}"),
        ("GET", f"/results/{ID}"),
        ("GET", "/results"),
        ("GET", ""),
    ):
        for token in (None, "nobody's-token-0123456789-abcdefgh"):
            async with api.http.request(
                method, api.base + path, headers={"Authorization": f"Bearer {token}"} if token else {}
            ) as answer:
                assert answer.status == 401
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
                assert answer.headers["Cache-Control"] == "no-store"
    assert (await api.ask("PUT", f"/results/{ID}", RESPONSE, token=READER))[0] == 403
    assert (await api.ask("GET", f"/results/{ID}"))[0] == 403
    assert (await api.ask("GET", "/results"))[0] == 403
    assert (await api.ask("GET", f"/results/{OTHER}", token=READER))[0] == 404


async def test_the_base_says_which_versions_are_taken(api: Api) -> None:
    assert await api.ask("GET", "") == (200, {"versions": [1]})


async def test_scopes_of_the_record_open_nothing_here(api: Api) -> None:
    api.clients["writer"] = Client(
        "writer", "system/*.cruds", token_sha256=sha256(WRITER.encode()).hexdigest()
    )
    assert await api.put(RESPONSE) == 403


@pytest.mark.parametrize("failure", ["full", "defect"])
async def test_a_failure_says_nothing_of_what_it_was_about(
    api: Api, failure: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import apsw

    def failing(*_: object) -> None:
        raise apsw.FullError("breathing") if failure == "full" else RuntimeError("breathing")

    monkeypatch.setattr("plugin.sandbox.results.rows.put", failing)
    status, said = await api.ask("PUT", f"/results/{ID}", RESPONSE)
    assert status == (503 if failure == "full" else 500)
    assert "breathing" not in str(said) + caplog.text
    assert "Error" in caplog.text
