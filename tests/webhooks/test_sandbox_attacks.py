"""Deliveries that claim to be the sandbox's and are not, and bodies that are signed and yet unreadable."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.webhooks.samples import (
    NOW,
    SANDBOX,
    sandbox_message,
    session,
    signed,
    with_header,
    without_header,
)
from webhooks import sandbox
from webhooks.delivery import Delivery, Malformed, NotAccepted, Reason, Stale, Unsigned, Window
from webhooks.events import MeetingEnded, PersonJoined, PersonLeft, Role

BODY = sandbox_message("participant.joined", participant="patient-ben", connection="c-1", role="client")
GOOD = signed("sandbox", BODY)
SIGNATURE = GOOD.header("webhook-signature")
STAMP = GOOD.header("webhook-timestamp")


def but(name: str, value: str) -> Delivery:
    return with_header(GOOD, f"webhook-{name}", value)


def stranger() -> Delivery:
    return sandbox.sign(BODY, "x", "whsec_" + "QUJD" * 8, NOW, key="msg_1")


def key_as_text() -> Delivery:
    from base64 import b64encode

    text = "whsec_" + b64encode(SANDBOX["old"].encode()).decode()
    return sandbox.sign(BODY, "old", text, NOW, key="msg_1")


def cut_elsewhere() -> Delivery:
    """The signed text is the same, only the dots are read at other places."""
    body = f"{STAMP}.".encode() + BODY
    moved = sandbox.sign(body, "old", SANDBOX["old"], NOW, key="msg")
    return replace(with_header(moved, "webhook-id", f"msg.{STAMP}"), body=BODY)


ATTACKS = {
    **{f"no {name}": (without_header(GOOD, name), Reason.MISSING_HEADER) for name, _ in GOOD.headers[1:]},
    **{f"empty {name}": (with_header(GOOD, name, ""), Reason.MISSING_HEADER) for name, _ in GOOD.headers[1:]},
    **{
        f"{name} twice": (
            replace(GOOD, headers=(*GOOD.headers, (name.upper(), value))),
            Reason.DOUBLED_HEADER,
        )
        for name, value in GOOD.headers[1:]
    },
    **{
        f"the id {value[:12]!r}": (but("id", value), Reason.BAD_ID)
        for value in ("msg.1", "a b", "m\0", "m\r\nx", "x" * 129, "x" * 10_240, "ä", "msg_1\n")
    },
    "an id cut elsewhere": (cut_elsewhere(), Reason.BAD_ID),
    **{
        f"the stamp {value!r}": (but("timestamp", value), Reason.BAD_TIMESTAMP)
        for value in ("now", "-5", "+5", " 5", "5.0", "1e400", "٣", "1795442400000", f"{STAMP}\n")
    },
    "10 000 signatures": (but("signature", " ".join([SIGNATURE] * 10_000)), Reason.TOO_MANY_SIGNATURES),
    "nine signatures": (but("signature", " ".join([SIGNATURE] * 9)), Reason.TOO_MANY_SIGNATURES),
    "no secret of ours": (stranger(), Reason.WRONG_SIGNATURE),
    "the secret as text": (key_as_text(), Reason.WRONG_SIGNATURE),
    "an unknown version": (but("signature", SIGNATURE.replace("v1,", "v2,")), Reason.WRONG_SIGNATURE),
    "no version": (but("signature", SIGNATURE.removeprefix("v1,")), Reason.WRONG_SIGNATURE),
    "another letter case": (but("signature", SIGNATURE.swapcase()), Reason.WRONG_SIGNATURE),
    "more padding": (but("signature", SIGNATURE + "="), Reason.WRONG_SIGNATURE),
    "less padding": (but("signature", SIGNATURE.rstrip("=")), Reason.WRONG_SIGNATURE),
    "letters beyond ASCII": (but("signature", "v1,\udcffé"), Reason.WRONG_SIGNATURE),
    "hex": (but("signature", "v1," + "ab" * 32), Reason.WRONG_SIGNATURE),
    "commas for spaces": (but("signature", f"v1,AAAA,{SIGNATURE}"), Reason.WRONG_SIGNATURE),
    "another id": (but("id", "msg_2"), Reason.WRONG_SIGNATURE),
    "a newer stamp": (but("timestamp", str(int(STAMP) + 1)), Reason.WRONG_SIGNATURE),
    "a zero before the stamp": (but("timestamp", "0" + STAMP[1:]), Reason.WRONG_SIGNATURE),
    "another body": (replace(GOOD, body=BODY.replace(b"client", b"therap")), Reason.WRONG_SIGNATURE),
    "an empty body": (replace(GOOD, body=b""), Reason.WRONG_SIGNATURE),
    "a body written anew": (
        replace(GOOD, body=json.dumps(json.loads(BODY), sort_keys=True).encode()),
        Reason.WRONG_SIGNATURE,
    ),
    "301 s old": (signed("sandbox", BODY, at=NOW - timedelta(seconds=301)), Reason.TOO_OLD),
    "61 s ahead": (signed("sandbox", BODY, at=NOW + timedelta(seconds=61)), Reason.TOO_EARLY),
}


@pytest.mark.parametrize(("delivery", "reason"), ATTACKS.values(), ids=ATTACKS)
def test_it_is_refused_for_its_reason_and_says_nothing_else(delivery: Delivery, reason: Reason) -> None:
    with pytest.raises(NotAccepted) as refusal:
        sandbox.verify(delivery, SANDBOX, NOW)
    assert str(refusal.value) == refusal.value.reason == reason


ACCEPTED = {
    "as sent": GOOD,
    "300 s old": signed("sandbox", BODY, at=NOW - timedelta(seconds=300)),
    "60 s ahead": signed("sandbox", BODY, at=NOW + timedelta(seconds=60)),
    "an unknown version before": but("signature", f"v2,AAAA {SIGNATURE}"),
    "the eighth of eight": but("signature", "v1,AAAA " * 7 + SIGNATURE),
    "header names in other letters": replace(
        GOOD, headers=tuple((name.title(), value) for name, value in GOOD.headers)
    ),
}


@pytest.mark.parametrize("delivery", ACCEPTED.values(), ids=ACCEPTED)
def test_it_is_accepted(delivery: Delivery) -> None:
    assert sandbox.verify(delivery, SANDBOX, NOW) == "old"


def test_either_secret_counts_in_rotation_and_only_the_given_ones_do() -> None:
    lines = session("sandbox", "rotation-session")
    signers = [sandbox.verify(line.delivery, SANDBOX, line.at) for line in lines]

    assert signers == ["old"] * 9 + ["new"] * 3
    only_new = {"new": SANDBOX["new"]}
    assert [sandbox.verify(line.delivery, only_new, line.at) for line in lines[5:]] == ["new"] * 7
    for line in lines[:5]:
        with pytest.raises(Unsigned):
            sandbox.verify(line.delivery, only_new, line.at)


def test_the_window_is_a_setting() -> None:
    wide = Window(past=timedelta(hours=1), ahead=timedelta(0))

    assert sandbox.verify(GOOD, SANDBOX, NOW + timedelta(hours=1), wide) == "old"
    with pytest.raises(Stale) as refusal:
        sandbox.verify(GOOD, SANDBOX, NOW - timedelta(seconds=1), wide)
    assert refusal.value.seconds == -1


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!", "wrong", "whsec_ä"])
def test_a_secret_that_is_none_vouches_for_nothing(secret: str) -> None:
    with pytest.raises(Unsigned):
        sandbox.verify(GOOD, {"bad": secret}, NOW)
    assert sandbox.verify(GOOD, {"bad": secret, **SANDBOX}, NOW) == "old"
    assert sandbox.weakness(secret)


def test_an_empty_secret_never_vouches() -> None:
    forged = sandbox.sign(BODY, "empty", "whsec_", NOW, key="msg_1")

    with pytest.raises(Unsigned):
        sandbox.verify(forged, {"empty": "whsec_"}, NOW)


def test_a_secret_is_prefixed_base64_of_24_to_64_bytes() -> None:
    assert sandbox.weakness(SANDBOX["old"]) is None
    assert sandbox.weakness(SANDBOX["old"].removeprefix("whsec_")) == "is not whsec_ followed by base64"
    assert sandbox.weakness("whsec_QUJD") == "has 3 bytes, not 24 to 64"
    with pytest.raises(ValueError, match="the secret k is not whsec_"):
        sandbox.sign(BODY, "k", "%%", NOW, key="msg_1")


def message(**changes: object) -> bytes:
    return json.dumps({**json.loads(BODY), **changes}).encode()


def data(**changes: object) -> bytes:
    document = json.loads(BODY)
    return json.dumps({**document, "data": {**document["data"], **changes}}).encode()


UNREADABLE = {
    "empty": b"",
    "not JSON": b"hello",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "invalid UTF-8": b'{"type":"\xff"}',
    "no type": message(type=None),
    "no data": message(data=None),
    "data as a list": message(data=[]),
    "no timestamp": message(timestamp=None),
    "a timestamp as a number": message(timestamp=1795442400),
    "a timestamp as digits": message(timestamp="1795442400"),
    "a timestamp without zone": message(timestamp="2026-11-23T14:00:00"),
    "a timestamp at the end of time": message(timestamp="9999-12-31T23:59:59-23:00"),
    "a timestamp before all": message(timestamp="0001-01-01T00:00:00+23:59"),
    "no meeting": data(meeting=None),
    "an empty meeting": data(meeting=""),
    "a meeting as a number": data(meeting=7),
    "an endless meeting": data(meeting="m" * 257),
    "an occurrence with a line end": data(occurrence="a\nb"),
    "no participant": data(participant=None),
    "a connection as a list": data(connection=[]),
    "a role as a number": data(role=1),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_signed_body_that_cannot_be_read_is_malformed_and_nothing_else(body: bytes) -> None:
    delivery = signed("sandbox", body)

    assert sandbox.verify(delivery, SANDBOX, NOW) == "old"
    with pytest.raises(Malformed) as refusal:
        sandbox.read(delivery)
    assert refusal.value.reason is Reason.BAD_BODY


def test_a_session_is_told_in_full() -> None:
    facts = [fact for line in session("sandbox", "rotation-session") for fact in sandbox.read(line.delivery)]

    assert [fact.type for fact in facts] == [
        "meeting_started",
        "person_joined",
        "person_joined",
        "person_left",
        *("person_joined",) * 3,
        *("person_left",) * 3,
        "meeting_ended",
    ]
    assert [fact.role for fact in facts if isinstance(fact, PersonJoined)] == [
        Role.THERAPIST,
        Role.CLIENT,
        Role.CLIENT,
        None,  # no role told
        None,  # a role that is none of ours
    ]
    assert [fact.deliberate for fact in facts if isinstance(fact, PersonLeft)] == [False, True, True, True]
    assert facts[-1] == MeetingEnded(
        host="sandbox",
        meeting="room-ana-ben",
        occurrence="2026-11-23-1",
        at=datetime(2026, 11, 23, 14, 50, 2, 500_000, tzinfo=UTC),
        key="msg_0012",
    )


@pytest.mark.parametrize(
    ("body", "facts"),
    [(message(type="participant.waved"), 0), (message(type="x", data=5), 0), (data(extra="kept out"), 1)],
)
def test_new_types_and_new_fields_do_no_harm(body: bytes, facts: int) -> None:
    assert len(sandbox.read(signed("sandbox", body))) == facts


def test_times_are_turned_to_utc() -> None:
    (fact,) = sandbox.read(signed("sandbox", message(timestamp="2026-11-23T16:00:00+02:00")))

    assert fact.at == NOW
    assert fact.at.tzinfo is UTC
