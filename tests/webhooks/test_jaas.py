"""JaaS: deliveries that are not its own, a question that is none of ours, unreadable bodies, and what events mean."""

import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.webhooks.known import FIXTURES, known
from tests.webhooks.samples import NOW, signed, with_header, without_header
from webhooks import jaas
from webhooks.delivery import Delivery, Handshake, Malformed, NotAccepted, Reason, Unsigned, Window
from webhooks.events import HostFact, PersonJoined, PersonLeft, Role

KEYS = {name: secret for name, secret in known("jaas").keys.items() if name != "vendor-example"}
STAMP = str(int(NOW.timestamp()))
JID = "3988218d-a6ef-40cf-8b1b-f5097f46fbf7@8x8.vc"


def event(kind: str = "PARTICIPANT_JOINED", **changes: Any) -> dict[str, Any]:
    data = {
        "moderator": False,
        "name": "Ben Example",
        "email": "ben@example.com",
        "id": "patient-ben",
        "participantJid": JID,
        **changes,
    }
    return {
        "idempotencyKey": "ev-1",
        "customerId": "0001",
        "appId": "vpaas-magic-cookie-0001",
        "eventType": kind,
        "sessionId": "run-1",
        "timestamp": 1795442400250,
        "fqn": "vpaas-magic-cookie-0001/room-1",
        "data": data,
    }


def raw(document: object) -> bytes:
    return json.dumps(document).encode()


BODY = raw(event())
GOOD = signed("jaas", BODY)
VALUE = GOOD.header("x-jaas-signature")
SIGNATURE = VALUE.partition("v1=")[2]


def carrying(value: str, body: bytes = BODY) -> Delivery:
    return replace(with_header(GOOD, "X-Jaas-Signature", value), body=body)


def proof(stamp: str, body: bytes = BODY, secret: str = KEYS["first"]) -> str:
    """A signature made here, by other code than that of the host file."""
    message = b".".join((stamp.encode(), body))
    return b64encode(hmac.new(secret.encode(), message, "sha256").digest()).decode()


def at(seconds: int) -> str:
    stamp = str(int(STAMP) + seconds)
    return f"t={stamp},v1={proof(stamp)}"


ATTACKS = {
    "no header": (without_header(GOOD, "x-jaas-signature"), Reason.MISSING_HEADER),
    "an empty header": (carrying(" "), Reason.MISSING_HEADER),
    "the header twice": (
        replace(GOOD, headers=(*GOOD.headers, ("x-jaas-signature", VALUE))),
        Reason.DOUBLED_HEADER,
    ),
    "10 000 signatures": (carrying(VALUE + f",v1={SIGNATURE}" * 10_000), Reason.TOO_MANY_SIGNATURES),
    "nine signatures": (carrying(VALUE + f",v1={SIGNATURE}" * 8), Reason.TOO_MANY_SIGNATURES),
    "no stamp": (carrying(f"v1={SIGNATURE}"), Reason.BAD_TIMESTAMP),
    "two stamps": (carrying(f"t={STAMP},{VALUE}"), Reason.BAD_TIMESTAMP),
    **{
        f"the stamp {stamp!r}": (carrying(f"t={stamp},v1={proof(stamp)}"), Reason.BAD_TIMESTAMP)
        for stamp in (
            "",
            "now",
            "-5",
            "+5",
            f" {STAMP}",
            f"{STAMP}.5",
            "1e9",
            "٣",
            f"{STAMP}000",
            f"{STAMP}\n",
        )
    },
    "only a stamp": (carrying(f"t={STAMP}"), Reason.WRONG_SIGNATURE),
    "an older scheme": (carrying(VALUE.replace("v1=", "v0=")), Reason.WRONG_SIGNATURE),
    "a newer scheme": (carrying(VALUE.replace("v1=", "v2=")), Reason.WRONG_SIGNATURE),
    "a scheme in capitals": (carrying(VALUE.replace("v1=", "V1=")), Reason.WRONG_SIGNATURE),
    "an empty signature": (carrying(f"t={STAMP},v1="), Reason.WRONG_SIGNATURE),
    "less padding": (carrying(VALUE.rstrip("=")), Reason.WRONG_SIGNATURE),
    "more padding": (carrying(VALUE + "="), Reason.WRONG_SIGNATURE),
    "hex": (carrying(f"t={STAMP},v1={b64decode(SIGNATURE).hex()}"), Reason.WRONG_SIGNATURE),
    "letters beyond ASCII": (carrying(f"t={STAMP},v1=\udcffé"), Reason.WRONG_SIGNATURE),
    "another secret": (
        carrying(f"t={STAMP},v1={proof(STAMP, secret='whsec_' + 'x' * 32)}"),
        Reason.WRONG_SIGNATURE,
    ),
    "the secret without whsec_": (
        carrying(f"t={STAMP},v1={proof(STAMP, secret=KEYS['first'].removeprefix('whsec_'))}"),
        Reason.WRONG_SIGNATURE,
    ),
    "a newer stamp": (carrying(f"t={int(STAMP) + 1},v1={SIGNATURE}"), Reason.WRONG_SIGNATURE),
    "a zero before the stamp": (carrying(f"t=0{STAMP[1:]},v1={SIGNATURE}"), Reason.WRONG_SIGNATURE),
    "another body": (replace(GOOD, body=BODY.replace(b"false", b"true")), Reason.WRONG_SIGNATURE),
    "an empty body": (replace(GOOD, body=b""), Reason.WRONG_SIGNATURE),
    "a body written anew": (
        replace(GOOD, body=json.dumps(event(), separators=(",", ":")).encode()),
        Reason.WRONG_SIGNATURE,
    ),
    "an hour and a second old": (carrying(at(-3601)), Reason.TOO_OLD),
    "61 s ahead": (carrying(at(61)), Reason.TOO_EARLY),
}


