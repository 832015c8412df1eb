import logging
from io import BytesIO

import apsw
import pytest
from aiohttp import web

from plugin.sandbox.record.gate import Next
from tests.sandbox.record import samples
from tests.sandbox.record.conftest import EVERYTHING, Record, Serve
from tests.sandbox.record.stranger import ec_key, form
from tests.sandbox.record.test_interactions import r4b

JSON = {"Content-Type": "application/fhir+json"}

REQUESTS = {
    "an unknown resource": ("GET", "/Task/nobody", {}, b"", 404),
    "an unknown version": ("GET", "/Patient/ana/_history/2", {}, b"", 404),
    "an unknown type": ("GET", "/Medication", {}, b"", 404),
    "an unknown type to create": ("POST", "/Medication", JSON, b"{}", 404),
    "an unknown place": ("GET", "/Task/a/b/c", {}, b"", 404),
    "an id that is none": ("GET", "/Task/a%20b", {}, b"", 404),
    "a version that is none": ("GET", "/Task/a/_history/x", {}, b"", 404),
    "the root": ("GET", "", {}, b"", 405),
    "a delete": ("DELETE", "/Task/a", {}, b"", 405),
    "a patch": ("PATCH", "/Task/a", JSON, b"{}", 405),
    "a conditional update": ("PUT", "/Task?identifier=a", JSON, b"{}", 405),
    "a patient to create": ("POST", "/Patient", JSON, b'{"resourceType":"Patient"}', 405),
    "a provenance to update": ("PUT", "/Provenance/a", JSON, b"{}", 405),
    "XML": ("POST", "/Task", {"Content-Type": "application/fhir+xml"}, b"<Task/>", 415),
    "no type": ("POST", "/Task", {"Content-Type": "text/plain"}, b"{}", 415),
    "another charset": ("POST", "/Task", {"Content-Type": "application/json; charset=utf-16"}, b"{}", 415),
    "a search that is no form": ("POST", "/Task/_search", JSON, b"{}", 415),
    "a transaction in XML": ("POST", "", {"Content-Type": "application/fhir+xml"}, b"<Bundle/>", 415),
    "too much": ("POST", "/Task", JSON, b" " * (1024 * 1024 + 1), 413),
    "too long a form": (
        "POST",
        "/Task/_search",
        {"Content-Type": "application/x-www-form-urlencoded"},
        b"a=" + b"x" * 70_000,
        413,
    ),
    "a form that is none": (
        "POST",
        "/Task/_search",
        {"Content-Type": "application/x-www-form-urlencoded"},
        b"a=%ff",
        400,
    ),
    "no JSON": ("POST", "/Task", JSON, b"{", 400),
    "a list": ("POST", "/Task", JSON, b"[]", 400),
    "nothing": ("POST", "/Task", JSON, b"", 400),
    "another type in the body": ("POST", "/Task", JSON, b'{"resourceType":"Consent"}', 400),
    "a tag that is none": ("PUT", "/Task/a", {**JSON, "If-Match": "1"}, b"{}", 400),
}


@pytest.mark.parametrize(
    ("asked", "status"), [(one[:4], one[4]) for one in REQUESTS.values()], ids=REQUESTS.keys()
)
async def test_every_refusal_is_an_operation_outcome(
    record: Record, asked: tuple[str, str, dict[str, str], bytes], status: int
) -> None:
    method, path, headers, body = asked
    async with record.session.request(
        method,
        record.fhir + path,
        data=BytesIO(body) if body else None,
        headers={**record.headers, **headers},
    ) as answer:
        assert answer.status == status
        assert answer.content_type == "application/fhir+json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert status != 405 or answer.headers["Allow"]
        outcome = await answer.json(content_type=None)
    assert outcome["resourceType"] == "OperationOutcome"
    r4b(outcome)


async def test_a_body_without_a_length_is_bounded_too(record: Record) -> None:
    async def pieces() -> object:
        for _ in range(40):
            yield b" " * 64 * 1024

    async with record.session.post(
        f"{record.fhir}/Task", data=pieces(), headers={**record.headers, **JSON}
    ) as answer:
        assert answer.status == 413


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer nonsense", "Basic YTpi", "Bearer ä", "nonsense", "Bearer a, Bearer b"],
)
@pytest.mark.parametrize("path", ["/Task", "/Task/a", "/Medication", "/a/b/c/d", "", "/$export"])
async def test_without_a_valid_token_there_is_nothing_to_learn(
    record: Record, path: str, authorization: str
) -> None:
    record.headers = {"Authorization": authorization} if authorization else {}
    refused = await record.call("GET", path)
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"].startswith('Bearer realm="record"')
    assert refused.body["issue"][0]["code"] == "login"
    r4b(refused.body)


async def test_a_token_in_the_address_is_no_token(record: Record) -> None:
    token = await record.token()
    record.headers = {}
    assert (await record.call("GET", f"/Task?access_token={token}")).status == 401


