"""Daily: deliveries that are not its own, trials of the address, unreadable bodies, and what events mean."""

import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.webhooks.known import FIXTURES, known
from tests.webhooks.samples import NOW, signed, with_header, without_header
from webhooks import daily
from webhooks.delivery import Delivery, Handshake, Malformed, NotAccepted, Reason, Unsigned
from webhooks.events import HostFact, MeetingEnded, MeetingStarted, PersonJoined, PersonLeft, Role

KEYS = known("daily").keys
STAMP = str(int(NOW.timestamp()))


def event(kind: str = "participant.joined", **changes: Any) -> dict[str, Any]:
    payload = {
        "room": "room-1",
        "user_id": "patient-ben",
        "user_name": "Ben Example",
        "session_id": "s-1",
        "joined_at": 1795442399.25,
        "owner": False,
        **changes,
    }
    return {
        "version": "1.0.0",
        "type": kind,
        "id": "ev-1",
        "payload": payload,
        "event_ts": 1795442400.5,
    }


def raw(document: object) -> bytes:
    return json.dumps(document).encode()


BODY = raw(event())
GOOD = signed("daily", BODY)
SIGNATURE = GOOD.header("x-webhook-signature")


def but(name: str, value: str) -> Delivery:
    return with_header(GOOD, f"X-Webhook-{name}", value)


def made(stamp: str, body: bytes = BODY, secret: str = KEYS["first"]) -> Delivery:
    """A delivery signed here, by other code than that of the host file."""
    message = b".".join((stamp.encode(), body))
    signature = b64encode(hmac.new(b64decode(secret), message, "sha256").digest()).decode()
    return Delivery((("X-Webhook-Timestamp", stamp), ("X-Webhook-Signature", signature)), body)


def without_stamp(body: bytes) -> str:
    return b64encode(hmac.new(b64decode(KEYS["first"]), body, "sha256").digest()).decode()


def ago(**time: int) -> str:
    return str(int((NOW - timedelta(**time)).timestamp()))


ATTACKS = {
    "no signature": (without_header(GOOD, "x-webhook-signature"), Reason.MISSING_HEADER),
    "no stamp": (without_header(GOOD, "x-webhook-timestamp"), Reason.MISSING_HEADER),
    "an empty signature": (but("Signature", " "), Reason.MISSING_HEADER),
    "the stamp twice": (
        replace(GOOD, headers=(*GOOD.headers, ("x-webhook-timestamp", STAMP))),
        Reason.DOUBLED_HEADER,
    ),
    **{
        f"the stamp {stamp!r}": (made(stamp), Reason.BAD_TIMESTAMP)
        for stamp in ("now", "-5", "+5", f" {STAMP}", f"{STAMP}.5", "1e9", "٣", "9" * 14, f"{STAMP}\n")
    },
    "another secret": (made(STAMP, secret=b64encode(b"x" * 32).decode()), Reason.WRONG_SIGNATURE),
    "the secret as text": (
        made(STAMP, secret=b64encode(KEYS["first"].encode()).decode()),
        Reason.WRONG_SIGNATURE,
    ),
    "the body alone": (but("Signature", without_stamp(BODY)), Reason.WRONG_SIGNATURE),
    "hex": (but("Signature", b64decode(SIGNATURE).hex()), Reason.WRONG_SIGNATURE),
    "another letter case": (but("Signature", SIGNATURE.swapcase()), Reason.WRONG_SIGNATURE),
    "less padding": (but("Signature", SIGNATURE.rstrip("=")), Reason.WRONG_SIGNATURE),
    "letters beyond ASCII": (but("Signature", "\udcffé"), Reason.WRONG_SIGNATURE),
    "a newer stamp": (but("Timestamp", str(int(STAMP) + 1)), Reason.WRONG_SIGNATURE),
    "another unit": (but("Timestamp", f"{STAMP}000"), Reason.WRONG_SIGNATURE),
    "another body": (replace(GOOD, body=BODY.replace(b"false", b"true")), Reason.WRONG_SIGNATURE),
    "an empty body": (replace(GOOD, body=b""), Reason.WRONG_SIGNATURE),
    "a body written anew": (
        replace(GOOD, body=json.dumps(event(), separators=(",", ":")).encode()),
        Reason.WRONG_SIGNATURE,
    ),
    "75 min and a second old": (made(ago(minutes=75, seconds=1)), Reason.TOO_OLD),
    "the same in milliseconds": (made(ago(minutes=75, seconds=1) + "000"), Reason.TOO_OLD),
    "61 s ahead": (made(ago(seconds=-61)), Reason.TOO_EARLY),
    "of the year 2286": (made("9" * 10), Reason.TOO_EARLY),
    "of 1970": (made("0"), Reason.TOO_OLD),
}


