"""The interactions of the FHIR API, one function each."""

from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from plugin.sandbox.record import answers, bodies, bundle, rows, writes
from plugin.sandbox.record.documents import instant
from plugin.sandbox.record.etags import etag, version_of
from plugin.sandbox.record.gate import permit
from plugin.sandbox.record.json_value import Json, Resource
from plugin.sandbox.record.outcome import Refusal
from plugin.sandbox.record.query import Query, condition, cursor, search
from plugin.sandbox.record.rows import Kept
from plugin.sandbox.record.setting import SETTING, Setting
from plugin.sandbox.record.writes import Written

FORM_BYTES = 64 * 1024


async def create(request: web.Request) -> web.Response:
    """Create, unless ``If-None-Exist`` finds one: 201, 200 or 412.

    A conditional create also needs the right to read: its answer may hold what somebody else wrote.
    """
    kind, setting = request.match_info["kind"], request.config_dict[SETTING]
    given = request.headers.get("If-None-Exist")
    permit(request, kind, "create", *("r" if given is not None else ""))
    unless = condition(kind, given) if given is not None else None
    resource = await bodies.resource(request)
    writes.acceptable(resource, kind)
    at = setting.now()
    written = await setting.store.run(lambda connection: writes.create(connection, resource, unless, at))
    place = {"Location": f"{setting.fhir}/{_place(written.kept)}"}
    return answers.kept(written.kept, 201 if written.created else 200, place)


async def update(request: web.Request) -> web.Response:
    """Put the next version of a resource, if ``If-Match`` still holds."""
    kind, key, setting = request.match_info["kind"], request.match_info["id"], request.config_dict[SETTING]
    permit(request, kind, "update")
    match = version_of(request.headers["If-Match"]) if "If-Match" in request.headers else None
    resource = await bodies.resource(request)
    writes.acceptable(resource, kind)
    if resource.get("id") != key:
        raise Refusal(
            400, "value", "The id of the resource is not that of the address.", expression=f"{kind}.id"
        )
    at = setting.now()
    written = await setting.store.run(lambda connection: writes.update(connection, resource, match, at))
    return answers.kept(written.kept, headers={"Location": f"{setting.fhir}/{_place(written.kept)}"})


async def read(request: web.Request) -> web.Response:
    """Answer with the newest version."""
    kind, key = request.match_info["kind"], request.match_info["id"]
    permit(request, kind, "read")
    store = request.config_dict[SETTING].store
    return _found(await store.run(lambda connection: rows.current(connection, kind, key)))


async def vread(request: web.Request) -> web.Response:
    """Answer with one version."""
    kind, key, number = (request.match_info[name] for name in ("kind", "id", "version"))
    permit(request, kind, "vread")
    store = request.config_dict[SETTING].store
    return _found(await store.run(lambda connection: rows.version(connection, kind, key, int(number))))


async def find(request: web.Request) -> web.Response:
    """Search by the query of the address."""
    return await _searched(request, list(request.query.items()))


async def find_by_form(request: web.Request) -> web.Response:
    """Search by a form, so that no identifier stands in an address."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refusal(415, "not-supported", "A search by POST is a form.")
    body = await bodies.bounded(request, FORM_BYTES)
    if body is None:
        raise Refusal(413, "too-long", f"The form is longer than {FORM_BYTES} bytes.")
    try:
        form = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise Refusal(400, "structure", "The form cannot be read.") from None
    return await _searched(request, [*request.query.items(), *form])


async def transact(request: web.Request) -> web.Response:
    """Do all writes of a transaction, or none; each needs the same right as it would alone."""
    setting = request.config_dict[SETTING]
    transaction = bundle.entries(await bodies.resource(request))
    for entry in transaction:
        permit(request, entry.kind, entry.interaction, *("r" if entry.unless else ""))
    at = setting.now()
    done = await setting.store.run(lambda connection: bundle.perform(connection, transaction, at))
    listed: list[Json] = [
        {"response": _response(entry, written)} for entry, written in zip(transaction, done, strict=True)
    ]
    return answers.document({"resourceType": "Bundle", "type": "transaction-response", "entry": listed})


async def _searched(request: web.Request, pairs: list[tuple[str, str]]) -> web.Response:
    kind, setting = request.match_info["kind"], request.config_dict[SETTING]
    permit(request, kind, "search-type")
    query = search(kind, pairs)
    page, following, total = await setting.store.run(lambda connection: rows.page(connection, query))
    links: list[Json] = [
        {"relation": "self", "url": _link(setting, query, {"_count": str(query.page.count)})}
    ]
    if following:
        more = {"_count": str(query.page.count), "_page": cursor(*following)}
        links.append({"relation": "next", "url": _link(setting, query, more)})
    matches: list[Json] = [
        {"fullUrl": f"{setting.fhir}/{kind}/{one.id}", "resource": one.resource, "search": {"mode": "match"}}
        for one in page
    ]
    entry: Resource = {"entry": matches} if matches else {}
    answer: Resource = {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links, **entry}
    return answers.document(answer)


def _link(setting: Setting, query: Query, controls: dict[str, str]) -> str:
    return f"{setting.fhir}/{query.kind}?{urlencode([*query.asked, *controls.items()])}"


def _response(entry: bundle.Entry, written: Written) -> Resource:
    status = "201 Created" if written.created else "200 OK"
    one = written.kept
    return {
        "status": status,
        "location": _place(one),
        "etag": etag(one.version),
        "lastModified": instant(one.at),
    }


def _place(one: Kept) -> str:
    return f"{one.kind}/{one.id}/_history/{one.version}"


def _found(one: Kept | None) -> web.Response:
    if one is None:
        raise Refusal(404, "not-found", "There is no such resource.")
    return answers.kept(one)
