"""Daily's meeting token, and its API by recorded shapes: who is in a room, and where deliveries go."""

import json
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import jwt
import pytest

from plugin.hosts import daily, named
from plugin.hosts.host import Askable, Call, NotTold, Registering, Reply, Request
from plugin.signed import Expired, Unacceptable
from tests.forged import KEYS, NOW, STAMP, encoded, signed
from webhooks.events import HostFact, PeoplePresent, Present, Role

ACCOUNT = daily.Account(api_key="marker-api-key")
API = "https://api.daily.co/v1"
HOOK = "https://fermata.example/webhooks/north/daily"
SECRETS = {"new": "bmV3" * 10, "old": "b2xk" * 10}


def token(**changes: object) -> str:
    whole = {
        "r": "room-1",
        "ud": "person-1",
        "o": True,
        "d": "o1",
        "iat": STAMP,
        "exp": STAMP + 3600,
        **changes,
    }
    document = {name: value for name, value in whole.items() if value is not None}
    return signed({"alg": "HS256", "typ": "JWT"}, document, KEYS["o1"])


def test_a_self_signed_token_names_its_participant() -> None:
    found = named("daily").who(token(), KEYS, NOW)

    assert (found.meeting, found.occurrence, found.person, found.role) == (
        "room-1",
        None,
        "person-1",
        Role.THERAPIST,
    )
    assert found.until == NOW + timedelta(hours=1)


def test_what_pyjwt_signs_with_the_api_key_is_understood() -> None:
    claims = {"r": "room-1", "ud": "person-1", "d": "o0", "iat": STAMP, "exp": STAMP + 60}
    found = named("daily").who(jwt.encode(claims, KEYS["o0"], "HS256"), KEYS, NOW)

    assert (found.person, found.role) == ("person-1", Role.CLIENT)


@pytest.mark.parametrize("owner", [None, False, "true", 1, {}])
def test_only_a_plain_truth_makes_an_owner(owner: object) -> None:
    assert named("daily").who(token(o=owner), KEYS, NOW).role is Role.CLIENT


BENT: dict[str, dict[str, object]] = {
    "every room": {"r": None},
    "a list of rooms": {"r": ["room-1"]},
    "no person": {"ud": None},
    "a person that is a number": {"ud": 7},
    "for ever": {"exp": None},
    "for a week": {"exp": STAMP + 7 * 86400},
    "an expiry that is a text": {"exp": str(STAMP + 60)},
    "an expiry that is true": {"exp": True},
    "no beginning": {"iat": None},
    "from the future": {"iat": STAMP + 600},
    "not valid yet": {"nbf": STAMP + 600},
    "another domain": {"d": "o9"},
    "the other domain's key": {"d": "o0"},
    "no domain": {"d": None},
    "hidden": {"p": {"hp": False, "cs": True}},
}


@pytest.mark.parametrize("changes", BENT.values(), ids=BENT)
def test_a_bent_token_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Unacceptable):
        named("daily").who(token(**changes), KEYS, NOW)


def test_an_old_token_is_expired_and_not_forged() -> None:
    with pytest.raises(Expired):
        named("daily").who(token(iat=STAMP - 7200, exp=STAMP - 3600), KEYS, NOW)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS384", "RS256"])
def test_no_other_algorithm_counts(algorithm: str) -> None:
    head, claims, signature = token().split(".")
    bent = encoded(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())

    assert head != bent
    with pytest.raises(Unacceptable):
        named("daily").who(f"{bent}.{claims}.{signature}", KEYS, NOW)


def test_a_page_token_is_none_of_daily_s() -> None:
    claims = {"iss": "daily", "aud": "fermata", "sub": "p", "meeting": "room-1", "jti": "j", "iat": STAMP}
    page = signed({"alg": "HS256", "typ": "JWT", "kid": "o1"}, {**claims, "exp": STAMP + 60}, KEYS["o1"])
    with pytest.raises(Unacceptable):
        named("daily").who(page, KEYS, NOW)


def test_it_can_be_asked_and_told() -> None:
    assert isinstance(daily, Askable)
    assert isinstance(daily, Registering)
    assert "marker-api-key" not in repr(ACCOUNT)
    with pytest.raises(ValueError, match="api_key"):
        daily.Account.model_validate({"api_key": ""})


def run(steps: Generator[Request, Reply, Any], *replies: Reply) -> tuple[list[Request], Any]:
    """Send the replies one by one; gives the requests and what was returned."""
    requests, answers = [next(steps)], iter(replies)
    try:
        while True:
            requests.append(steps.send(next(answers)))
    except StopIteration as stop:
        return requests, stop.value


def told(document: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(document).encode())


CALL = Call("room 1/x", "run-1", {"s-2": "patient-ben"})
ANA = {
    "id": "s-1",
    "room": "room 1/x",
    "userId": "practitioner-ana",
    "userName": "Ana Example",
    "joinTime": "2026-11-23T13:50:38.000Z",
    "duration": 543,
}
BEN = {"id": "s-2", "room": "room 1/x", "userId": "pbZ+ismP7dk=", "userName": "Ben Example"}
GUEST = {"id": "s-3", "room": "room 1/x", "userName": None}
NOBODY = {"id": "s-4", "room": "room 1/x", "userId": ""}


def ask(reply: Reply, url: str = "") -> tuple[list[Request], list[HostFact]]:
    return run(daily.ask(url, CALL, ACCOUNT, NOW), reply)


