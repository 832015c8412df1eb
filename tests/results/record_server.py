"""A FHIR server with a token endpoint that can be told to misbehave, over real HTTP.

It checks every resource with the two strict readers and every proof of its client to the letter. Its searches lag as
long as it is told, by a clock that the test moves.
"""

import asyncio
from base64 import b64encode
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from tests.results import keys
from tests.results.strict import complaints

Fault = Callable[[object, web.Request], "web.StreamResponse | None"]
"""Answers in place of the server, or null to let it go on."""

KINDS = ("QuestionnaireResponse", "Observation", "Consent")

CLIENT_SECRET = "handed-out:by the host/7f3a"
STATIC_TOKEN = "made-once-by-the-host-operator-0123456789"


class Clock:
    """Monotonic seconds that only a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass(slots=True)
class RecordServer:
    clock: Clock
    conditional: bool = True
    search: bool = True
    kinds: tuple[str, ...] = KINDS
    unwanted: tuple[str, ...] = ()
    """Kinds that are offered, and refused when they come."""
    granted: str | None = "system/*.crs"
    capabilities: tuple[str, ...] = ("client-confidential-asymmetric", "permission-v2")
    transactions: bool = False
    most_entries: int = 100
    """A transaction with more is refused."""
    method: str = "private_key_jwt"
    """How the client proves itself at the token endpoint."""
    discovery: bool = True
    lag: float = 0.0
    deaf: bool | str = False
    """Answers a search (for one kind, or any) with everything, as servers do that do not know a parameter."""
    token_life: object = 60
    token_type: str = "Bearer"
    base: str = ""
    stored: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    late: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """Writes that the server carries out after their sender has given up, and when."""
    create_faults: deque["Fault | None"] = field(default_factory=deque)
    token_faults: deque["Fault | None"] = field(default_factory=deque)
    transaction_faults: deque["Fault | None"] = field(default_factory=deque)
    metadata_faults: deque["Fault | None"] = field(default_factory=deque)
    seen: list[str] = field(default_factory=list)
    assertions: list[dict[str, Any]] = field(default_factory=list)
    algorithms: list[str] = field(default_factory=list)
    scopes_asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    wire: list[str] = field(default_factory=list)
    """Everything that was ever sent here: address, headers and body of each request."""
    writing: int = 0
    most_writing: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    arrivals: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    @property
    def resources(self) -> list[dict[str, Any]]:
        return [resource for _, resource in self.stored]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.resources if one["resourceType"] == kind]

    def times(self, what: str) -> int:
        return self.seen.count(what)

    def keep(self, resource: dict[str, Any]) -> dict[str, Any]:
        assert complaints(resource) == set()
        kept = {**resource, "id": str(len(self.stored) + 1)}
        self.stored.append((self.clock(), kept))
        return kept

    def found(self, kind: str, token: str, *, at_once: bool = False) -> list[dict[str, Any]]:
        for at, resource in [one for one in self.late if self.clock() >= one[0]]:
            self.late.remove((at, resource))
            self.keep(resource)
        seen = [one for at, one in self.stored if at_once or self.clock() >= at + self.lag]
        return [
            one
            for one in seen
            if self.deaf in {True, kind} or (one["resourceType"] == kind and token in _identifiers(one))
        ]


def _identifiers(resource: dict[str, Any]) -> list[str]:
    if resource["resourceType"] == "Provenance":
        return [str(one["reference"]) for one in resource["target"]]
    held = resource["identifier"]
    return [f"{one['system']}|{one['value']}" for one in (held if isinstance(held, list) else [held])]


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
    _PROOFS[record.method](record, request, form)
    record.scopes_asked.append(form.get("scope", ""))
    if faulty := _fault(record.token_faults, record, request):
        return faulty
    record.tokens.append(f"token-{len(record.tokens)}")
    life = {} if record.token_life is None else {"expires_in": record.token_life}
    grant = {"access_token": record.tokens[-1], "token_type": record.token_type, **life}
    return web.json_response(grant | ({} if record.granted is None else {"scope": record.granted}))


def _check_assertion(record: RecordServer, request: web.Request, form: dict[str, str]) -> None:
    assertion = form["client_assertion"]
    header = jwt.get_unverified_header(assertion)
    key = (keys.curve() if header["alg"] == "ES384" else keys.classic()).public_key()
    claims = jwt.decode(
        assertion, key, [header["alg"]], audience=str(request.url), options={"verify_exp": False}
    )
    assert header["kid"] == "k1"
    assert claims["iss"] == claims["sub"] == "fermata"
    assert claims["jti"] not in [one["jti"] for one in record.assertions]
    assert 0 < claims["exp"] - claims["iat"] <= 300
    record.assertions.append(claims)
    record.algorithms.append(header["alg"])


def _check_header(_record: RecordServer, request: web.Request, form: dict[str, str]) -> None:
    encoded = "fermata:" + quote_plus(CLIENT_SECRET)
    assert request.headers["Authorization"] == "Basic " + b64encode(encoded.encode()).decode()
    assert form.keys() == {"grant_type", "scope"}


def _check_form(_record: RecordServer, request: web.Request, form: dict[str, str]) -> None:
    assert "Authorization" not in request.headers
    assert (form["client_id"], form["client_secret"]) == ("fermata", CLIENT_SECRET)
    assert form.keys() == {"grant_type", "scope", "client_id", "client_secret"}


_PROOFS = {
    "private_key_jwt": _check_assertion,
    "client_secret_basic": _check_header,
    "client_secret_post": _check_form,
}


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


def status(
    code: int, *, after: str | None = None, body: str = '{"resourceType":"OperationOutcome"}'
) -> Fault:
    headers = {} if after is None else {"Retry-After": after}
    return lambda _record, _request: web.Response(
        status=code, text=body, headers=headers, content_type="application/fhir+json"
    )


def html(code: int = 200) -> Fault:
    return lambda _record, _request: web.Response(
        status=code, text="<html>Please log in</html>", content_type="text/html"
    )


def redirect() -> Fault:
    return lambda _record, _request: web.Response(status=307, headers={"Location": "/trap"})


def fails(how: str) -> Fault:
    """Misbehave by name: ``slow``, ``slow after writing``, ``cut``, ``cut after writing``, ``cut and written late``.

    Late is five seconds of the clock later.
    """
    return lambda _record, _request: web.Response(headers={"X-Fault": how})
