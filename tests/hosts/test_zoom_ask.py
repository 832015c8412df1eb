"""Asking Zoom whether a call runs, and of one that is over who was there: with replies as documented."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from pydantic import ValidationError

from plugin.hosts import named
from plugin.hosts.host import Askable, Asking, Call, NotTold, Reply, Request
from plugin.hosts.zoom import ask
from plugin.hosts.zoom_account import Account
from tests.hosts.zoom_server import MARKER, VirtualTime, pretend_zoom
from webhooks.events import HostFact, MeetingEnded, PeoplePresent, PersonJoined, PersonLeft

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ACCOUNT = Account(client_id="client-id", client_secret="client-secret", account_id="account-1")
CALL = Call("841", "u1==", {"167": "patient-17"})
TOKEN = Reply(
    200, b'{"access_token":"tok-marker","token_type":"bearer","expires_in":3599,"scope":"x","api_url":"y"}'
)


def reply(document: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(document).encode())


def row(user_id: object, join: str | None = "14:00:01", leave: str | None = "14:50:00", **more: Any) -> Any:
    times = {"join_time": join and f"2026-11-23T{join}Z", "leave_time": leave and f"2026-11-23T{leave}Z"}
    usual = {"id": "", "name": "Ben marker", "user_email": "ben@marker.example", "registrant_id": ""}
    return {"user_id": user_id, "status": "in_meeting", "failover": False, **usual, **times, **more}


NOT_RUNNING = reply({"id": 841, "uuid": "u1==", "status": "waiting", "topic": "marker", "join_url": "marker"})
GONE = reply({"code": 3001, "message": "Meeting does not exist: 841."}, 404)
OVER = reply({"id": 841, "uuid": "u1==", "end_time": "2026-11-23T14:50:02Z", "user_name": "Ana marker"})


def page(*rows: dict[str, Any], following: str = "") -> Reply:
    return reply({"page_size": 300, "total_records": 9, "next_page_token": following, "participants": rows})


def asked(
    *replies: Reply, call: Call = CALL, account: Account = ACCOUNT
) -> tuple[list[Request], list[HostFact]]:
    """The requests made, and what was concluded from the replies."""
    asking, requests = ask("", call, account, NOW), []
    request = next(asking)
    try:
        for each in replies:
            requests.append(request)
            request = asking.send(each)
    except StopIteration as done:
        return requests, list(done.value)
    raise AssertionError("more was asked than there are replies")


def facts(*rows: dict[str, Any], holders: Mapping[str, str] | None = None) -> list[HostFact]:
    call = Call("841", "u1==", CALL.holders if holders is None else holders)
    return asked(TOKEN, NOT_RUNNING, OVER, page(*rows), call=call)[1]


def test_a_token_is_asked_for_with_the_clients_secret_and_carried_in_a_header() -> None:
    requests, _ = asked(TOKEN, reply({"status": "started", "uuid": "u1=="}))

    assert (requests[0].method, requests[0].url) == ("POST", "https://zoom.us/oauth/token")
    assert requests[0].headers["Authorization"] == "Basic Y2xpZW50LWlkOmNsaWVudC1zZWNyZXQ="
    assert parse_qs((requests[0].body or b"").decode()) == {
        "grant_type": ["account_credentials"],
        "account_id": ["account-1"],
    }
    assert (requests[1].method, requests[1].url) == ("GET", "https://api.zoom.us/v2/meetings/841")
    assert requests[1].headers == {"Authorization": "Bearer tok-marker"}


def test_a_general_app_asks_by_its_own_grant() -> None:
    general = Account(client_id="client-id", client_secret="client-secret", grant="client_credentials")
    requests, _ = asked(TOKEN, reply({"status": "started"}), account=general)

    assert requests[0].body == b"grant_type=client_credentials"


@pytest.mark.parametrize("uuid", [{"uuid": "u1=="}, {}])
def test_a_call_that_runs_is_told_to_run_and_nothing_is_said_of_who_is_inside(uuid: dict[str, str]) -> None:
    _, told = asked(TOKEN, reply({"id": 841, "status": "started", **uuid}))

    key = f"asked:{NOW.isoformat()}"
    assert told == [
        PeoplePresent(host="zoom", meeting="841", occurrence="u1==", at=NOW, key=key, whole=False)
    ]


@pytest.mark.parametrize("first", [NOT_RUNNING, GONE, reply({"status": "started", "uuid": "the-next-run=="})])
def test_a_call_that_is_over_is_told_to_its_end(first: Reply) -> None:
    requests, told = asked(TOKEN, first, OVER, page(row("167"), row("168", leave="14:49:00")))

    assert [request.url for request in requests[2:]] == [
        "https://api.zoom.us/v2/past_meetings/u1%3D%3D",
        "https://api.zoom.us/v2/past_meetings/u1%3D%3D/participants?page_size=300",
    ]
    assert [(type(fact), fact.key, fact.at.time().isoformat()) for fact in told] == [
        (PersonJoined, "rest:u1==:167:joined", "14:00:01"),
        (PersonLeft, "rest:u1==:167:left", "14:50:00"),
        (PersonJoined, "rest:u1==:168:joined", "14:00:01"),
        (PersonLeft, "rest:u1==:168:left", "14:49:00"),
        (MeetingEnded, "rest:u1==:ended", "14:50:02"),
    ]
    assert {(fact.host, fact.meeting, fact.occurrence) for fact in told} == {("zoom", "841", "u1==")}


@pytest.mark.parametrize(
    ("given", "person"),
    [
        (row("167", id="zoom-user"), "patient-17"),
        (row(167, registrant_id="r-1"), "patient-17"),
        (row("168", id="zoom-user", registrant_id="r-1"), "zoom-user"),
        (row("168", registrant_id="r-1"), "r-1"),
        (row("168", id=None), "guest-168"),
    ],
)
def test_a_person_is_whom_the_events_named_for_this_stay(given: dict[str, Any], person: str) -> None:
    joined = facts(given)[0]

    assert isinstance(joined, PersonJoined)
    assert joined.person == person
    assert joined.connection == str(given["user_id"])


def test_no_role_comes_from_a_list_that_leaves_out_who_people_are() -> None:
    told = facts(row("167"), row("168", id="host-1"), row("169"))

    assert {fact.role for fact in told if isinstance(fact, PersonJoined)} == {None}


def test_time_in_the_waiting_room_is_no_stay_and_a_stay_in_two_rows_is_one() -> None:
    told = facts(
        row("167", status="in_waiting_room"),
        row("168", "14:00:00", "14:10:00"),
        row("168", "14:10:05", "14:20:00", failover=True),
        row("169", leave=None),
        row("", id="x"),
        row("170", join=None),
    )

    assert [(fact.key, fact.at.time().isoformat()) for fact in told] == [
        ("rest:u1==:168:joined", "14:00:00"),
        ("rest:u1==:168:left", "14:20:00"),
        ("rest:u1==:169:joined", "14:00:01"),
        ("rest:u1==:ended", "14:50:02"),
    ]


def test_names_and_addresses_stay_behind() -> None:
    assert "marker" not in "".join(fact.model_dump_json() for fact in facts(row("167"), row("168")))


def test_all_pages_are_read_and_never_more_than_twenty() -> None:
    requests, told = asked(TOKEN, GONE, OVER, page(row("167"), following="to+ken/="), page(row("168")))
    assert requests[-1].url.endswith("/participants?page_size=300&next_page_token=to%2Bken%2F%3D")
    assert len(told) == 5

    endless = [page(row("167"), following="x")] * 20
    with pytest.raises(NotTold, match="participants_endless"):
        asked(TOKEN, GONE, OVER, *endless)


HTML = Reply(200, b"<html>Sign in</html>")
UNTOLD: dict[str, tuple[tuple[Reply, ...], str]] = {
    "a token refused": ((reply({"reason": "Invalid client"}, 400),), "token_400"),
    "a log-in page for a token": ((HTML,), "token_unreadable"),
    "a token that is a number": ((reply({"access_token": 1, "expires_in": 3599}),), "token_unreadable"),
    "a token with a line end": ((reply({"access_token": "a\nb", "expires_in": 3599}),), "token_unreadable"),
    "a token for no time": ((reply({"access_token": "a", "expires_in": 0}),), "token_unreadable"),
    "a token for ever": ((reply({"access_token": "a", "expires_in": 10**12}),), "token_unreadable"),
    "a token no longer good": ((TOKEN, reply({"code": 124}, 401)), "meeting_401"),
    "a scope that is missing": ((TOKEN, reply({"code": 4711}, 400)), "meeting_400"),
    "too many requests": ((TOKEN, reply({"code": 429}, 429)), "meeting_429"),
    "a log-in page for a meeting": ((TOKEN, HTML), "meeting_unreadable"),
    "a redirect": ((TOKEN, Reply(302, b"")), "meeting_302"),
    "no past yet": ((TOKEN, GONE, GONE), "past_404"),
    "a past without an end": ((TOKEN, GONE, reply({"uuid": "u1=="})), "past_not_over"),
    "the past of another run": (
        (TOKEN, GONE, reply({"uuid": "u0==", "end_time": "2026-11-23T14:50:02Z"})),
        "past_not_over",
    ),
    "an end that is no time": ((TOKEN, GONE, reply({"uuid": "u1==", "end_time": "soon"})), "past_unreadable"),
    "a list that is refused": ((TOKEN, GONE, OVER, reply({"code": 4711}, 400)), "participants_400"),
    "no list": ((TOKEN, GONE, OVER, reply({"message": "marker"})), "participants_unreadable"),
    "a list of texts": ((TOKEN, GONE, OVER, reply({"participants": ["marker"]})), "participants_unreadable"),
    "a body of nothing": ((TOKEN, GONE, OVER, Reply(200, b"")), "participants_unreadable"),
}


@pytest.mark.parametrize(("replies", "reason"), UNTOLD.values(), ids=UNTOLD)
def test_from_any_other_answer_nothing_is_concluded(replies: tuple[Reply, ...], reason: str) -> None:
    with pytest.raises(NotTold) as untold:
        asked(*replies)
    assert untold.value.reason == str(untold.value) == reason
    assert untold.value.__suppress_context__ or untold.value.__context__ is None


@pytest.mark.parametrize(
    ("run", "path"),
    [
        ("u1==", "u1%3D%3D"),
        ("a/b+c==", "a%2Fb%2Bc%3D%3D"),
        ("/ab==", "%252Fab%253D%253D"),
        ("a//b==", "a%252F%252Fb%253D%253D"),
        ("../users", "..%2Fusers"),
        ("?a#b", "%3Fa%23b"),
    ],
)
def test_a_runs_id_stays_one_part_of_the_path(run: str, path: str) -> None:
    requests, _ = asked(
        TOKEN,
        GONE,
        reply({"end_time": "2026-11-23T14:50:02Z"}),
        page(),
        call=Call("8/../41?", run, {}),
    )

    assert requests[1].url == "https://api.zoom.us/v2/meetings/8%2F..%2F41%3F"
    assert requests[2].url == f"https://api.zoom.us/v2/past_meetings/{path}"


async def driven(asking: Asking) -> list[HostFact]:
    """What is asked, asked over HTTP."""
    async with aiohttp.ClientSession() as client:
        request = next(asking)
        while True:
            async with client.request(
                request.method, request.url, headers=request.headers, data=request.body, allow_redirects=False
            ) as response:
                answer = Reply(response.status, await response.read())
            try:
                request = asking.send(answer)
            except StopIteration as done:
                return list(done.value)


@pytest.mark.parametrize("run", ["u1==", "/lead/ing==", "dou//ble==", "pl+us/one=="])
async def test_a_server_that_takes_one_encoding_away_finds_the_run_and_all_its_pages(run: str) -> None:
    async with pretend_zoom(VirtualTime()) as zoom:
        rows = [row(str(167 + n)) for n in range(5)]
        zoom.runs[run] = {"uuid": run, "end_time": "2026-11-23T14:50:02Z", "rows": rows}
        account = Account(
            client_id="client-id",
            client_secret="client-secret",
            account_id="account-1",
            api=f"{zoom.rest}/v2/",
            token_url=f"{zoom.rest}/oauth/token",
        )
        told = await driven(ask("", Call("841", run, {}), account, NOW))

        assert len(told) == 11
        assert isinstance(told[-1], MeetingEnded)
        with pytest.raises(NotTold, match="past_404") as untold:
            await driven(ask("", Call("841", "other==", {}), account, NOW))
        assert MARKER not in str(untold.value)


def test_zoom_can_be_asked() -> None:
    assert isinstance(named("zoom"), Askable)


WRONG: dict[str, dict[str, Any]] = {
    "no id": {"client_id": ""},
    "no secret": {"client_secret": ""},
    "no account": {"account_id": None},
    "another grant": {"grant": "password"},
    "an open address": {"api": "http://api.zoom.us/v2"},
    "an open address for secrets": {"token_url": "http://zoom.us/oauth/token"},
    "an open socket": {"socket": "ws://ws.zoom.us/ws?subscriptionId=s"},
    "a socket that is a page": {"socket": "https://ws.zoom.us/ws?subscriptionId=s"},
    "a socket of no subscription": {"socket": "wss://ws.zoom.us/ws"},
    "a word too many": {"secret": "x"},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_an_account_that_cannot_work_is_refused_without_its_secret(changes: dict[str, Any]) -> None:
    whole = {"client_id": "client-id", "client_secret": "client-secret", "account_id": "account-1", **changes}
    with pytest.raises(ValidationError) as refusal:
        Account.model_validate(whole)
    assert "client-secret" not in str(refusal.value)


def test_an_account_with_a_socket_is_taken_as_zoom_shows_it() -> None:
    socket = "wss://ws.zoom.us/ws?subscriptionId=s"
    whole = ACCOUNT.model_dump() | {"socket": socket}

    assert Account.model_validate(whole).socket == socket
