"""Deliveries that claim to be LiveKit's and are not, and bodies that are signed and yet unreadable."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.webhooks.samples import (
    LIVEKIT,
    NOW,
    joined,
    livekit_event,
    livekit_token,
    signed,
    with_header,
    without_header,
)
from webhooks import livekit
from webhooks.delivery import Delivery, Malformed, NotAccepted, Reason, Stale, Unsigned
from webhooks.events import PersonJoined, PersonLeft, Role

BODY = json.dumps(joined()).encode()
GOOD = signed("livekit", BODY)
TOKEN = GOOD.header("authorization")
ISSUED = int(NOW.timestamp())
MANY_DIGITS = 10**22


def part(content: object) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def made(**claims: Any) -> Delivery:
    return Delivery(livekit_token(BODY, **claims), BODY)


def carrying(token: str) -> Delivery:
    return with_header(GOOD, "Authorization", token)


def text_claims(text: bytes) -> str:
    """A signed token whose payload is exactly these bytes."""
    import jwt

    return jwt.PyJWS().encode(text, LIVEKIT["fermatadev"], "HS256")


UNSIGNED_HEADER = part({"alg": "none", "typ": "JWT"})
PAYLOAD = TOKEN.split(".")[1]
DEEP = urlsafe_b64encode(b"[" * 2900).decode().rstrip("=")

ATTACKS = {
    "no header": (without_header(GOOD, "authorization"), Reason.MISSING_HEADER),
    "the wrong header name": (Delivery((("Authorize", TOKEN),), BODY), Reason.MISSING_HEADER),
    "an empty header": (carrying("  "), Reason.MISSING_HEADER),
    "the header twice": (
        Delivery((*GOOD.headers, ("authorization", TOKEN)), BODY),
        Reason.DOUBLED_HEADER,
    ),
    "not a token": (carrying("Basic Zm9vOmJhcg"), Reason.BAD_TOKEN),
    "letters beyond ASCII": (carrying(TOKEN + "é"), Reason.BAD_TOKEN),
    "a fourth part": (carrying(TOKEN + ".AAAA"), Reason.BAD_TOKEN),
    "a token of 1 MB": (carrying(TOKEN + "A" * 1_000_000), Reason.BAD_TOKEN),
    "padding on the signature": (carrying(TOKEN + "="), Reason.BAD_TOKEN),
    "a deep token header": (carrying(f"{DEEP}.{PAYLOAD}.AAAA"), Reason.BAD_TOKEN),
    "deep claims": (carrying(text_claims(b"[" * 2900)), Reason.BAD_TOKEN),
    "claims that are a list": (carrying(text_claims(b"[]")), Reason.BAD_TOKEN),
    "an unknown issuer": (made(iss="somebody"), Reason.UNKNOWN_KEY),
    "no issuer": (made(iss=None), Reason.UNKNOWN_KEY),
    "an issuer that is a list": (carrying(text_claims(b'{"iss":["fermatadev"]}')), Reason.BAD_TOKEN),
    "another secret": (made(secret="x" * 40), Reason.WRONG_SIGNATURE),
    "no signature, algorithm none": (carrying(f"{UNSIGNED_HEADER}.{PAYLOAD}."), Reason.WRONG_ALGORITHM),
    "algorithm none with our signature": (
        carrying(f"{UNSIGNED_HEADER}.{PAYLOAD}.{TOKEN.split('.')[2]}"),
        Reason.WRONG_ALGORITHM,
    ),
    "HS384": (made(header={"alg": "HS384"}, secret=LIVEKIT["fermatadev"] * 2), Reason.WRONG_ALGORITHM),
    "an unknown critical header": (made(header={"crit": ["x"], "x": 1}), Reason.BAD_TOKEN),
    "a key id that is a list": (
        carrying(f"{part({'alg': 'HS256', 'kid': ['a']})}.{PAYLOAD}.AAAA"),
        Reason.BAD_TOKEN,
    ),
    "no expiry": (made(exp=None), Reason.BAD_CLAIM),
    "an expiry as text": (
        carrying(text_claims(b'{"iss":"fermatadev","exp":"1","sha256":"x"}')),
        Reason.BAD_CLAIM,
    ),
    "an expiry that is true": (made(exp=True), Reason.BAD_CLAIM),
    "an expiry that is infinite": (
        carrying(text_claims(b'{"iss":"fermatadev","exp":1e999,"sha256":"x"}')),
        Reason.BAD_CLAIM,
    ),
    "an expiry in the far future": (made(exp=MANY_DIGITS), Reason.BAD_CLAIM),
    "an expiry next year": (made(exp=ISSUED + 365 * 86_400), Reason.BAD_CLAIM),
    "a beginning in the far future": (made(nbf=MANY_DIGITS), Reason.BAD_CLAIM),
    "no body hash": (made(sha256=None), Reason.BAD_CLAIM),
    "a join token, which has none": (
        made(sha256=None, video={"room": "r"}, sub="client-1"),
        Reason.BAD_CLAIM,
    ),
    "the hash in hex": (made(sha256="00" * 32), Reason.OTHER_BODY),
    "an empty hash": (made(sha256=""), Reason.OTHER_BODY),
    "another body": (Delivery(GOOD.headers, BODY.replace(b"client", b"therap")), Reason.OTHER_BODY),
    "a body with a line end more": (Delivery(GOOD.headers, BODY + b"\n"), Reason.OTHER_BODY),
    "a body written anew": (
        Delivery(GOOD.headers, json.dumps(joined(), separators=(",", ":")).encode()),
        Reason.OTHER_BODY,
    ),
    "an empty body": (Delivery(GOOD.headers, b""), Reason.OTHER_BODY),
    "expired 61 s ago": (made(exp=ISSUED - 61), Reason.TOO_OLD),
    "valid from 61 s ahead": (made(nbf=ISSUED + 61), Reason.TOO_EARLY),
    "issued 61 s ahead": (made(iat=ISSUED + 61), Reason.TOO_EARLY),
}


@pytest.mark.parametrize(("delivery", "reason"), ATTACKS.values(), ids=ATTACKS)
def test_it_is_refused_for_its_reason(delivery: Delivery, reason: Reason) -> None:
    with pytest.raises(NotAccepted) as refusal:
        livekit.verify(delivery, LIVEKIT, NOW)
    assert refusal.value.reason is reason


@pytest.mark.parametrize(("delivery", "reason"), ATTACKS.values(), ids=ATTACKS)
def test_what_is_refused_names_no_part_of_the_delivery(delivery: Delivery, reason: Reason) -> None:
    with pytest.raises(NotAccepted) as refusal:
        livekit.verify(delivery, LIVEKIT, NOW)
    assert str(refusal.value) == reason.value
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
    assert "eyJ" not in repr(delivery)


@pytest.mark.parametrize(
    "delivery",
    [GOOD, made(exp=ISSUED - 60), made(nbf=ISSUED + 60), made(iat=ISSUED + 60), made(exp=ISSUED + 6 * 3600)],
)
def test_the_ends_of_the_window_are_inside(delivery: Delivery) -> None:
    assert livekit.verify(delivery, LIVEKIT, NOW) == "fermatadev"


@pytest.mark.parametrize("prefix", ["Bearer ", "bearer  "])
def test_a_scheme_that_a_gateway_added_does_no_harm(prefix: str) -> None:
    assert livekit.verify(carrying(prefix + TOKEN), LIVEKIT, NOW) == "fermatadev"


def test_an_old_secret_counts_while_it_is_given_and_not_after() -> None:
    both = {"next": "n" * 32, **LIVEKIT}

    assert livekit.verify(GOOD, both, NOW) == "fermatadev"
    assert (
        livekit.verify(Delivery(livekit_token(BODY, iss="next", secret="n" * 32), BODY), both, NOW) == "next"
    )
    with pytest.raises(Unsigned):
        livekit.verify(GOOD, {"next": "n" * 32}, NOW)


def test_an_empty_secret_never_vouches() -> None:
    with pytest.raises(Unsigned):
        livekit.verify(made(secret="\0" * 32), {"fermatadev": ""}, NOW)


@pytest.mark.parametrize(("secret", "words"), [("secret", "6 bytes"), ("é" * 15, "30 bytes")])
def test_a_short_secret_is_called_weak(secret: str, words: str) -> None:
    assert words in (livekit.weakness(secret) or "")
    assert livekit.weakness(LIVEKIT["fermatadev"]) is None


UNREADABLE: dict[str, bytes] = {
    "empty": b"",
    "not JSON": b"hello",
    "a list": b"[]",
    "null": b"null",
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000,
    "invalid UTF-8": b'{"event":"participant_joined","id":"\xff"}',
    "UTF-16": json.dumps(joined()).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + BODY,
    "half a character": b'{"event":"room_started","id":"\\ud800"}',
    "no id": json.dumps({**joined(), "id": None}).encode(),
    "an id that is a number": json.dumps({**joined(), "id": 5}).encode(),
    "an empty id": json.dumps({**joined(), "id": ""}).encode(),
    "an endless id": json.dumps({**joined(), "id": "E" * 257}).encode(),
    "an id with a line end": json.dumps({**joined(), "id": "EV_1\n"}).encode(),
    "no room": json.dumps({**joined(), "room": None}).encode(),
    "a room without sid": json.dumps({**joined(), "room": {"name": "room-1"}}).encode(),
    "no participant": json.dumps(livekit_event("participant_joined")).encode(),
    "no identity": json.dumps(joined(identity=None)).encode(),
    "an identity that is a list": json.dumps(joined(identity=["client-1"])).encode(),
    "a connection that is a number": json.dumps(joined(sid=7)).encode(),
    "a role that is a list": json.dumps(joined(attributes={"role": ["client"]})).encode(),
    "a time that is text": json.dumps(joined(joinedAtMs="soon")).encode(),
    "a time beyond the calendar": json.dumps(joined(joinedAtMs=str(10**18))).encode(),
    "a time before all": json.dumps(joined(joinedAtMs="-1")).encode(),
    "a time that is no number": json.dumps(joined(joinedAtMs=float("nan"))).encode(),
    "a time that is infinite": b'{"event":"room_started","id":"E","createdAt":1e999,"room":{"sid":"R","name":"r"}}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_signed_body_that_cannot_be_read_is_malformed_and_nothing_else(body: bytes) -> None:
    delivery = signed("livekit", body)

    assert livekit.verify(delivery, LIVEKIT, NOW) == "fermatadev"
    with pytest.raises(Malformed) as refusal:
        livekit.key(delivery), livekit.read(delivery)
    assert refusal.value.reason is Reason.BAD_BODY


def read(document: object) -> list[object]:
    return list(livekit.read(Delivery((), json.dumps(document).encode())))


@pytest.mark.parametrize(
    "document",
    [
        livekit_event("track_published", participant={"sid": "PA_1", "identity": "client-1"}),
        livekit_event("egress_started", egressInfo={"egressId": "EG_1"}),
        {"event": "something_new", "id": "EV_9", "room": 17},
        joined(permission={"hidden": True}),
        joined(kind="AGENT"),
        joined(kind="SIP"),
        joined(kind=4),
        {**joined(kind="EGRESS"), "event": "participant_left"},
    ],
)
def test_what_is_no_person_in_the_room_tells_nothing(document: dict[str, object]) -> None:
    assert read(document) == []
    assert livekit.key(Delivery((), json.dumps(document).encode())) == document["id"]


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({}, Role.CLIENT),
        ({"attributes": {"role": "therapist", "other": "x"}}, Role.THERAPIST),
        ({"attributes": {"role": "therapist"}, "permission": {"canUpdateMetadata": True}}, None),
        ({"attributes": {"role": "therapist"}, "permission": {"can_update_metadata": True}}, None),
        ({"attributes": {"role": "Therapist"}}, None),
        ({"attributes": {"role": "therapist "}}, None),
        ({"attributes": {"role": "owner"}}, None),
        ({"attributes": {"role": ""}}, None),
        ({"attributes": {}}, None),
        ({"attributes": None}, None),
        ({"attributes": None, "metadata": '{"role":"therapist"}'}, None),
        ({"permission": None, "kind": "STANDARD"}, Role.CLIENT),
        ({"kind": 0}, Role.CLIENT),
    ],
)
def test_a_role_comes_from_the_join_alone_and_not_from_who_may_change_it(
    changes: dict[str, object], role: Role | None
) -> None:
    (fact,) = read(joined(**changes))

    assert isinstance(fact, PersonJoined)
    assert fact.role is role


@pytest.mark.parametrize("event", ["participant_left", "participant_connection_aborted"])
def test_leaving_and_never_getting_in_both_end_the_connection_only(event: str) -> None:
    (fact,) = read({**joined(disconnectReason="CLIENT_INITIATED"), "event": event, "createdAt": "1795442460"})

    assert fact == PersonLeft(
        host="livekit",
        meeting="room-1",
        occurrence="RM_1",
        person="client-1",
        connection="PA_1",
        at=datetime(2026, 11, 23, 14, 1, tzinfo=UTC),
        key="EV_1",
    )


def test_nobody_leaves_before_they_came_though_seconds_are_cut_off() -> None:
    (fact,) = read({**joined(), "event": "participant_left"})

    assert isinstance(fact, PersonLeft)
    assert fact.at == NOW + timedelta(milliseconds=250)


def in_snake_case(document: dict[str, object]) -> dict[str, object]:
    room = {"sid": "RM_1", "name": "room-1", "creation_time_ms": 1795442399500}
    return {"event": document["event"], "id": "EV_1", "created_at": 1795442400, "room": room}


def test_names_with_underscores_and_plain_numbers_are_read_as_well() -> None:
    assert read(in_snake_case(livekit_event("room_started"))) == read(livekit_event("room_started"))


@pytest.mark.parametrize(
    ("change", "milliseconds"),
    [
        ({"joinedAtMs": "1795442400250"}, 250),
        ({"joinedAtMs": "0", "joinedAt": "1795442401"}, 1000),
        ({"joinedAtMs": 0}, 0),
    ],
)
def test_the_time_of_a_join_is_the_finest_that_is_told(change: dict[str, object], milliseconds: int) -> None:
    (fact,) = read(joined(**change))

    assert isinstance(fact, PersonJoined)
    assert fact.at == NOW + timedelta(milliseconds=milliseconds)


def test_a_refusal_for_time_says_by_how_much() -> None:
    with pytest.raises(Stale) as late:
        livekit.verify(GOOD, LIVEKIT, NOW + timedelta(seconds=400))
    with pytest.raises(Stale) as early:
        livekit.verify(GOOD, LIVEKIT, NOW - timedelta(seconds=90))

    assert (late.value.seconds, early.value.seconds) == (100, -90)
