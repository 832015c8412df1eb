"""Events that claim to be Pexip's and are not, and what becomes of those that are."""

import json
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest

from tests.webhooks.known import FIXTURES, known
from tests.webhooks.samples import NOW, with_header, without_header
from webhooks import pexip
from webhooks.delivery import Delivery, Malformed, NotAccepted, Reason, Unsigned
from webhooks.events import (
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PersonJoined,
    PersonLeft,
    Role,
    WaitingEntered,
    WaitingLeft,
)

HOST = known("pexip")
USER, NEXT = HOST.keys
PASSWORD = HOST.keys[USER]
BREAKOUT = "room-1_breakout_4ce6aa27-e550-4e02-be1f-90b3b15a2eaf"


def event(kind: str, data: object, **envelope: Any) -> dict[str, Any]:
    return {"node": "10.0.0.1", "seq": 7, "version": 2, "time": NOW.timestamp() + 0.25, "event": kind} | {
        "data": data,
        **envelope,
    }


def participant(kind: str = "participant_connected", **changes: Any) -> dict[str, Any]:
    usual = {"uuid": "u-1", "conference": "room-1", "call_tag": "client-ben", "role": "guest"}
    return event(kind, {**usual, "service_type": "conference", "display_name": "Ben Example", **changes})


def conference(kind: str = "conference_started", **changes: Any) -> dict[str, Any]:
    return event(kind, {"name": "room-1", "service_type": "conference", **changes})


def basic(text: bytes, scheme: str = "Basic") -> str:
    return f"{scheme} {b64encode(text).decode()}"


BODY = json.dumps(participant()).encode()
GOOD = HOST.signed(BODY, NOW)
PROOF = f"{USER}:{PASSWORD}".encode()


def proved_by(value: str) -> Delivery:
    return with_header(GOOD, "Authorization", value)


ATTACKS = {
    "no header": (without_header(GOOD, "authorization"), Reason.MISSING_HEADER),
    "an empty header": (proved_by(" "), Reason.MISSING_HEADER),
    "the header twice": (
        Delivery((*GOOD.headers, ("authorization", basic(PROOF))), BODY),
        Reason.DOUBLED_HEADER,
    ),
    "another password": (proved_by(basic(PROOF + b"x")), Reason.WRONG_CREDENTIAL),
    "a part of the password": (proved_by(basic(PROOF[:-1])), Reason.WRONG_CREDENTIAL),
    "no password": (proved_by(basic(f"{USER}:".encode())), Reason.WRONG_CREDENTIAL),
    "another user": (proved_by(basic(f"admin:{PASSWORD}".encode())), Reason.WRONG_CREDENTIAL),
    "another user's password": (
        proved_by(basic(f"{USER}:{HOST.keys[NEXT]}".encode())),
        Reason.WRONG_CREDENTIAL,
    ),
    "a password in the other case": (proved_by(basic(PROOF.upper())), Reason.WRONG_CREDENTIAL),
    "a user without a secret": (proved_by(basic(b"empty:")), Reason.WRONG_CREDENTIAL),
    "another scheme": (proved_by(basic(PROOF, "Bearer")), Reason.WRONG_CREDENTIAL),
    "no scheme": (proved_by(b64encode(PROOF).decode()), Reason.WRONG_CREDENTIAL),
    "the password as a token": (proved_by(f"Bearer {PASSWORD}"), Reason.WRONG_CREDENTIAL),
    "not base64": (proved_by(f"Basic {USER}:{PASSWORD}"), Reason.WRONG_CREDENTIAL),
    "padding more": (proved_by(basic(PROOF) + "="), Reason.WRONG_CREDENTIAL),
    "letters beyond ASCII": (proved_by("Basic é"), Reason.WRONG_CREDENTIAL),
}


@pytest.mark.parametrize(("delivery", "reason"), ATTACKS.values(), ids=ATTACKS)
def test_it_is_refused_for_its_reason_and_the_refusal_quotes_nothing(
    delivery: Delivery, reason: Reason
) -> None:
    with pytest.raises(NotAccepted) as refusal:
        pexip.verify(delivery, {**HOST.keys, "empty": ""}, NOW)
    assert refusal.value.reason is reason
    assert str(refusal.value) == reason.value
    assert PASSWORD not in repr(delivery)


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_the_scheme_may_be_written_in_any_case(scheme: str) -> None:
    assert pexip.verify(proved_by(basic(PROOF, scheme)), HOST.keys, NOW) == USER


def test_both_users_count_while_one_replaces_the_other() -> None:
    for user in HOST.keys:
        assert pexip.verify(HOST.signed(BODY, NOW, key_id=user), HOST.keys, NOW) == user
    with pytest.raises(Unsigned):
        pexip.verify(GOOD, {NEXT: HOST.keys[NEXT]}, NOW)


@pytest.mark.parametrize(("secret", "words"), [("secret", "6 bytes"), ("", "0 bytes")])
def test_a_short_password_is_called_weak(secret: str, words: str) -> None:
    assert words in (pexip.weakness(secret) or "")