@pytest.mark.parametrize(("delivery", "reason"), ATTACKS.values(), ids=ATTACKS)
def test_it_is_refused_for_its_reason_and_says_nothing_else(delivery: Delivery, reason: Reason) -> None:
    with pytest.raises(NotAccepted) as refusal:
        jaas.verify(delivery, KEYS, NOW)
    assert str(refusal.value) == refusal.value.reason == reason


ACCEPTED = {
    "as sent": VALUE,
    "an hour old": at(-3600),
    "60 s ahead": at(60),
    "an unknown scheme before": f"t={STAMP},v0=AAAA,v1={SIGNATURE}",
    "an unknown scheme after": f"{VALUE},v2=AAAA",
    "signatures before the stamp": f"v1={SIGNATURE},t={STAMP}",
    "the eighth of eight": f"t={STAMP}{',v1=AAAA' * 7},v1={SIGNATURE}",
}


@pytest.mark.parametrize("value", ACCEPTED.values(), ids=ACCEPTED)
def test_it_is_accepted(value: str) -> None:
    assert jaas.verify(carrying(value), KEYS, NOW) == "first"


def test_the_delivery_in_8x8_s_documentation_is_verified_byte_for_byte() -> None:
    (line,) = known("jaas").lines("vendor-example")

    assert jaas.verify(line.delivery, known("jaas").keys, line.at) == "vendor-example"
    with pytest.raises(Unsigned):
        jaas.verify(replace(line.delivery, body=line.delivery.body + b"\n"), known("jaas").keys, line.at)
    secret = known("jaas").keys["vendor-example"]
    ours = jaas.sign(line.delivery.body, "vendor-example", secret, line.at, key="")
    assert ours.header("x-jaas-signature") == line.delivery.header("x-jaas-signature")


def test_an_empty_secret_never_vouches_and_a_short_one_is_called_weak() -> None:
    with pytest.raises(Unsigned):
        jaas.verify(carrying(f"t={STAMP},v1={proof(STAMP, secret='')}"), {"empty": ""}, NOW)
    assert jaas.weakness("whsec_abc") == "has 9 bytes, fewer than 16"


def test_the_window_is_a_setting() -> None:
    with pytest.raises(NotAccepted) as refusal:
        jaas.verify(GOOD, KEYS, NOW + timedelta(seconds=301), Window())
    assert refusal.value.reason is Reason.TOO_OLD