@pytest.mark.parametrize(("delivery", "reason"), ATTACKS.values(), ids=ATTACKS)
def test_it_is_refused_for_its_reason_and_says_nothing_else(delivery: Delivery, reason: Reason) -> None:
    with pytest.raises(NotAccepted) as refusal:
        daily.verify(delivery, KEYS, NOW)
    assert str(refusal.value) == refusal.value.reason == reason


@pytest.mark.parametrize(
    "stamp", [STAMP, f"{STAMP}123", ago(minutes=75), ago(minutes=75) + "000", ago(seconds=-60)]
)
def test_a_stamp_in_seconds_or_milliseconds_is_accepted_to_the_ends_of_the_window(stamp: str) -> None:
    assert daily.verify(made(stamp), KEYS, NOW) == "first"


def test_either_of_two_secrets_counts_and_one_that_is_none_never_does() -> None:
    assert daily.verify(made(STAMP, secret=KEYS["second"]), KEYS, NOW) == "second"
    assert daily.verify(GOOD, {"bad": "not base64!", "empty": "", **KEYS}, NOW) == "first"
    for secret in ("", "not base64!", "é"):
        with pytest.raises(Unsigned):
            daily.verify(GOOD, {"bad": secret}, NOW)
    with pytest.raises(Unsigned):
        daily.verify(made(STAMP, secret=""), {"empty": ""}, NOW)


def test_a_secret_is_the_base64_of_24_bytes_or_more() -> None:
    assert daily.weakness("%%") == "is not base64"
    assert daily.weakness("QUJD") == "has 3 bytes, fewer than 24"
    assert daily.weakness(b64encode(b"x" * 24).decode()) is None
    with pytest.raises(ValueError, match="the secret k is not base64"):
        daily.sign(BODY, "k", "%%", NOW, key="ev-1")


@pytest.mark.parametrize("body", [b'{"test":"test"}', b'{"test": "test"}', b'{\n  "test": "test"\n}\n'])
def test_a_bare_trial_of_the_address_is_answered_though_nobody_signed_it(body: bytes) -> None:
    for delivery in (Delivery((), body), replace(GOOD, body=body)):
        with pytest.raises(Handshake) as trial:
            daily.verify(delivery, KEYS, NOW)
        assert (trial.value.answer, trial.value.signed_by) == (b"{}", None)


NO_TRIALS = {
    "an event too": raw({"test": "test", **event()}),
    "a type too": b'{"test":"test","type":"x"}',
    "a payload too": b'{"test":"test","payload":{}}',
    "another word": b'{"test":"tests"}',
    "a truth": b'{"test":true}',
    "a list of it": b'[{"test":"test"}]',
    "inside": b'{"payload":{"test":"test"}}',
    "nothing": b"{}",
    "the words only": b'"test":"test"',
    "much room": b'{"test":"test"' + b" " * 100 + b"}",
}


@pytest.mark.parametrize("body", NO_TRIALS.values(), ids=NO_TRIALS)
def test_nothing_else_gets_past_the_signature_as_a_trial(body: bytes) -> None:
    with pytest.raises(Unsigned) as unsigned:
        daily.verify(Delivery((), body), KEYS, NOW)
    assert unsigned.value.reason is Reason.MISSING_HEADER
    with pytest.raises(Unsigned) as wrong:
        daily.verify(replace(GOOD, body=body), KEYS, NOW)
    assert wrong.value.reason is Reason.WRONG_SIGNATURE


def test_a_trial_of_any_shape_is_answered_and_not_kept_when_daily_signed_it() -> None:
    with pytest.raises(Handshake) as trial:
        daily.verify(made(STAMP, raw({"test": "test", **event()})), KEYS, NOW)
    assert trial.value.signed_by == "first"


def test_a_room_called_test_is_no_trial() -> None:
    assert daily.verify(signed("daily", raw(event(room="test", user_id="test"))), KEYS, NOW) == "first"


