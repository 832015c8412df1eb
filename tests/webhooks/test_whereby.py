"""Whereby: deliveries that are not its own, unreadable bodies, and what events mean."""

import hmac
import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.webhooks.known import FIXTURES, known
from tests.webhooks.samples import NOW, signed, with_header, without_header
from webhooks import whereby
from webhooks.delivery import Delivery, Malformed, NotAccepted, Reason, Unsigned
from webhooks.events import (
    HostFact,
    MeetingEnded,
    PersonJoined,
    PersonLeft,
    RecordingStopped,
    Role,
    WaitingEntered,
    WaitingLeft,
)

KEYS = known("whereby").keys
STAMP = str(int(NOW.timestamp()))


def event(kind: str = "room.client.joined", **changes: Any) -> dict[str, Any]:
    data = {
        "roleName": "visitor",
        "displayName": "Ben Example",
        "meetingId": "134",
        "roomName": "/room-1",
        "participantId": "p-1",
        "externalId": "patient-ben",
        "isDialIn": False,
        **changes,
    }
    return {
        "id": "ev-1",
        "apiVersion": "1.0",
        "createdAt": "2026-11-23T14:00:00.250Z",
        "type": kind,
        "data": data,
    }


def raw(document: object) -> bytes:
    return json.dumps(document).encode()


BODY = raw(event())
GOOD = signed("whereby", BODY)
VALUE = GOOD.header("whereby-signature")
SIGNATURE = VALUE.partition("v1=")[2]


def carrying(value: str) -> Delivery:
    return with_header(GOOD, "Whereby-Signature", value)


def proof(stamp: str, body: bytes = BODY, secret: str = KEYS["first"]) -> str:
    """A signature made here, by other code than that of the host file."""
    return hmac.new(secret.encode(), b".".join((stamp.encode(), body)), "sha256").hexdigest()


def at(seconds: int) -> str:
    stamp = str(int(STAMP) + seconds)
    return f"t={stamp},v1={proof(stamp)}"


ATTACKS = {
    "no header": (without_header(GOOD, "whereby-signature"), Reason.MISSING_HEADER),
    "an empty header": (carrying(" "), Reason.MISSING_HEADER),
    "the header twice": (
        replace(GOOD, headers=(*GOOD.headers, ("whereby-signature", VALUE))),
        Reason.DOUBLED_HEADER,
    ),
    "10 000 signatures": (carrying(VALUE + f",v1={SIGNATURE}" * 10_000), Reason.TOO_MANY_SIGNATURES),
    "no stamp": (carrying(f"v1={SIGNATURE}"), Reason.BAD_TIMESTAMP),
    "two stamps": (carrying(f"{VALUE},t={STAMP}"), Reason.BAD_TIMESTAMP),
    "a stamp in milliseconds": (carrying(f"t={STAMP}000,v1={proof(STAMP + '000')}"), Reason.BAD_TIMESTAMP),
    "a stamp with a sign": (carrying(f"t=-5,v1={proof('-5')}"), Reason.BAD_TIMESTAMP),
    "no signature": (carrying(f"t={STAMP}"), Reason.WRONG_SIGNATURE),
    "another scheme": (carrying(VALUE.replace("v1=", "v0=")), Reason.WRONG_SIGNATURE),
    "capitals": (carrying(f"t={STAMP},v1={SIGNATURE.upper()}"), Reason.WRONG_SIGNATURE),
    "a space before": (carrying(f"t={STAMP}, v1={SIGNATURE}"), Reason.WRONG_SIGNATURE),
    "base64": (
        carrying(f"t={STAMP},v1={b64encode(bytes.fromhex(SIGNATURE)).decode()}"),
        Reason.WRONG_SIGNATURE,
    ),
    "half a signature": (carrying(f"t={STAMP},v1={SIGNATURE[:32]}"), Reason.WRONG_SIGNATURE),
    "letters beyond ASCII": (carrying(f"t={STAMP},v1=\udcffé"), Reason.WRONG_SIGNATURE),
    "another secret": (carrying(f"t={STAMP},v1={proof(STAMP, secret='x' * 64)}"), Reason.WRONG_SIGNATURE),
    "a newer stamp": (carrying(f"t={int(STAMP) + 1},v1={SIGNATURE}"), Reason.WRONG_SIGNATURE),
    "another body": (replace(GOOD, body=BODY.replace(b"visitor", b"host")), Reason.WRONG_SIGNATURE),
    "an empty body": (replace(GOOD, body=b""), Reason.WRONG_SIGNATURE),
    "301 s old": (carrying(at(-301)), Reason.TOO_OLD),
    "61 s ahead": (carrying(at(61)), Reason.TOO_EARLY),
}


@pytest.mark.parametrize(("delivery", "reason"), ATTACKS.values(), ids=ATTACKS)
def test_it_is_refused_for_its_reason_and_says_nothing_else(delivery: Delivery, reason: Reason) -> None:
    with pytest.raises(NotAccepted) as refusal:
        whereby.verify(delivery, KEYS, NOW)
    assert str(refusal.value) == refusal.value.reason == reason


@pytest.mark.parametrize("value", [VALUE, at(-300), at(60), f"t={STAMP},v0=AAAA,v1={SIGNATURE}"])
def test_it_is_accepted(value: str) -> None:
    assert whereby.verify(carrying(value), KEYS, NOW) == "first"


def test_an_empty_secret_never_vouches_and_a_short_one_is_called_weak() -> None:
    with pytest.raises(Unsigned):
        whereby.verify(carrying(f"t={STAMP},v1={proof(STAMP, secret='')}"), {"empty": ""}, NOW)
    assert whereby.weakness("secret") == "has 6 bytes, fewer than 16"


