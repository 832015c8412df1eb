"""Asking LiveKit who is inside, with what a real server answered."""

import json
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from pydantic import ValidationError

from plugin.hosts import livekit, named
from plugin.hosts.host import Askable, Call, NotTold, Reply
from tests.hosts.asking import answered
from tests.webhooks.known import FIXTURES
from webhooks.events import Present, Role

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
ACCOUNT = livekit.Account(key="fermatadev", secret="devsecret-devsecret-devsecret-0001")
URL = "https://livekit.example"
CALL = Call("sess-c0de", "RM_TqW3Z5H3Rpy4", {})
RECORDED = [
    json.loads(line) for line in (FIXTURES / "livekit" / "room-service.jsonl").read_text().splitlines()
]


def recorded(note: str, method: str = "ListParticipants") -> Reply:
    (reply,) = [
        Reply(each["response"]["status"], each["response"]["body"].encode())
        for each in RECORDED
        if each["note"] == note and each["request"]["path"].endswith(method)
    ]
    return reply


ROOMS = recorded("rooms", "ListRooms")
EVERYONE = recorded("everyone")


def listed(*people: dict[str, Any]) -> Reply:
    usual = json.loads(EVERYONE.body)["participants"][1]
    return Reply(200, json.dumps({"participants": [{**usual, **each} for each in people]}).encode())


def test_it_can_be_asked() -> None:
    assert isinstance(named("livekit"), Askable)


def test_a_real_answer_names_everybody_inside() -> None:
    _, fact = answered(livekit.ask(URL, CALL, ACCOUNT, NOW), EVERYONE, ROOMS)

    assert fact.whole
    assert (fact.host, fact.meeting, fact.occurrence, fact.at) == (
        "livekit",
        CALL.meeting,
        CALL.occurrence,
        NOW,
    )
    assert fact.key == "asked:2026-11-23T14:00:00+00:00"
    assert fact.people == (
        Present(
            person="ther-1",
            connection="PA_gttF78KjUcjN",
            role=Role.THERAPIST,
            joined_at=datetime.fromtimestamp(1795423129.58, UTC),
        ),
        Present(
            person="client-1",
            connection="PA_kwRfrzB9HsP6",
            role=Role.CLIENT,
            joined_at=datetime.fromtimestamp(1795423130.149, UTC),
        ),
    )
    assert "Example" not in fact.model_dump_json()


def test_two_questions_are_asked_with_one_short_token_for_one_room() -> None:
    requests, _ = answered(livekit.ask(URL, CALL, ACCOUNT, NOW), EVERYONE, ROOMS)

    assert [(each.method, each.url, json.loads(each.body or b"")) for each in requests] == [
        ("POST", f"{URL}/twirp/livekit.RoomService/ListParticipants", {"room": "sess-c0de"}),
        ("POST", f"{URL}/twirp/livekit.RoomService/ListRooms", {"names": ["sess-c0de"]}),
    ]
    assert {each.headers["Content-Type"] for each in requests} == {"application/json"}
    token = requests[0].headers["Authorization"].removeprefix("Bearer ")
    options: Any = {"verify_exp": False, "verify_nbf": False}
    claims = jwt.decode(token, ACCOUNT.secret, algorithms=["HS256"], options=options)
    assert claims == {
        "iss": "fermatadev",
        "nbf": NOW.timestamp() - 10,
        "exp": NOW.timestamp() + 60,
        "video": {"roomAdmin": True, "room": "sess-c0de", "roomList": True},
    }
    assert token not in repr(requests)


@pytest.mark.parametrize("rooms", [b'{"rooms":[]}', ROOMS.body.replace(b"RM_TqW3Z5H3Rpy4", b"RM_another")])
def test_a_room_that_is_over_or_has_begun_anew_holds_nobody_of_the_call(rooms: bytes) -> None:
    _, fact = answered(livekit.ask(URL, CALL, ACCOUNT, NOW), EVERYONE, Reply(200, rooms))

    assert (fact.people, fact.whole) == ((), True)


