"""Twilio's access tokens, whole and bent, and what it answers to who is in a room."""

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from plugin.hosts import named, twilio
from plugin.hosts.host import Askable, Call, NotTold, Reply
from plugin.signed import Expired, Unacceptable
from tests.forged import NOW, STAMP, encoded, signed
from tests.hosts.asking import answered
from webhooks.events import Present, Role

KEYS = {"SK1": "api-key-secret-for-tests-0123456789", "SK2": "other-key-secret-for-tests-0123456789"}
HEADER = {"alg": "HS256", "typ": "JWT", "cty": "twilio-fpa;v=1"}


def token(
    header: dict[str, Any] | None = None, secret: str = KEYS["SK1"], grants: object = None, **changes: Any
) -> str:
    whole = {
        "jti": f"SK1-{STAMP}",
        "iss": "SK1",
        "sub": "AC1",
        "nbf": STAMP,
        "exp": STAMP + 3600,
        "grants": {"identity": "client:ben", "video": {"room": "room-1"}} if grants is None else grants,
        **changes,
    }
    document = {name: value for name, value in whole.items() if value is not None}
    return signed({**HEADER, **(header or {})}, document, secret)


@pytest.mark.parametrize(
    ("identity", "person", "role"),
    [
        ("client:ben", "ben", Role.CLIENT),
        ("therapist:ana", "ana", Role.THERAPIST),
        ("ana@example", "ana@example", None),
    ],
)
def test_an_access_token_names_its_participant_as_the_callbacks_do(
    identity: str, person: str, role: Role | None
) -> None:
    found = named("twilio").who(token(grants={"identity": identity, "video": {"room": "room-1"}}), KEYS, NOW)

    assert (found.meeting, found.occurrence, found.person, found.role) == ("room-1", None, person, role)
    assert found.until == datetime.fromtimestamp(STAMP + 3600, UTC)


def test_a_life_is_counted_from_iat_where_there_is_no_nbf() -> None:
    assert twilio.who(token(nbf=None, iat=STAMP), KEYS, NOW).person == "ben"


VIDEO = {"room": "room-1"}
BENT: dict[str, str] = {
    "no content type": signed({"alg": "HS256", "typ": "JWT"}, {"iss": "SK1"}, KEYS["SK1"]),
    "another content type": token({"cty": "JWT"}),
    "no grants": token(grants=[]),
    "no video": token(grants={"identity": "client:ben"}),
    "video that is true": token(grants={"identity": "client:ben", "video": True}),
    "no room": token(grants={"identity": "client:ben", "video": {}}),
    "an empty room": token(grants={"identity": "client:ben", "video": {"room": ""}}),
    "a room list": token(grants={"identity": "client:ben", "video": {"room": ["room-1"]}}),
    "no identity": token(grants={"video": VIDEO}),
    "an identity list": token(grants={"identity": ["client:ben"], "video": VIDEO}),
    "an identity with a line end": token(grants={"identity": "client:ben\n", "video": VIDEO}),
    "no exp": token(exp=None),
    "no start": token(nbf=None),
    "for two days": token(exp=STAMP + 2 * 86400),
    "from the future": token(nbf=STAMP + 60),
    "no issuer": token(iss=None),
    "an unknown key": token(iss="SK9"),
    "another key's secret": token(secret=KEYS["SK2"]),
    "algorithm none": f"{encoded(json.dumps({**HEADER, 'alg': 'none'}).encode())}.{token().split('.')[1]}.{'A' * 43}",
    "HS512": token({"alg": "HS512"}),
    "RS256": token({"alg": "RS256"}),
    "a critical header": token({"crit": ["x"], "x": 1}),
}


@pytest.mark.parametrize("bent", BENT.values(), ids=BENT)
def test_a_bent_access_token_is_refused(bent: str) -> None:
    with pytest.raises(Unacceptable):
        twilio.who(bent, KEYS, NOW)


def test_an_old_access_token_is_called_expired() -> None:
    with pytest.raises(Expired):
        twilio.who(token(nbf=STAMP - 3700, exp=STAMP - 100), KEYS, NOW)


ACCOUNT = twilio.Account(key="SK1", secret="secret")
URL = "https://video.twilio.com"
ROOM = "RM" + "1" * 32
ROOMS = f"{URL}/v1/Rooms/{ROOM}/Participants"
CALL = Call("room-1", ROOM, {"PA-ana": "ana", "PA-ben": "ben"})
START = "2026-11-23T13:59:00Z"


def person(sid: str, identity: str, status: str = "connected", **changes: Any) -> dict[str, Any]:
    dates = {"start_time": START, "end_time": None, "duration": None}
    usual = {"sid": sid, "identity": identity, "status": status, "room_sid": ROOM, "account_sid": "AC1"}
    return {**usual, **dates, **changes}


def page(*people: dict[str, Any], following: str | None = None) -> Reply:
    meta = {"page": 0, "page_size": 100, "next_page_url": following, "key": "participants"}
    return Reply(200, json.dumps({"participants": people, "meta": meta}).encode())


def one(*args: Any) -> Reply:
    return Reply(200, json.dumps(person(*args)).encode())


ANA, BEN = person("PA-ana", "therapist:ana"), person("PA-ben", "client:ben")


def test_it_can_be_asked() -> None:
    assert isinstance(named("twilio"), Askable)


