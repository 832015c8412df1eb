"""Jitsi's own token: whom it names, and what it may not be."""

import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from plugin.hosts import jitsi
from plugin.hosts.host import Askable, Registering
from plugin.signed import Expired, Unacceptable
from tests.forged import KEYS, NOW, STAMP, encoded, signed
from tests.webhooks.known import known
from webhooks import jitsi as listening
from webhooks.delivery import Delivery
from webhooks.events import Role

HEADER = {"alg": "HS256", "typ": "JWT"}


def claims(user: object = None, **changes: object) -> dict[str, object]:
    whole = {
        "iss": "o1",
        "aud": "jitsi",
        "sub": "meet.example.com",
        "room": "room-1",
        "nbf": STAMP,
        "exp": STAMP + 3600,
        "context": {"user": {"id": "cl-0001", "name": "Ben Example"} if user is None else user},
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def token(user: object = None, **changes: object) -> str:
    return signed(HEADER, claims(user, **changes), KEYS["o1"])


def test_the_token_names_room_person_and_end() -> None:
    found = jitsi.who(token(), KEYS, NOW)

    assert (found.meeting, found.occurrence, found.person, found.role) == ("room-1", None, "cl-0001", None)
    assert found.until == NOW + timedelta(hours=1)


def test_pyjwt_makes_tokens_that_are_understood() -> None:
    now = datetime.now(UTC)
    made = jwt.encode(claims(nbf=now, exp=now + timedelta(hours=1)), KEYS["o1"], "HS256")

    assert jitsi.who(made, KEYS, now).person == "cl-0001"


@pytest.mark.parametrize(
    "begins", [{}, {"nbf": None, "iat": STAMP}, {"nbf": None}], ids=["nbf", "iat", "neither"]
)
def test_a_token_may_say_when_it_begins_in_either_way_or_not_at_all(begins: dict[str, object]) -> None:
    assert jitsi.who(token(**begins), KEYS, NOW).person == "cl-0001"
    with pytest.raises(Unacceptable):
        jitsi.who(token(**begins, exp=STAMP + 86401), KEYS, NOW)


@pytest.mark.parametrize(
    ("room", "sub", "room_jid"),
    [
        ("room-1", "meet.example.com", "room-1@conference.meet.example.com"),
        ("room-1", "*", "room-1@conference.meet.example.com"),
        ("Room-1", "meet.example.com", "room-1@conference.meet.example.com"),
        ("sess-7e4a", "clinic-a", "[clinic-a]sess-7e4a@conference.meet.example.com"),
        ("Sess-7e4a", "Clinic-A", "[clinic-a]sess-7e4a@conference.meet.example.com"),
        ("[clinic-a]sess-7e4a", "meet.example.com", "[clinic-a]sess-7e4a@conference.meet.example.com"),
        ("[clinic-a]sess-7e4a", "clinic-a", "[clinic-a]sess-7e4a@conference.meet.example.com"),
    ],
)
def test_token_and_webhook_spell_the_meeting_alike(room: str, sub: str, room_jid: str) -> None:
    event = {"event_name": "muc-room-created", "room_jid": room_jid, "created_at": STAMP}
    (fact,) = listening.read(Delivery((), json.dumps(event).encode()))

    assert jitsi.who(token(room=room, sub=sub), KEYS, NOW).meeting == fact.meeting


def test_a_tenant_s_token_names_the_meeting_of_the_recording() -> None:
    meetings = {fact.meeting for fact in known("jitsi").facts("tenant-session")}
    tokens = (token(room="sess-7e4a", sub="clinic-a"), token(room="sess-7e4a", sub="meet.example.com"))

    assert {jitsi.who(each, KEYS, NOW).meeting for each in tokens} == meetings


@pytest.mark.parametrize(("given", "person"), [("cl-0001", "cl-0001"), (4711, "4711"), (4711.0, "4711")])
def test_token_and_webhook_spell_the_person_alike(given: object, person: str) -> None:
    assert jitsi.who(token({"id": given}), KEYS, NOW).person == person


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ({"role": "client"}, Role.CLIENT),
        ({"role": "supervisor", "moderator": True}, Role.SUPERVISOR),
        ({"role": "owner", "moderator": "true"}, Role.THERAPIST),
        ({"moderator": "false"}, Role.CLIENT),
        ({"moderator": 1, "role": 7}, None),
        ({"affiliation": "owner"}, None),
    ],
)
def test_the_role_is_what_we_put_into_the_token(said: dict[str, object], role: Role | None) -> None:
    assert jitsi.who(token({"id": "x", **said}), KEYS, NOW).role is role


ATTACKS: dict[str, dict[str, object]] = {
    "no exp": {"exp": None},
    "exp as text": {"exp": str(STAMP + 60)},
    "exp that is true": {"exp": True},
    "expired": {"nbf": STAMP - 900, "exp": STAMP - 60},
    "for a week": {"exp": STAMP + 7 * 86400},
    "from the future": {"nbf": STAMP + 600, "exp": STAMP + 900},
    "an unknown app": {"iss": "o9"},
    "an app that is a list": {"iss": ["o1"]},
    "every room": {"room": "*"},
    "a room list": {"room": ["room-1"]},
    "an empty room": {"room": ""},
    "no room": {"room": None},
    "no sub": {"sub": None},
    "a pattern of rooms": {"context": {"user": {"id": "x"}, "room": {"regex": True}}},
    "no context": {"context": None},
    "a context that is a list": {"context": [{"user": {"id": "x"}}]},
    "no user": {"context": {}},
    "a user that is a text": {"context": {"user": "x"}},
    "no id": {"context": {"user": {"name": "Ben Example"}}},
    "an empty id": {"context": {"user": {"id": ""}}},
    "an id with a line end": {"context": {"user": {"id": "a\nb"}}},
    "an id that is true": {"context": {"user": {"id": True}}},
    "an id that is a list": {"context": {"user": {"id": ["x"]}}},
}


@pytest.mark.parametrize("changes", ATTACKS.values(), ids=ATTACKS)
def test_a_bent_token_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Unacceptable):
        jitsi.who(token(**changes), KEYS, NOW)


def test_an_expired_token_is_told_from_a_forged_one() -> None:
    with pytest.raises(Expired):
        jitsi.who(token(nbf=STAMP - 900, exp=STAMP - 60), KEYS, NOW)


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS384"}, {"alg": "RS256"}, {"alg": "HS256", "crit": ["x"]}]
)
def test_another_algorithm_is_refused(header: dict[str, object]) -> None:
    with pytest.raises(Unacceptable):
        jitsi.who(signed(header, claims(), KEYS["o1"]), KEYS, NOW)


def test_another_secret_or_no_signature_is_refused() -> None:
    whole, _, _ = token().rpartition(".")
    for forged in (signed(HEADER, claims(), KEYS["o0"]), whole + ".", f"{whole}.{encoded(b'x' * 32)}"):
        with pytest.raises(Unacceptable):
            jitsi.who(forged, KEYS, NOW)


def test_a_token_of_a_private_key_is_refused_though_we_hold_the_public_one() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with pytest.raises(Unacceptable):
        jitsi.who(jwt.encode(claims(), private, "RS256"), {"o1": public.decode()}, NOW)


def test_there_is_nothing_to_ask_and_nothing_to_register() -> None:
    assert not isinstance(jitsi, Askable)
    assert not isinstance(jitsi, Registering)
