"""Callbacks that claim to be Vonage's and are not, and what becomes of those that are."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.webhooks.known import FIXTURES, known
from tests.webhooks.samples import NOW, with_header, without_header
from webhooks import vonage
from webhooks.delivery import Delivery, Malformed, NotAccepted, Reason, Stale, Unsigned
from webhooks.events import (
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PersonJoined,
    PersonLeft,
    RecordingStarted,
    RecordingStopped,
    Role,
)

HOST = known("vonage")
KEY, SECRET = next(iter(HOST.keys.items()))
ISSUED = int(NOW.timestamp())
DATA = '{"person": "client-ben", "role": "client"}'


def event(kind: str = "connectionCreated", **parts: Any) -> dict[str, Any]:
    connection = {"id": "c-1", "createdAt": 1795442399900, "data": DATA}
    usual = {"sessionId": "2_MX4", "projectId": "app", "event": kind, "timestamp": 1795442400250}
    return {**usual, "connection": connection, **parts}


def archive(status: str, **parts: Any) -> dict[str, Any]:
    times = {"createdAt": 1795442400000, "updatedAt": 1795442460000}
    return {"id": "a-1", "status": status, "sessionId": "2_MX4", "outputMode": "composed", **times, **parts}


BODY = json.dumps(event()).encode()
GOOD = HOST.signed(BODY, NOW)
TOKEN = GOOD.header("authorization").removeprefix("Bearer ")


def made(*, secret: str = SECRET, body: bytes = BODY, **claims: Any) -> Delivery:
    """A callback with claims made by hand; one given as None is left out."""
    usual = {"iss": "Vonage", "iat": ISSUED, "jti": "j-1", "payload_hash": sha256(BODY).hexdigest()}
    kept = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    return carrying(jwt.encode(kept, secret, "HS256"), body)


def carrying(token: str, body: bytes = BODY) -> Delivery:
    return Delivery((("Content-Type", "application/json"), ("Authorization", f"Bearer {token}")), body)


def part(content: object) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PAYLOAD = TOKEN.split(".")[1]
WHOLE = {"iss": "Vonage", "iat": ISSUED, "payload_hash": sha256(BODY).hexdigest()}

ATTACKS = {
    "no header": (without_header(GOOD, "authorization"), Reason.MISSING_HEADER),
    "an empty header": (with_header(GOOD, "Authorization", " "), Reason.MISSING_HEADER),
    "the header twice": (
        Delivery((*GOOD.headers, ("authorization", f"Bearer {TOKEN}")), BODY),
        Reason.DOUBLED_HEADER,
    ),
    "no token": (with_header(GOOD, "Authorization", "Basic Zm9vOmJhcg"), Reason.BAD_TOKEN),
    "a fourth part": (carrying(TOKEN + ".AAAA"), Reason.BAD_TOKEN),
    "a token of 1 MB": (carrying(TOKEN + "A" * 1_000_000), Reason.BAD_TOKEN),
    "padding on the signature": (carrying(TOKEN + "="), Reason.BAD_TOKEN),
    "claims that are a list": (carrying(jwt.PyJWS().encode(b"[]", SECRET, "HS256")), Reason.BAD_CLAIM),
    "algorithm none": (carrying(f"{part({'alg': 'none'})}.{PAYLOAD}."), Reason.WRONG_ALGORITHM),
    "algorithm none with our signature": (
        carrying(f"{part({'alg': 'none'})}.{PAYLOAD}.{TOKEN.split('.')[2]}"),
        Reason.WRONG_ALGORITHM,
    ),
    "HS512": (carrying(jwt.encode(WHOLE, SECRET * 2, "HS512")), Reason.WRONG_ALGORITHM),
    "RS256, as client tokens are": (carrying(jwt.encode(WHOLE, PRIVATE, "RS256")), Reason.WRONG_ALGORITHM),
    "another secret": (made(secret="x" * 40), Reason.WRONG_SIGNATURE),
    "no secret": (made(secret="\0" * 32), Reason.WRONG_SIGNATURE),
    "another issuer": (made(iss="Somebody"), Reason.BAD_CLAIM),
    "no issuer": (made(iss=None), Reason.BAD_CLAIM),
    "an issuer in another case": (made(iss="vonage"), Reason.BAD_CLAIM),
    "no time": (made(iat=None), Reason.BAD_CLAIM),
    "a time as text": (
        carrying(jwt.PyJWS().encode(json.dumps({**WHOLE, "iat": str(ISSUED)}).encode(), SECRET, "HS256")),
        Reason.BAD_CLAIM,
    ),
    "a time that is true": (
        carrying(jwt.PyJWS().encode(json.dumps({**WHOLE, "iat": True}).encode(), SECRET, "HS256")),
        Reason.BAD_CLAIM,
    ),
    "a time beyond the calendar": (made(iat=10**22), Reason.BAD_CLAIM),
    "an end beyond the calendar": (made(exp=10**22), Reason.BAD_CLAIM),
    "a hash that is a number": (made(payload_hash=7), Reason.BAD_CLAIM),
    "no hash of the body": (made(payload_hash=None), Reason.BODY_NOT_COVERED),
    "no hash, and another body": (made(payload_hash=None, body=b"{}"), Reason.BODY_NOT_COVERED),
    "an empty hash": (made(payload_hash=""), Reason.OTHER_BODY),
    "another body": (made(body=BODY.replace(b"client", b"therap")), Reason.OTHER_BODY),
    "a body with a line end more": (made(body=BODY + b"\n"), Reason.OTHER_BODY),
    "a body written anew": (
        made(body=json.dumps(event(), separators=(",", ":")).encode()),
        Reason.OTHER_BODY,
    ),
    "25 h and 1 s old": (made(iat=ISSUED - 25 * 3600 - 1), Reason.TOO_OLD),
    "expired 61 s ago": (made(exp=ISSUED - 61), Reason.TOO_OLD),
    "61 s ahead": (made(iat=ISSUED + 61), Reason.TOO_EARLY),
}


@pytest.mark.parametrize(("delivery", "reason"), ATTACKS.values(), ids=ATTACKS)
def test_it_is_refused_for_its_reason_and_the_refusal_quotes_nothing(
    delivery: Delivery, reason: Reason
) -> None:
    with pytest.raises(NotAccepted) as refusal:
        vonage.verify(delivery, {**HOST.keys, "empty": ""}, NOW)
    assert refusal.value.reason is reason
    assert str(refusal.value) == reason.value
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


@pytest.mark.parametrize(
    "delivery",
    [
        GOOD,
        made(iat=ISSUED - 25 * 3600),
        made(iat=ISSUED + 60),
        made(exp=ISSUED - 60),
        made(exp=ISSUED + 10 * 365 * 86400),
        made(payload_hash=sha256(BODY).hexdigest().upper()),
        made(api_key="a1b2", application_id="app", more=[1]),
        with_header(GOOD, "Authorization", f"bearer {TOKEN}"),
    ],
)
def test_what_vonage_may_send_is_verified(delivery: Delivery) -> None:
    assert vonage.verify(delivery, HOST.keys, NOW) == KEY


def test_each_callback_may_have_a_secret_of_its_own_and_an_empty_one_never_vouches() -> None:
    for key_id, secret in HOST.keys.items():
        assert vonage.verify(made(secret=secret), HOST.keys, NOW) == key_id
    with pytest.raises(Unsigned):
        vonage.verify(made(secret="\0" * 32), {"empty": ""}, NOW)


def test_it_says_by_how_much_a_callback_is_late() -> None:
    with pytest.raises(Stale) as late:
        vonage.verify(made(exp=ISSUED - 100), HOST.keys, NOW)
    assert late.value.seconds == 100


def test_an_unsigned_callback_is_answered_so_that_vonage_sends_it_again() -> None:
    assert 500 <= vonage.door.refused < 600


@pytest.mark.parametrize(("secret", "words"), [("secret", "6 bytes"), ("", "0 bytes")])
def test_a_short_secret_is_called_weak(secret: str, words: str) -> None:
    assert words in (vonage.weakness(secret) or "")


def read(document: object) -> list[HostFact]:
    return vonage.read(Delivery((), json.dumps(document).encode()))


def key(document: object) -> str:
    return vonage.key(Delivery((), json.dumps(document).encode()))


AT = NOW + timedelta(milliseconds=250)
STEM: dict[str, Any] = {"host": "vonage", "meeting": "2_MX4", "at": AT}


@pytest.mark.parametrize(
    ("document", "fact"),
    [
        (event("sessionCreated", connection=None), MeetingStarted(**STEM, key="")),
        (event("sessionDestroyed", connection=None), MeetingEnded(**STEM, key="")),
        (
            event(),
            PersonJoined(**STEM, key="", person="client-ben", connection="c-1", role=Role.CLIENT),
        ),
        (
            event("connectionDestroyed", reason="clientDisconnected"),
            PersonLeft(**STEM, key="", person="client-ben", connection="c-1"),
        ),
        (
            archive("started"),
            RecordingStarted(**{**STEM, "at": NOW + timedelta(minutes=1)}, key=""),
        ),
        (archive("stopped"), RecordingStopped(**{**STEM, "at": NOW + timedelta(minutes=1)}, key="")),
        (archive("failed"), RecordingStopped(**{**STEM, "at": NOW + timedelta(minutes=1)}, key="")),
        (
            {**archive("started"), "event": "archive", "updatedAt": 0},
            RecordingStarted(**{**STEM, "at": NOW}, key=""),
        ),
    ],
)
def test_a_callback_gives_its_one_fact(document: dict[str, Any], fact: HostFact) -> None:
    assert read(document) == [fact.model_copy(update={"key": key(document)})]


@pytest.mark.parametrize(
    "document",
    [
        event("streamCreated", connection=None),
        event("streamDestroyed", stream={"id": "s-1"}),
        {"event": "somethingNew", "sessionId": 17},
        {"event": "broadcast", "status": "started", "id": "b-1", "sessionId": "2_MX4"},
        archive("started", outputMode=None),
        *(archive(status) for status in ("paused", "uploaded", "available", "expired", "deleted", "new")),
    ],
)
def test_what_is_no_presence_and_no_recording_tells_nothing(document: dict[str, Any]) -> None:
    assert read(document) == []
    assert key(document)


@pytest.mark.parametrize(
    ("data", "person", "role"),
    [
        (DATA, "client-ben", Role.CLIENT),
        ('{"person": "ther-ana", "role": "therapist", "more": 1}', "ther-ana", Role.THERAPIST),
        ('{"person": "ther-ana", "role": "owner"}', "ther-ana", None),
        ('{"person": "ther-ana", "role": "Therapist"}', "ther-ana", None),
        ('{"person": "ther-ana"}', "ther-ana", None),
        ('{"person": "ther-ana", "role": null}', "ther-ana", None),
        ('{"person": "ther-ana", "role": ["therapist"]}', "c-1", None),
        ('{"person": 7, "role": "therapist"}', "c-1", None),
        ('{"person": "", "role": "therapist"}', "c-1", None),
        ('{"person": "a\\nb", "role": "therapist"}', "c-1", None),
        ('{"role": "therapist"}', "c-1", None),
        ("role=therapist", "c-1", None),
        ("[" * 5000, "c-1", None),
        ("", "c-1", None),
        (None, "c-1", None),
    ],
)
def test_person_and_role_come_from_the_token_s_data_or_nobody_is_named(
    data: str | None, person: str, role: Role | None
) -> None:
    (fact,) = read(event(connection={"id": "c-1", "data": data}))

    assert isinstance(fact, PersonJoined)
    assert (fact.person, fact.role, fact.connection) == (person, role, "c-1")


@pytest.mark.parametrize("reason", ["clientDisconnected", "forceDisconnected", "networkDisconnected", None])
def test_no_leave_is_deliberate_because_a_reload_says_the_same(reason: str | None) -> None:
    (fact,) = read(event("connectionDestroyed", reason=reason))

    assert isinstance(fact, PersonLeft)
    assert not fact.deliberate


@pytest.mark.parametrize(
    "other",
    [
        event("connectionDestroyed"),
        event(sessionId="2_other"),
        event(timestamp=1795442400251),
        event(connection={"id": "c-2"}),
        event("sessionCreated"),
        archive("started"),
    ],
)
def test_a_key_tells_events_apart_and_is_not_changed_by_how_they_are_written(other: dict[str, Any]) -> None:
    rewritten = Delivery((), json.dumps(event(more=1), sort_keys=True, indent=1).encode())

    assert vonage.key(rewritten) == key(event())
    assert key(other) != key(event())


def test_the_states_of_an_archive_have_keys_of_their_own() -> None:
    states = [
        archive("started"),
        archive("stopped"),
        archive("stopped", updatedAt=1),
        archive("stopped", id="a-2"),
    ]

    assert len({key(state) for state in states}) == len(states)


UNREADABLE = {
    "empty": b"",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "not UTF-8": b'{"event":"sessionCreated","sessionId":"\xff"}',
    "nothing": b"{}",
    "an event that is a number": json.dumps(event()).replace('"connectionCreated"', "7").encode(),
    "no session": json.dumps(event(sessionId=None)).encode(),
    "a session with a line end": json.dumps(event(sessionId="a\n")).encode(),
    "a session that is a number": json.dumps(event(sessionId=7)).encode(),
    "no connection": json.dumps(event(connection=None)).encode(),
    "a connection without id": json.dumps(event(connection={"data": DATA})).encode(),
    "a connection that is a list": json.dumps(event(connection=["c-1"])).encode(),
    "no time": json.dumps(event(timestamp=None)).encode(),
    "a time beyond the calendar": json.dumps(event(timestamp=10**18)).encode(),
    "a time before all": json.dumps(event(timestamp=-1)).encode(),
    "a time that is infinite": json.dumps(event()).replace("1795442400250", "1e999").encode(),
    "an archive without id": json.dumps(archive("started", id=None)).encode(),
    "an archive without status": json.dumps(archive("")).encode(),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_signed_body_that_cannot_be_read_is_malformed_and_nothing_else(body: bytes) -> None:
    delivery = HOST.signed(body, NOW)

    assert vonage.verify(delivery, HOST.keys, NOW) == KEY
    with pytest.raises(Malformed) as refusal:
        vonage.key(delivery), vonage.read(delivery)
    assert refusal.value.reason is Reason.BAD_BODY


def test_a_session_with_a_reload_keeps_the_client_by_connection() -> None:
    told = [
        (fact.type, fact.person if isinstance(fact, PersonJoined | PersonLeft) else "")
        for fact in HOST.facts("ordinary-session")
    ]

    assert told == [
        ("meeting_started", ""),
        ("person_joined", "ther-ana"),
        ("person_joined", "client-ben"),
        ("recording_started", ""),
        ("person_joined", "client-ben"),
        ("person_left", "client-ben"),
        ("recording_stopped", ""),
        ("person_left", "client-ben"),
        ("person_left", "ther-ana"),
        ("meeting_ended", ""),
    ]
    opened = [fact.connection for fact in HOST.facts("ordinary-session") if isinstance(fact, PersonJoined)]
    closed = [fact.connection for fact in HOST.facts("ordinary-session") if isinstance(fact, PersonLeft)]
    assert sorted(map(str, opened)) == sorted(map(str, closed))
    assert closed[0] == opened[1]


def test_retries_tell_the_same_again_and_an_end_may_come_a_day_late() -> None:
    facts = HOST.facts("outage-session")
    end = facts[-1]

    assert len({fact.key for fact in facts}) == len(facts) - 2
    assert isinstance(end, MeetingEnded)
    assert end.at < HOST.lines("outage-session")[-1].at - timedelta(hours=22)


def test_passwords_and_free_text_stay_behind() -> None:
    sent = (FIXTURES / "vonage" / "ordinary-session.jsonl").read_text()
    kept = "".join(fact.model_dump_json() for fact in HOST.facts("ordinary-session") + HOST.facts("odd"))

    assert "marker-archive-password" in sent
    assert "marker-archive-password" not in kept
    assert "Ana Example" not in kept