def test_who_is_inside_is_told_as_of_the_seconds_that_the_answer_may_be_old() -> None:
    requests, facts = ask(told({"total_count": 4, "data": [ANA, BEN, GUEST, NOBODY]}))

    assert [(each.method, each.url) for each in requests] == [
        ("GET", f"{API}/rooms/room%201%2Fx/presence"),
    ]
    assert requests[0].headers["Authorization"] == "Bearer marker-api-key"
    assert "marker-api-key" not in repr(requests)
    assert facts == [
        PeoplePresent(
            host="daily",
            meeting="room 1/x",
            occurrence="run-1",
            at=NOW - timedelta(seconds=15),
            key=f"asked:{NOW.isoformat()}",
            people=(
                Present(
                    person="practitioner-ana",
                    connection="s-1",
                    joined_at=NOW - timedelta(minutes=9, seconds=22),
                ),
                Present(person="patient-ben", connection="s-2"),
                Present(person="s-3", connection="s-3"),
                Present(person="s-4", connection="s-4"),
            ),
        )
    ]
    assert "Example" not in facts[0].model_dump_json()


def test_the_address_of_the_settings_goes_before_daily_s_own() -> None:
    requests, _ = ask(told({"total_count": 0, "data": []}), "https://daily.example/v1")

    assert requests[0].url == "https://daily.example/v1/rooms/room%201%2Fx/presence"


def test_an_empty_room_is_empty_and_a_shortened_answer_is_not_everybody() -> None:
    _, (empty,) = ask(told({"total_count": 0, "data": []}))
    _, (some,) = ask(told({"total_count": 3, "data": [ANA]}))

    assert isinstance(empty, PeoplePresent)
    assert isinstance(some, PeoplePresent)
    assert (empty.people, empty.whole, some.whole) == ((), True, False)


UNTOLD = {
    "no such room": told({"error": "not-found"}, 404),
    "a wrong key": told({"error": "authentication-error"}, 401),
    "too often": told({"error": "rate-limit-error"}, 429),
    "broken": Reply(500, b"marker"),
    "elsewhere": Reply(302, b""),
    "nothing": Reply(200, b""),
    "a page": Reply(200, b"<html>marker</html>"),
    "an empty table": told({}),
    "no list": told({"total_count": 0}),
    "a list": told([ANA]),
    "all rooms": told({"room-1": [ANA]}),
    "people without sessions": told({"total_count": 1, "data": [{"userId": "x"}]}),
    "a time that is none": told({"total_count": 1, "data": [{**ANA, "joinTime": "marker"}]}),
}


@pytest.mark.parametrize("reply", UNTOLD.values(), ids=UNTOLD)
def test_any_other_answer_tells_nothing_and_is_not_repeated(reply: Reply) -> None:
    with pytest.raises(NotTold) as untold:
        ask(reply)
    assert untold.value.reason in {f"status_{reply.status}", "not_understood"}
    assert "marker" not in str(untold.value)


def registered(*replies: Reply, keys: dict[str, str] | None = None) -> list[Request]:
    steps = daily.register("", HOOK, SECRETS if keys is None else keys, ACCOUNT, NOW)
    return run(steps, *replies)[0]


def hook(**changes: object) -> dict[str, object]:
    whole = {
        "uuid": "u/1",
        "url": HOOK,
        "hmac": SECRETS["new"],
        "retryType": "exponential",
        "eventTypes": list(daily.EVENTS),
        "state": "ACTIVE",
        "failedCount": 0,
    }
    return {**whole, **changes}


STRANGER = hook(url="https://elsewhere.example/", state="FAILED", eventTypes=[])


@pytest.mark.parametrize("listed", [[], [STRANGER]])
def test_a_hook_that_is_missing_is_made_and_nobody_else_s_is_touched(listed: list[object]) -> None:
    listing, making = registered(told(listed), told(hook()))

    assert (listing.method, listing.url, listing.body) == ("GET", f"{API}/webhooks", None)
    assert (making.method, making.url) == ("POST", f"{API}/webhooks")
    assert json.loads(making.body or b"") == {
        "url": HOOK,
        "eventTypes": sorted(daily.EVENTS),
        "hmac": SECRETS["new"],
        "retryType": "exponential",
    }
    assert SECRETS["new"] not in repr(making)


@pytest.mark.parametrize(
    "ours",
    [hook(), hook(hmac=None), hook(retryType=None), hook(eventTypes=[*daily.EVENTS, "streaming.started"])],
)
def test_a_hook_that_is_well_is_left_alone(ours: dict[str, object]) -> None:
    assert len(registered(told([STRANGER, ours]))) == 1


@pytest.mark.parametrize(
    "ours",
    [
        hook(state="FAILED", failedCount=3),
        hook(hmac=SECRETS["old"]),
        hook(eventTypes=["streaming.started"]),
        hook(retryType="circuit-breaker"),
    ],
)
def test_a_hook_that_was_given_up_or_differs_is_set_right(ours: dict[str, object]) -> None:
    _, mending = registered(told([ours]), told(hook()))
    wanted = json.loads(mending.body or b"")

    assert (mending.method, mending.url) == ("POST", f"{API}/webhooks/u%2F1")
    assert wanted["hmac"] == SECRETS["new"]
    assert set(wanted["eventTypes"]) == {*daily.EVENTS, *ours["eventTypes"]}  # type: ignore[misc]


def test_what_daily_refuses_is_said_by_its_status_only() -> None:
    with pytest.raises(NotTold, match=r"^status_400$"):
        registered(told([]), told({"error": "marker"}, 400))
    with pytest.raises(NotTold, match=r"^not_understood$"):
        registered(told({"data": []}))
    with pytest.raises(NotTold, match=r"^no_secret$"):
        registered(keys={})