UNREADABLE = {
    "empty": b"",
    "not JSON": b"hello",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "invalid UTF-8": b'{"type":"participant.joined","id":"\xff"}',
    "no id": raw({**event(), "id": None}),
    "an id that is a number": raw({**event(), "id": 5}),
    "no time": raw({**event(), "event_ts": None}),
    "a time that is infinite": raw(event()).replace(b"1795442400.5", b"1e999"),
    "a time before all": raw(event(joined_at=-1)),
    "a time beyond the calendar": raw(event(joined_at=10**12)),
    "no payload": raw({**event(), "payload": None}),
    "a payload that is a list": raw({**event(), "payload": []}),
    "no room": raw(event(room=None)),
    "an empty room": raw(event(room="")),
    "an endless room": raw(event(room="r" * 257)),
    "no session": raw(event(session_id=None)),
    "a session that is a number": raw(event(session_id=5)),
    "a person that is a list": raw(event(user_id=["x"])),
    "an owner that is a text": raw(event(owner="true")),
    "a meeting without room": raw(event("meeting.started", room=None)),
    "a recording without room": raw(event("recording.error", room=None)),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_signed_body_that_cannot_be_read_is_malformed_and_nothing_else(body: bytes) -> None:
    delivery = signed("daily", body)

    assert daily.verify(delivery, KEYS, NOW) == "first"
    with pytest.raises(Malformed) as refusal:
        daily.key(delivery), daily.read(delivery)
    assert refusal.value.reason is Reason.BAD_BODY


def read(document: object) -> list[HostFact]:
    return daily.read(Delivery((), raw(document)))


@pytest.mark.parametrize(
    "document",
    [
        event("recording.started", room=None, recording_id="r", start_ts=1795442399),
        event("transcript.started", room=None),
        event("dialin.connected"),
        event("something.new", room=5),
        {"type": "x", "id": "ev-1"},
        event(permissions={"hasPresence": False, "canSend": ["audio"]}),
        event("participant.left", permissions={"hasPresence": False}),
    ],
)
def test_what_is_not_placed_or_nobody_that_others_see_tells_nothing(document: dict[str, Any]) -> None:
    assert read(document) == []
    assert daily.key(Delivery((), raw(document))) == "ev-1"


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({"owner": True}, Role.THERAPIST),
        ({"owner": False}, Role.CLIENT),
        ({"owner": None}, Role.CLIENT),
        ({"user_name": "therapist"}, Role.CLIENT),
        ({"permissions": {"hasPresence": True, "canSend": True, "canAdmin": True}}, Role.CLIENT),
        ({"permissions": None}, Role.CLIENT),
    ],
)
def test_only_an_owner_is_a_therapist(changes: dict[str, Any], role: Role) -> None:
    (fact,) = read(event(**changes))

    assert isinstance(fact, PersonJoined)
    assert fact.role is role


@pytest.mark.parametrize("user", [None, ""])
def test_who_has_no_id_in_their_token_is_their_session(user: str | None) -> None:
    (fact,) = read(event(user_id=user))

    assert isinstance(fact, PersonJoined)
    assert (fact.person, fact.connection, fact.occurrence) == ("s-1", "s-1", None)


def test_the_time_of_a_join_is_told_and_that_of_a_leave_is_as_much_later_as_the_stay_was_long() -> None:
    joined, left = read(event()), read(event("participant.left", duration=0.75))
    bare, when_sent = read(event("participant.left")), datetime(2026, 11, 23, 14, 0, 0, 500_000, UTC)

    assert joined[0].at == datetime(2026, 11, 23, 13, 59, 59, 250_000, UTC)
    assert left[0].at == NOW
    assert bare[0].at == read(event(joined_at=None))[0].at == when_sent
    assert isinstance(left[0], PersonLeft)
    assert not left[0].deliberate


def test_a_room_may_be_called_by_either_name() -> None:
    assert read(event(room=None, room_name="room-1")) == read(event())


def test_runs_of_a_room_are_told_apart_by_when_they_began() -> None:
    times = {"start_ts": 1795442399, "end_ts": 1795442400.125, "meeting_id": "m-1"}
    begun = NOW - timedelta(seconds=1)
    known_of = {"host": "daily", "meeting": "room-1", "key": "ev-1", "begun": begun}

    assert read(event("meeting.started", **times)) == [MeetingStarted(**known_of, at=begun)]
    assert read(event("meeting.ended", **times)) == [
        MeetingEnded(**known_of, at=NOW + timedelta(milliseconds=125))
    ]
    (unknown,) = read(event("meeting.started"))
    assert (unknown.begun, unknown.at) == (None, NOW + timedelta(milliseconds=500))


def test_a_session_is_told_in_full_and_a_late_leave_ends_its_own_stay_only() -> None:
    facts = known("daily").facts("ordinary-session")
    people = [fact for fact in facts if isinstance(fact, PersonJoined | PersonLeft)]

    assert [fact.type for fact in facts] == [
        "meeting_started",
        "person_joined",
        "waiting_entered",
        *("person_joined",) * 2,
        *("person_left",) * 3,
        "meeting_ended",
        "recording_stopped",
    ]
    stays = [fact.connection for fact in people]
    assert stays == [stays[0], stays[1], stays[2], stays[1], stays[2], stays[0]]
    assert len(set(stays)) == 3
    ended = next(fact for fact in facts if isinstance(fact, MeetingEnded))
    assert max(fact.at for fact in people) <= ended.at
    assert {fact.begun for fact in facts} == {None, NOW}


def test_names_tokens_and_messages_stay_behind() -> None:
    sent = "".join((FIXTURES / "daily" / f"{name}.jsonl").read_text() for name in ("ordinary-session", "odd"))
    kept = "".join(
        fact.model_dump_json() for line in ("ordinary-session", "odd") for fact in known("daily").facts(line)
    )

    for secret in ("marker-share-token", "marker-error", "Example", "s3_key"):
        assert secret not in kept
    assert "marker-share-token" in sent
    assert "marker-error" in sent