QUESTION = b'{"fqn":"vpaas-magic-cookie-0001/room-1"}'


@pytest.mark.parametrize(
    "body", [QUESTION, QUESTION[:-1] + b',"eventType":"SETTINGS_PROVISIONING"}'], ids=["bare", "named"]
)
def test_how_to_set_up_a_meeting_is_answered_with_nothing_once_it_is_signed(body: bytes) -> None:
    with pytest.raises(Handshake) as question:
        jaas.verify(signed("jaas", body), KEYS, NOW)
    assert (question.value.answer, question.value.signed_by) == (b"{}", "first")
    with pytest.raises(Unsigned):
        jaas.verify(replace(GOOD, body=body), KEYS, NOW)
    with pytest.raises(Unsigned):
        jaas.verify(Delivery((), body), KEYS, NOW)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"", QUESTION[:-1] + b',"sessionId":"x"}', b'{"fqn":5}'])
def test_what_is_no_such_question_is_read_as_an_event(body: bytes) -> None:
    assert jaas.verify(signed("jaas", body), KEYS, NOW) == "first"
    with pytest.raises(Malformed):
        jaas.key(signed("jaas", body))


UNREADABLE = {
    "empty": b"",
    "not JSON": b"hello",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "deep objects": b'{"data":' * 50_000,
    "invalid UTF-8": b'{"eventType":"\xff","idempotencyKey":"k"}',
    "no key": raw({**event(), "idempotencyKey": None}),
    "a key that is a number": raw({**event(), "idempotencyKey": 5}),
    "no session": raw({**event(), "sessionId": None}),
    "an empty session": raw({**event(), "sessionId": ""}),
    "no time": raw({**event(), "timestamp": None}),
    "a time beyond the calendar": raw({**event(), "timestamp": 10**18}),
    "a time before all": raw({**event(), "timestamp": -1}),
    "a time that is text": raw({**event(), "timestamp": "soon"}),
    "no room": raw({**event(), "fqn": None}),
    "an app without a room": raw({**event(), "fqn": "vpaas-magic-cookie-0001/"}),
    "no slash": raw({**event(), "fqn": "room-1"}),
    "no data": raw({**event(), "data": None}),
    "data that is a list": raw({**event(), "data": []}),
    "no connection": raw(event(participantJid=None)),
    "a connection that is a number": raw(event(participantJid=5)),
    "a person that is a number": raw(event(id=5)),
    "an endless person": raw(event(id="p" * 257)),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_signed_body_that_cannot_be_read_is_malformed_and_nothing_else(body: bytes) -> None:
    delivery = signed("jaas", body)

    assert jaas.verify(delivery, KEYS, NOW) == "first"
    with pytest.raises(Malformed) as refusal:
        jaas.key(delivery), jaas.read(delivery)
    assert refusal.value.reason is Reason.BAD_BODY


def read(document: object) -> list[HostFact]:
    return jaas.read(Delivery((), raw(document)))


@pytest.mark.parametrize(
    "document",
    [
        event("ROLE_CHANGED", role="moderator"),
        event("DIAL_IN_STARTED"),
        event("RECORDING_UPLOADED"),
        event("SOMETHING_NEW"),
        {"eventType": "X", "idempotencyKey": "ev-1", "data": 5},
        event("ROOM_CREATED", isBreakout=True),
        event("ROOM_DESTROYED", isBreakout="true"),
        event("PARTICIPANT_JOINED", isBreakout=True),
        event("PARTICIPANT_LEFT", disconnectReason="switch_room"),
        event("PARTICIPANT_LEFT", disconnectReason="switch_room", isBreakout=True),
    ],
)
def test_side_rooms_and_what_is_no_part_of_a_session_tell_nothing(document: dict[str, Any]) -> None:
    assert read(document) == []
    assert jaas.key(Delivery((), raw(document))) == "ev-1"


@pytest.mark.parametrize(
    ("moderator", "role"),
    [
        (True, Role.THERAPIST),
        ("true", Role.THERAPIST),
        ("True", Role.THERAPIST),
        (False, Role.CLIENT),
        ("false", Role.CLIENT),
        ("", Role.CLIENT),
        (None, Role.CLIENT),
        (1, Role.CLIENT),
        (["true"], Role.CLIENT),
        ("yes", Role.CLIENT),
    ],
)
def test_a_moderator_is_a_therapist_as_truth_and_as_word(moderator: object, role: Role) -> None:
    (fact,) = read(event(moderator=moderator))

    assert isinstance(fact, PersonJoined)
    assert fact.role is role


@pytest.mark.parametrize("user", [None, ""])
def test_who_has_no_id_in_their_token_is_their_connection(user: str | None) -> None:
    (fact,) = read(event(id=user))

    assert isinstance(fact, PersonJoined)
    assert fact.person == JID


def test_a_connection_is_the_same_with_its_resource_and_without() -> None:
    (joined,), (left,) = read(event(participantJid=f"{JID}/oGHh5j2yMsyj")), read(event("PARTICIPANT_LEFT"))

    assert isinstance(joined, PersonJoined)
    assert isinstance(left, PersonLeft)
    assert joined.connection == left.connection == JID


@pytest.mark.parametrize("reason", ["left", "kicked", "unknown", "unrecoverable_error", "news", None])
def test_a_leave_ends_its_stay_and_is_never_called_deliberate(reason: str | None) -> None:
    (fact,) = read(event("PARTICIPANT_LEFT", disconnectReason=reason))

    assert fact == PersonLeft(
        host="jaas",
        meeting="room-1",
        occurrence="run-1",
        person="patient-ben",
        connection=JID,
        at=datetime(2026, 11, 23, 14, 0, 0, 250_000, UTC),
        key="ev-1",
    )


def test_who_goes_home_from_a_side_room_has_left_the_run_that_is_going_on() -> None:
    (fact,) = read(event("PARTICIPANT_LEFT", disconnectReason="left", isBreakout=True))

    assert isinstance(fact, PersonLeft)
    assert (fact.occurrence, fact.connection) == (None, JID)


def test_a_room_is_lower_case_and_may_hold_a_slash() -> None:
    document = {**event("ROOM_CREATED"), "fqn": "vpaas-magic-cookie-0001/Clinic/Room-1"}

    assert [fact.meeting for fact in read(document)] == ["clinic/room-1"]


def test_a_session_is_told_in_full() -> None:
    facts = known("jaas").facts("ordinary-session")

    assert [fact.type for fact in facts] == [
        "person_joined",
        "meeting_started",
        "waiting_entered",
        "waiting_left",
        "person_joined",
        "recording_started",
        "person_joined",
        "person_left",
        "recording_stopped",
        *("person_left",) * 2,
        "meeting_ended",
    ]
    assert len({(fact.meeting, fact.occurrence) for fact in facts}) == 1


def test_side_rooms_neither_end_the_meeting_nor_lose_who_is_in_them() -> None:
    facts = known("jaas").facts("breakout-session")
    people = [(fact.type, fact.person) for fact in facts if isinstance(fact, PersonJoined | PersonLeft)]

    assert people == [
        ("person_joined", "practitioner-ana"),
        ("person_joined", "patient-ben"),
        ("person_joined", "practitioner-ana"),  # back on the connection that never closed
        ("person_left", "patient-ben"),
        ("person_left", "practitioner-ana"),
    ]
    assert [fact.type for fact in facts if not isinstance(fact, PersonJoined | PersonLeft)] == [
        "meeting_started",
        "meeting_ended",
    ]


def test_names_addresses_and_links_stay_behind() -> None:
    files = ("ordinary-session", "breakout-session", "odd")
    sent = "".join((FIXTURES / "jaas" / f"{name}.jsonl").read_text() for name in files)
    kept = "".join(fact.model_dump_json() for name in files for fact in known("jaas").facts(name))

    for secret in ("marker-link", "marker-number", "Example", "example.com", "vpaas-magic-cookie"):
        assert secret in sent
        assert secret not in kept