def test_everybody_connected_is_named_with_their_role() -> None:
    requests, fact = answered(twilio.ask(URL, CALL, ACCOUNT, NOW), page(ANA, BEN))

    assert fact.whole
    assert (fact.host, fact.meeting, fact.occurrence, fact.at) == ("twilio", "room-1", ROOM, NOW)
    assert fact.key == f"asked:{NOW.isoformat()}"
    joined = datetime(2026, 11, 23, 13, 59, tzinfo=UTC)
    assert fact.people == (
        Present(person="ana", connection="PA-ana", role=Role.THERAPIST, joined_at=joined),
        Present(person="ben", connection="PA-ben", role=Role.CLIENT, joined_at=joined),
    )
    (request,) = requests
    assert (request.method, request.body) == ("GET", None)
    assert request.url == f"{ROOMS}?Status=connected&PageSize=100"
    assert request.headers == {"Authorization": f"Basic {b64encode(b'SK1:secret').decode()}"}
    assert "Basic" not in repr(request)
    assert "secret=" not in repr(ACCOUNT)


@pytest.mark.parametrize(
    ("status", "inside"),
    [("reconnecting", ["ana", "ben"]), ("connected", ["ana", "ben"]), ("disconnected", ["ana"])],
)
def test_a_known_connection_that_is_not_listed_is_asked_for_by_itself(status: str, inside: list[str]) -> None:
    requests, fact = answered(
        twilio.ask(URL, CALL, ACCOUNT, NOW), page(ANA), one("PA-ben", "client:ben", status)
    )

    assert requests[1].url == f"{ROOMS}/PA-ben"
    assert [each.person for each in fact.people] == inside
    assert fact.whole


def test_an_empty_room_is_empty() -> None:
    _, fact = answered(twilio.ask(URL, Call("room-1", ROOM, {}), ACCOUNT, NOW), page())

    assert (fact.people, fact.whole) == ((), True)


def test_too_many_missing_connections_leave_it_open_who_is_absent() -> None:
    holders = {f"PA-{n}": "ben" for n in range(9)}
    gone = [one(f"PA-{n}", "client:ben", "disconnected") for n in range(8)]
    _, fact = answered(twilio.ask(URL, Call("room-1", ROOM, holders), ACCOUNT, NOW), page(ANA), *gone)

    assert [each.person for each in fact.people] == ["ana"]
    assert not fact.whole


def test_pages_are_followed_and_who_stands_on_two_of_them_is_one() -> None:
    following = f"{ROOMS}?Status=connected&PageSize=100&Page=1&PageToken=PTa"
    requests, fact = answered(
        twilio.ask(URL, CALL, ACCOUNT, NOW), page(ANA, following=following), page(ANA, BEN)
    )

    assert [each.url for each in requests[1:]] == [following]
    assert [each.person for each in fact.people] == ["ana", "ben"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://video.twilio.example/v1/Rooms",
        "http://video.twilio.com/v1/Rooms",
        "https://video.twilio.com@evil.example/",
        "https://video.twilio.com:8443/v1/Rooms",
        "https://[",
        "//evil.example/",
        "/v1/Rooms",
        "",
    ],
)
def test_a_page_on_another_server_is_not_asked_for(elsewhere: str) -> None:
    with pytest.raises(NotTold) as refusal:
        answered(twilio.ask(URL, CALL, ACCOUNT, NOW), page(ANA, following=elsewhere))
    assert refusal.value.reason == "page_elsewhere"


def test_pages_without_an_end_are_given_up() -> None:
    endless = [page(following=ROOMS)] * 10

    with pytest.raises(NotTold) as refusal:
        answered(twilio.ask(URL, CALL, ACCOUNT, NOW), *endless)
    assert refusal.value.reason == "too_many_pages"


NO_ANSWERS = {
    "not authenticated": (Reply(401, b'{"code":20003}'), "status_401"),
    "a room of another account": (Reply(404, b'{"code":20404}'), "status_404"),
    "too many requests": (Reply(429, b""), "status_429"),
    "moved": (Reply(307, b""), "status_307"),
    "a log-in page": (Reply(200, b"<html>Please sign in</html>"), "not_understood"),
    "nothing": (Reply(200, b""), "not_understood"),
    "no people": (Reply(200, b'{"meta":{}}'), "not_understood"),
    "no pages": (Reply(200, b'{"participants":[]}'), "not_understood"),
    "a person without connection": (page(person("", "client:ben")), "not_understood"),
    "a person without identity": (page({**BEN, "identity": None}), "not_understood"),
    "a state that is not known": (page({**BEN, "status": "asleep"}), "not_understood"),
    "a time that is none": (page({**BEN, "start_time": "today"}), "not_understood"),
}


@pytest.mark.parametrize(("reply", "reason"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_not_the_documented_answer_tells_nothing(reply: Reply, reason: str) -> None:
    with pytest.raises(NotTold) as refusal:
        answered(twilio.ask(URL, CALL, ACCOUNT, NOW), reply)

    assert refusal.value.reason == reason == str(refusal.value)


def test_one_missing_connection_that_is_not_told_of_spoils_the_answer() -> None:
    with pytest.raises(NotTold):
        answered(twilio.ask(URL, CALL, ACCOUNT, NOW), page(ANA), Reply(404, b"{}"))


@pytest.mark.parametrize(
    "settings", [{"key": "", "secret": "hidden"}, {"key": "SK1"}, {"key": "SK1", "secret": ""}]
)
def test_an_account_that_cannot_be_right_is_refused_without_naming_its_secret(
    settings: dict[str, str],
) -> None:
    with pytest.raises(ValidationError) as refusal:
        twilio.Account.model_validate(settings)
    assert "hidden" not in str(refusal.value)