def read(document: object) -> list[HostFact]:
    return pexip.read(Delivery((), json.dumps(document).encode()))


def key(document: object) -> str:
    return pexip.key(Delivery((), json.dumps(document).encode()))


STEM: dict[str, Any] = {
    "host": "pexip",
    "meeting": "room-1",
    "at": NOW + timedelta(milliseconds=250),
    "key": "",
}
BEN: dict[str, Any] = {**STEM, "person": "client-ben", "connection": "u-1"}


@pytest.mark.parametrize(
    ("document", "fact"),
    [
        (conference(), MeetingStarted(**STEM)),
        (conference(service_type="lecture"), MeetingStarted(**STEM)),
        (conference(service_type=None), MeetingStarted(**STEM)),
        (conference("conference_ended"), MeetingEnded(**STEM, partly=True)),
        (conference("conference_ended", service_type=None), MeetingEnded(**STEM, partly=True)),
        (participant(), PersonJoined(**BEN, role=Role.CLIENT)),
        (participant("participant_updated"), PersonJoined(**BEN, role=Role.CLIENT)),
        (participant(service_type="lecture"), PersonJoined(**BEN, role=Role.CLIENT)),
        (participant(service_type="waiting_room"), WaitingEntered(**BEN)),
        (participant("participant_updated", service_type="waiting_room"), WaitingEntered(**BEN)),
        (participant("participant_disconnected"), PersonLeft(**BEN)),
        *(
            (participant("participant_disconnected", service_type=kind), PersonLeft(**BEN))
            for kind in (None, "connecting", "ivr", "lecture", "something_new")
        ),
    ],
)
def test_an_event_gives_its_one_fact(document: dict[str, Any], fact: HostFact) -> None:
    assert read(document) == [fact.model_copy(update={"key": key(document)})]


def test_who_goes_from_the_waiting_room_waits_no_more_and_is_not_inside_either() -> None:
    document = participant("participant_disconnected", service_type="waiting_room")

    left, waited = read(document)

    assert left == PersonLeft(**{**BEN, "key": key(document)})
    assert waited == WaitingLeft(**{**BEN, "key": f"{key(document)}:waiting"})


@pytest.mark.parametrize(
    "document",
    [
        *(event(f"eventsink_{what}", {}) for what in ("started", "updated", "stopped")),
        conference("conference_updated", is_locked=True),
        *(
            conference(kind, service_type=place)
            for kind in ("conference_started", "conference_ended")
            for place in ("test_call", "gateway", "ivr", "waiting_room", "connecting")
        ),
        *(participant(service_type=kind) for kind in ("connecting", "ivr", "test_call", "gateway", None)),
        *(
            participant("participant_disconnected", service_type=kind)
            for kind in ("test_call", "gateway", "two_stage_dialing", "media_playback")
        ),
        event("participant_updated", {"uuid": "u-1", "conference": "room-1", "is_muted": True}),
        participant("participant_media_stream_window"),
        event("something_new", 17, time="soon"),
        {"event": "something_new"},
        event("eventsink_bulk", []),
    ],
)
def test_what_is_no_conference_and_nobody_in_one_tells_nothing(document: dict[str, Any]) -> None:
    assert read(document) == []
    assert key(document)


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ("chair", Role.THERAPIST),
        ("guest", Role.CLIENT),
        ("unknown", None),
        ("Chair", None),
        ("", None),
        (None, None),
    ],
)
def test_a_role_is_the_one_the_server_gave(said: str | None, role: Role | None) -> None:
    (fact,) = read(participant(role=said))

    assert isinstance(fact, PersonJoined)
    assert fact.role is role


@pytest.mark.parametrize(
    ("tag", "person"), [("client-ben", "client-ben"), ("", "u-1"), (None, "u-1"), ("b" * 256, "b" * 256)]
)
def test_the_tag_of_the_call_names_the_person_or_nothing_does(tag: str | None, person: str) -> None:
    (fact,) = read(participant(call_tag=tag, conversation_id="shared"))

    assert isinstance(fact, PersonJoined)
    assert (fact.person, fact.connection) == (person, "u-1")


@pytest.mark.parametrize(
    ("name", "breakout"),
    [
        (BREAKOUT, True),
        ("room-1", False),
        ("room_breakout_plan", False),
        ("_breakout_4ce6aa27-e550-4e02-be1f-90b3b15a2eaf", False),
    ],
)
def test_a_breakout_room_is_a_meeting_of_its_own_and_known_as_such(name: str, breakout: bool) -> None:
    (fact,) = read(conference(name=name))

    assert isinstance(fact, MeetingStarted)
    assert (fact.meeting, fact.breakout) == (name, breakout)


def test_a_bulk_gives_the_facts_of_all_its_events_in_their_order() -> None:
    bulk = event("eventsink_bulk", [conference(), event("eventsink_started", {}), participant()], seq=0)

    facts = read(bulk)

    assert [fact.type for fact in facts] == ["meeting_started", "person_joined"]
    assert [fact.key for fact in facts] == [f"{key(bulk)}:0", f"{key(bulk)}:2"]