UNREADABLE = {
    "empty": b"",
    "not JSON": b"hello",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "invalid UTF-8": b'{"type":"\xff","id":"x"}',
    "no id": raw({**event(), "id": None}),
    "an id that is a number": raw({**event(), "id": 5}),
    "no time": raw({**event(), "createdAt": None}),
    "a time that is a number": raw({**event(), "createdAt": 1795442400}),
    "a time in digits": raw({**event(), "createdAt": "2026112314"}),
    "a time without zone": raw({**event(), "createdAt": "2026-11-23T14:00:00"}),
    "a time at the end of time": raw({**event(), "createdAt": "9999-12-31T23:59:59-23:00"}),
    "no data": raw({**event(), "data": None}),
    "no room": raw(event(roomName=None)),
    "a room that is a slash": raw(event(roomName="/")),
    "a room that is a number": raw(event(roomName=5)),
    "no participant": raw(event(participantId=None)),
    "a participant that is a list": raw(event(participantId=["p"])),
    "an external id that is a number": raw(event(externalId=5)),
    "a role that is a list": raw(event(roleName=["host"])),
    "a session without room": raw(event("room.session.ended", roomName="")),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_signed_body_that_cannot_be_read_is_malformed_and_nothing_else(body: bytes) -> None:
    delivery = signed("whereby", body)

    assert whereby.verify(delivery, KEYS, NOW) == "first"
    with pytest.raises(Malformed) as refusal:
        whereby.key(delivery), whereby.read(delivery)
    assert refusal.value.reason is Reason.BAD_BODY


def read(document: object) -> list[HostFact]:
    return whereby.read(Delivery((), raw(document)))


@pytest.mark.parametrize(
    "document",
    [
        *(
            event(kind, roleName=role)
            for kind in ("room.client.joined", "room.client.left")
            for role in ("recorder", "streamer", "captioner", "viewer", "granted_viewer")
        ),
        event(isDialIn=True),
        event("room.client.left", isDialIn=True),
        event("transcription.started"),
        event("assistant.requested"),
        {"type": "something.new", "id": "ev-1", "data": 5},
    ],
)
def test_machines_viewers_and_telephones_are_nobody(document: dict[str, Any]) -> None:
    assert read(document) == []
    assert whereby.key(Delivery((), raw(document))) == "ev-1"


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("host", Role.THERAPIST),
        ("owner", Role.THERAPIST),
        ("member", Role.THERAPIST),
        ("visitor", Role.CLIENT),
        ("granted_visitor", Role.CLIENT),
        ("something_new", None),
        ("Host", None),
        ("therapist", None),
        ("", None),
        (None, None),
    ],
)
def test_a_role_follows_from_the_address_that_opened_the_room(name: str | None, role: Role | None) -> None:
    (fact,) = read(event(roleName=name, metadata="therapist", displayName="host"))

    assert isinstance(fact, PersonJoined)
    assert fact.role is role


@pytest.mark.parametrize("external", [None, ""])
def test_who_was_given_no_id_is_their_connection(external: str | None) -> None:
    (fact,) = read(event(externalId=external))

    assert isinstance(fact, PersonJoined)
    assert (fact.person, fact.connection) == ("p-1", "p-1")


def test_a_leave_ends_its_stay_and_is_never_called_deliberate() -> None:
    (fact,) = read(event("room.client.left"))

    assert fact == PersonLeft(
        host="whereby",
        meeting="room-1",
        person="patient-ben",
        connection="p-1",
        at=datetime(2026, 11, 23, 14, 0, 0, 250_000, UTC),
        key="ev-1",
    )


def test_a_session_that_ended_by_a_guess_counts_only_when_nobody_is_inside() -> None:
    (fact,) = read(event("room.session.ended"))

    assert isinstance(fact, MeetingEnded)
    assert fact.partly


@pytest.mark.parametrize(
    ("kind", "fact"), [("room.client.knocked", WaitingEntered), ("room.client.knockCancelled", WaitingLeft)]
)
def test_who_knocks_waits(kind: str, fact: type[HostFact]) -> None:
    document = event(kind)
    del document["data"]["roleName"], document["data"]["isDialIn"]

    assert [type(each) for each in read(document)] == [fact]


def test_a_recording_that_is_done_has_stopped_and_a_room_may_come_without_its_slash() -> None:
    (fact,) = read(event("recording.finished", roomName="room-1"))

    assert isinstance(fact, RecordingStopped)
    assert fact.meeting == "room-1"


def test_a_session_is_told_in_full() -> None:
    facts = known("whereby").facts("ordinary-session")

    assert [fact.type for fact in facts] == [
        "person_joined",
        "waiting_entered",
        "person_joined",
        "meeting_started",
        "person_joined",
        *("person_left",) * 3,
        "meeting_ended",
        "recording_stopped",
    ]
    assert {(fact.meeting, fact.occurrence) for fact in facts} == {("room-ana-ben", None)}


def test_what_comes_late_and_twice_is_the_same_fact_under_the_same_key() -> None:
    left, joined, again = known("whereby").facts("odd")[:3]

    assert left.at > joined.at
    assert joined == again


def test_names_metadata_and_files_stay_behind() -> None:
    files = ("ordinary-session", "odd")
    sent = "".join((FIXTURES / "whereby" / f"{name}.jsonl").read_text() for name in files)
    kept = "".join(fact.model_dump_json() for name in files for fact in known("whereby").facts(name))

    for secret in ("marker-metadata", "marker.mp4", "marker-number", "Example"):
        assert secret in sent
        assert secret not in kept
