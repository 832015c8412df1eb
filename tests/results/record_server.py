"""A FHIR server with a token endpoint that can be told to misbehave, over real HTTP.

It checks every resource with the two strict readers and every proof of its client to the letter. Its searches lag as
long as it is told, by a clock that the test moves.
"""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from tests.results.faults import Fault
from tests.results.proofs import PROOFS, STATIC_TOKEN
from tests.results.recorded import RecordServer

_RECORD = web.AppKey("RECORD", RecordServer)


@asynccontextmanager
async def serving(record: RecordServer) -> AsyncIterator[RecordServer]:
    if record.method == "bearer":
        record.tokens.append(STATIC_TOKEN)
    app = web.Application(middlewares=[_listen])
    app[_RECORD] = record
    app.add_routes(
        [
            web.get("/fhir/.well-known/smart-configuration", _discovery),
            web.get("/fhir/metadata", _metadata),
            web.post("/oauth/token", _token),
            web.post("/fhir", _transact),
            web.post("/fhir/{kind}", _create),
            web.get("/fhir/{kind}", _search),
        ]
    )
    async with TestServer(app) as server:
        record.base = str(server.make_url("/fhir"))
        try:
            yield record
        finally:
            record.released.set()


@web.middleware
async def _listen(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Notes every request, whatever becomes of it."""
    sent = f"{request.path_qs} {dict(request.headers)} {await request.text()}"
    request.app[_RECORD].wire.append(sent)
    return await handler(request)


def _fault(
    faults: deque["Fault | None"], record: RecordServer, request: web.Request
) -> web.StreamResponse | None:
    fault = faults.popleft() if faults else None
    return fault(record, request) if fault else None


async def _discovery(request: web.Request) -> web.Response:
    record = request.app[_RECORD]
    record.seen.append("discovery")
    if not record.discovery:
        return web.Response(status=404)
    endpoint = str(request.url.with_path("/oauth/token"))
    return web.json_response({"token_endpoint": endpoint, "capabilities": list(record.capabilities)})


async def _metadata(request: web.Request) -> web.StreamResponse:
    record = request.app[_RECORD]
    record.seen.append("metadata")
    if faulty := _fault(record.metadata_faults, record, request):
        return faulty
    interactions = [{"code": "create"}, *([{"code": "search-type"}] if record.search else [])]
    offered = [
        {"type": kind, "interaction": interactions, "conditionalCreate": record.conditional}
        for kind in record.kinds
    ]
    whole = [{"code": "transaction"}] if record.transactions else []
    rest = {"mode": "server", "resource": offered, "interaction": whole}
    statement = {"resourceType": "CapabilityStatement", "rest": [rest]}
    return web.json_response(statement)


async def _token(request: web.Request) -> web.StreamResponse:
    record = request.app[_RECORD]
    record.seen.append("token")
    form = {name: str(value) for name, value in (await request.post()).items()}
    assert form["grant_type"] == "client_credentials"
    PROOFS[record.method](request, form, record.assertions)
    record.scopes_asked.append(form.get("scope", ""))
    if faulty := _fault(record.token_faults, record, request):
        return faulty
    record.tokens.append(f"token-{len(record.tokens)}")
    life = {} if record.token_life is None else {"expires_in": record.token_life}
    grant = {"access_token": record.tokens[-1], "token_type": record.token_type, **life}
    return web.json_response(grant | ({} if record.granted is None else {"scope": record.granted}))


def _unauthorised(record: RecordServer, request: web.Request) -> bool:
    return request.headers.get("Authorization") != f"Bearer {record.tokens[-1] if record.tokens else ''}"


async def _create(request: web.Request) -> web.StreamResponse:
    record, kind = request.app[_RECORD], request.match_info["kind"]
    record.seen.append(f"create {kind}")
    if _unauthorised(record, request):
        return web.json_response({"resourceType": "OperationOutcome"}, status=401)
    if kind in record.unwanted:
        return web.json_response({"resourceType": "OperationOutcome"}, status=422)
    record.writing += 1
    record.most_writing = max(record.most_writing, record.writing)
    record.arrivals.put_nowait(kind)
    try:
        return await _write(record, request, kind)
    finally:
        record.writing -= 1


async def _write(record: RecordServer, request: web.Request, kind: str) -> web.StreamResponse:
    resource = await request.json()
    condition = request.headers.get("If-None-Exist")
    assert condition is None or record.conditional, "asked for more than the statement offers"
    there = record.found(kind, condition.removeprefix("identifier="), at_once=True) if condition else []
    if faulty := _fault(record.create_faults, record, request):
        if faulty.headers.get("X-Fault") in {"slow", "slow after writing"}:
            if faulty.headers["X-Fault"] == "slow after writing":
                _keep_if_absent(record, there, resource)
            await record.released.wait()
        if faulty.headers.get("X-Fault") == "cut after writing":
            _keep_if_absent(record, there, resource)
        if faulty.headers.get("X-Fault") == "cut and written late":
            record.late.append((record.clock() + 5, resource))
        if "cut" in faulty.headers.get("X-Fault", "") and request.transport:
            request.transport.abort()
        return faulty
    if there:
        return web.json_response(there[0], status=200 if len(there) == 1 else 412)
    return web.json_response(record.keep(resource), status=201)


async def _transact(request: web.Request) -> web.StreamResponse:
    record = request.app[_RECORD]
    record.seen.append("transaction")
    assert record.transactions, "asked for more than the statement offers"
    if _unauthorised(record, request):
        return web.json_response({"resourceType": "OperationOutcome"}, status=401)
    bundle = await request.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")
    if faulty := _fault(record.transaction_faults, record, request):
        return faulty
    entries = bundle["entry"]
    refused = any(entry["resource"]["resourceType"] in record.unwanted for entry in entries)
    if refused or len(entries) > record.most_entries:
        return web.json_response({"resourceType": "OperationOutcome"}, status=400)
    answers = [{"response": {"status": _created(record, entry)}} for entry in entries]
    return web.json_response({"resourceType": "Bundle", "type": "transaction-response", "entry": answers})


def _created(record: RecordServer, entry: dict[str, Any]) -> str:
    kind, condition = entry["request"]["url"], entry["request"]["ifNoneExist"]
    assert (entry["request"]["method"], kind) == ("POST", entry["resource"]["resourceType"])
    there = record.found(kind, condition.removeprefix("identifier="), at_once=True)
    _keep_if_absent(record, there, entry["resource"])
    return "200 OK" if there else "201 Created"


def _keep_if_absent(record: RecordServer, there: list[dict[str, Any]], resource: dict[str, Any]) -> None:
    if not there:
        record.keep(resource)


def _found_by(kind: str) -> str:
    return "target" if kind == "Provenance" else "identifier"


async def _search(request: web.Request) -> web.StreamResponse:
    record, kind = request.app[_RECORD], request.match_info["kind"]
    record.seen.append(f"search {kind}")
    if _unauthorised(record, request):
        return web.json_response({"resourceType": "OperationOutcome"}, status=401)
    assert record.search, "asked for more than the statement offers"
    entries = [{"resource": one} for one in record.found(kind, request.query[_found_by(kind)])]
    return web.json_response({"resourceType": "Bundle", "type": "searchset", "entry": entries})