def test_a_room_that_does_not_exist_is_answered_with_an_empty_list() -> None:
    nobody = recorded("room does not exist yet")
    _, fact = answered(livekit.ask(URL, CALL, ACCOUNT, NOW), nobody, Reply(200, b'{"rooms":[]}'))

    assert (fact.people, fact.whole) == ((), True)


@pytest.mark.parametrize(
    ("change", "people", "whole"),
    [
        ({}, 1, True),
        ({"state": 2}, 1, True),
        ({"state": "DISCONNECTED"}, 0, True),
        ({"state": "JOINING"}, 0, False),
        ({"state": "JOINED"}, 0, False),
        ({"state": 1}, 0, False),
        ({"kind": "AGENT"}, 0, True),
        ({"kind": "AGENT", "state": "JOINED"}, 0, True),
        ({"kind": "SIP"}, 0, True),
        ({"permission": {"hidden": True}}, 0, True),
    ],
)
def test_only_people_who_are_in_count_and_who_is_coming_leaves_it_open(
    change: dict[str, Any], people: int, whole: bool
) -> None:
    _, fact = answered(livekit.ask(URL, CALL, ACCOUNT, NOW), listed(change), ROOMS)

    assert (len(fact.people), fact.whole) == (people, whole)


@pytest.mark.parametrize(
    ("change", "role"),
    [
        ({"attributes": {"role": "therapist"}}, Role.THERAPIST),
        ({"attributes": {"role": "therapist"}, "permission": {"can_update_metadata": True}}, None),
        ({"attributes": {"role": "Therapist"}}, None),
        ({"attributes": {}}, None),
    ],
)
def test_a_role_is_read_as_in_a_webhook(change: dict[str, Any], role: Role | None) -> None:
    _, fact = answered(livekit.ask(URL, CALL, ACCOUNT, NOW), listed(change), ROOMS)

    assert [each.role for each in fact.people] == [role]


NO_ANSWERS = {
    "expired token": (recorded("expired token"), "status_401"),
    "unknown key": (recorded("unknown key"), "status_401"),
    "wrong secret": (recorded("wrong secret"), "status_401"),
    "token for another room": (recorded("token for another room"), "status_401"),
    "not found": (recorded("unknown method", "NoSuch"), "status_404"),
    "moved": (Reply(302, b""), "status_302"),
    "a log-in page": (Reply(200, b"<html>Please sign in</html>"), "not_understood"),
    "nothing": (Reply(200, b""), "not_understood"),
    "another answer": (Reply(200, b'{"rooms":[]}'), "not_understood"),
    "a list": (Reply(200, b"[]"), "not_understood"),
    "null": (Reply(200, b'{"participants":null}'), "not_understood"),
    "nobody's name": (listed({"identity": ""}), "not_understood"),
    "no connection": (listed({"sid": None}), "not_understood"),
}


@pytest.mark.parametrize(("reply", "reason"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_not_the_documented_answer_tells_nothing(reply: Reply, reason: str) -> None:
    with pytest.raises(NotTold) as refusal:
        answered(livekit.ask(URL, CALL, ACCOUNT, NOW), reply)

    assert refusal.value.reason == reason == str(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_a_second_question_that_is_not_answered_tells_nothing_either() -> None:
    with pytest.raises(NotTold):
        answered(livekit.ask(URL, CALL, ACCOUNT, NOW), EVERYONE, recorded("unknown key"))


@pytest.mark.parametrize(
    "settings",
    [
        {"key": "", "secret": "s" * 32},
        {"key": "k", "secret": "secret"},
        {"key": "k"},
        {"key": "k", "secret": "s" * 32, "more": 1},
    ],
)
def test_an_account_that_cannot_be_right_is_refused_without_naming_its_secret(
    settings: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError) as refusal:
        livekit.Account(**settings)

    assert "secret'" not in str(refusal.value)
    assert "sss" not in str(refusal.value)
    assert ACCOUNT.secret not in repr(ACCOUNT)