@pytest.mark.parametrize("event_", [participant(uuid=None), participant(conference=None), {}, "x", None])
def test_what_cannot_be_read_of_a_bulk_costs_none_of_the_rest(event_: object) -> None:
    bulk = event("eventsink_bulk", [event_, conference(), participant()], seq=0)

    facts = read(bulk)

    assert [fact.type for fact in facts] == ["meeting_started", "person_joined"]
    assert [fact.key for fact in facts] == [f"{key(bulk)}:1", f"{key(bulk)}:2"]


def test_a_bulk_within_a_bulk_is_not_opened() -> None:
    assert read(event("eventsink_bulk", [event("eventsink_bulk", [participant()])])) == []


def test_a_number_that_comes_again_after_a_restart_names_another_event() -> None:
    assert key(conference()) != key({**conference(), "time": NOW.timestamp() + 1})
    assert key(conference()) != key({**conference(), "node": "10.0.0.2"})
    assert key(conference()) == key(conference())


UNREADABLE = {
    "empty": b"",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "not UTF-8": b'{"event":"conference_started","x":"\xff"}',
    "nothing": b"{}",
    "an event that is a number": json.dumps(event("", {}) | {"event": 7}).encode(),
    "a bulk that is no list": json.dumps(event("eventsink_bulk", {})).encode(),
    "a bulk with a text in it": json.dumps(event("eventsink_bulk", ["x"])).encode(),
    "a bulk of unreadable events": json.dumps(
        event("eventsink_bulk", [participant(conference=None), participant(uuid=None)])
    ).encode(),
    "no data": json.dumps(event("conference_started", None)).encode(),
    "no name": json.dumps(conference(name=None)).encode(),
    "an empty name": json.dumps(conference(name="")).encode(),
    "an endless name": json.dumps(conference(name="r" * 257)).encode(),
    "a name with a line end": json.dumps(conference(name="r\n")).encode(),
    "no uuid": json.dumps(participant(uuid=None)).encode(),
    "a uuid that is a list": json.dumps(participant(uuid=["u-1"])).encode(),
    "no conference": json.dumps(participant(conference=None)).encode(),
    "an endless tag": json.dumps(participant(call_tag="b" * 257)).encode(),
    "a tag that is a number": json.dumps(participant(call_tag=7)).encode(),
    "no time": json.dumps(conference() | {"time": None}).encode(),
    "a time beyond the calendar": json.dumps(conference() | {"time": 10**18}).encode(),
    "a time before all": json.dumps(conference() | {"time": -1}).encode(),
    "a time that is no number": json.dumps(conference() | {"time": float("nan")}).encode(),
    "a time that is infinite": json.dumps(conference() | {"time": float("inf")}).encode(),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_cannot_be_read_is_malformed_and_nothing_else(body: bytes) -> None:
    delivery = HOST.signed(body, NOW)

    assert pexip.verify(delivery, HOST.keys, NOW) == USER
    with pytest.raises(Malformed) as refusal:
        pexip.key(delivery), pexip.read(delivery)
    assert refusal.value.reason is Reason.BAD_BODY


def test_an_unreadable_event_does_not_hold_up_those_behind_it() -> None:
    assert pexip.door.unreadable == 200


def test_a_session_over_two_nodes_with_a_wait_and_a_reload_is_told_by_connection() -> None:
    facts = HOST.facts("ordinary-session")

    assert [(fact.type, getattr(fact, "person", "")) for fact in facts] == [
        ("meeting_started", ""),
        ("person_joined", "ther-ana"),
        ("waiting_entered", "client-ben"),
        ("person_joined", "client-ben"),
        ("meeting_started", ""),
        ("person_joined", "client-ben"),
        ("person_left", "client-ben"),
        ("person_joined", "client-ben"),  # an update that came after the end of its connection
        ("person_left", "client-ben"),
        ("meeting_ended", ""),
        ("person_left", "ther-ana"),
        ("meeting_ended", ""),
    ]
    opened = [
        fact.connection for fact in facts if isinstance(fact, PersonJoined) and fact.person == "client-ben"
    ]
    closed = [
        fact.connection for fact in facts if isinstance(fact, PersonLeft) and fact.person == "client-ben"
    ]
    assert opened == [closed[0], closed[1], closed[0]]
    assert all(fact.partly for fact in facts if isinstance(fact, MeetingEnded))


def test_no_leave_is_deliberate_and_no_run_is_named() -> None:
    facts = [fact for file in (*HOST.about.sessions, "odd") for fact in HOST.facts(file)]

    assert not any(fact.deliberate for fact in facts if isinstance(fact, PersonLeft))
    assert {(fact.occurrence, fact.begun) for fact in facts} == {(None, None)}


def test_names_and_addresses_stay_behind() -> None:
    sent = (FIXTURES / "pexip" / "ordinary-session.jsonl").read_text()
    kept = "".join(fact.model_dump_json() for fact in HOST.facts("ordinary-session"))

    for text in ("Ana Example", "Ben Example", "203.0.113.7", "Chrome"):
        assert text in sent
        assert text not in kept