async def test_two_tokens_are_no_token(record: Record) -> None:
    token = await record.token()
    headers = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    async with record.session.get(f"{record.fhir}/Task", headers=headers) as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    ("method", "path", "letter"),
    [
        ("POST", "/Task", "c"),
        ("GET", "/Task/{id}", "r"),
        ("GET", "/Task/{id}/_history/1", "r"),
        ("PUT", "/Task/{id}", "u"),
        ("GET", "/Task", "s"),
        ("GET", "/Task?identifier=a", "s"),
    ],
)
@pytest.mark.parametrize("given", "cruds")
async def test_each_interaction_needs_its_own_letter(
    record: Record, method: str, path: str, letter: str, given: str
) -> None:
    made = (await record.call("POST", "/Task", samples.task())).body
    body = {"POST": samples.task(), "PUT": made}.get(method)
    await record.sign_in(f"system/Task.{given}")
    answer = await record.call(method, path.replace("{id}", made["id"]), body)
    assert (answer.status == 403) is (given != letter)
    if answer.status == 403:
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="record", error="insufficient_scope"'
        assert answer.body["issue"][0]["code"] == "forbidden"
    await record.sign_in("system/Consent.cruds")
    assert (await record.call(method, path.replace("{id}", made["id"]), body)).status == 403


async def test_a_conditional_create_needs_the_right_to_read(record: Record) -> None:
    await record.call("POST", "/Task", samples.task("theirs"))
    await record.sign_in("system/Task.c")
    probe = await record.call("POST", "/Task", samples.task("theirs"), If_None_Exist="identifier=theirs")
    assert probe.status == 403
    assert (await record.call("POST", "/Task", samples.task())).status == 201


async def test_a_read_only_client_writes_nothing(record: Record) -> None:
    await record.sign_in(EVERYTHING, "reader", ec_key("reader"))
    assert (await record.call("GET", "/Task")).status == 200
    for method, path in (("POST", "/Task"), ("PUT", "/Task/a"), ("PUT", "/Consent/a")):
        assert (await record.call(method, path, samples.task())).status == 403
    bundle = samples.transaction(samples.task())
    assert (await record.call("POST", "", bundle)).status == 403
    assert await record.store.everything("Task") == []


async def test_a_full_disk_is_said_and_nothing_is_half_kept(record: Record) -> None:
    def full(connection: apsw.Connection) -> int:
        return int(str(connection.pragma("page_count")))

    pages = await record.store.run(full)
    await record.store.run(lambda connection: connection.pragma("max_page_count", pages))
    statuses = list[int]()
    while 503 not in statuses and len(statuses) < 200:
        refused = await record.call("POST", "/Task", {**samples.task(), "description": "d" * 4000})
        statuses.append(refused.status)
    assert refused.headers["Retry-After"] == "5"
    assert refused.body["issue"][0]["code"] == "transient"
    token = await record.ask_token(form(record.assertion(), "system/Task.rs"))
    assert token.status in (200, 503)
    assert len(await record.store.everything("Task")) == statuses.count(201)
    await record.store.run(lambda connection: connection.pragma("max_page_count", 10**6))
    assert (await record.call("POST", "/Task", samples.task())).status == 201
    assert (await record.call("GET", "/Task?_count=0")).body["total"] == statuses.count(201) + 1


async def test_a_bug_shows_neither_a_traceback_nor_what_was_said(
    serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await serve()
    await record.sign_in()

    def failing(*_: object) -> None:
        raise RuntimeError("a free text")

    monkeypatch.setattr("plugin.sandbox.record.writes.acceptable", failing)
    with caplog.at_level(logging.DEBUG):
        failed = await record.call("POST", "/QuestionnaireResponse", samples.response())
    assert failed.status == 500
    assert failed.body["issue"][0]["code"] == "exception"
    assert "free text" not in str(failed.body) + caplog.text
    assert "RuntimeError" in caplog.text


async def test_nothing_that_was_sent_is_logged(record: Record, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="sandbox.record"):
        await record.call("POST", "/QuestionnaireResponse", samples.response())
        await record.call("POST", "/QuestionnaireResponse", {**samples.response(), "status": "a free text"})
        await record.call("GET", "/QuestionnaireResponse?identifier=a-free-text")
    assert [one for one in caplog.records if one.name == "sandbox.record"] == []


async def test_a_test_may_put_a_fault_before_the_record(serve: Serve) -> None:
    @web.middleware
    async def busy(request: web.Request, handler: Next) -> web.StreamResponse:
        if request.method == "POST" and request.path.startswith("/fhir"):
            await handler(request)
            return web.Response(status=429, headers={"Retry-After": "1"})
        return await handler(request)

    record = await serve(middlewares=(busy,))
    await record.sign_in()
    async with record.session.post(
        f"{record.fhir}/Task", json=samples.task(), headers=record.headers
    ) as answer:
        assert answer.status == 429
    assert (await record.call("GET", "/Task")).body["total"] == 1
