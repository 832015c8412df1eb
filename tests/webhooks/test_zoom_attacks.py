"""Deliveries that claim to be Zoom's and are not, and the trial of the address."""

import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.webhooks.samples import NOW, with_header, without_header
from tests.webhooks.zoom_samples import BODY, ISSUED, KEYS, by_hand, event, signed, trial
from webhooks import zoom
from webhooks.delivery import Delivery, Handshake, Malformed, NotAccepted, Reason, Unsigned

GOOD = signed(BODY)
SIGNATURE = GOOD.header("x-zm-signature")
STAMP = str(ISSUED)

ATTACKS = {
    "no signature": (without_header(GOOD, "x-zm-signature"), Reason.MISSING_HEADER),
    "no timestamp": (without_header(GOOD, "x-zm-request-timestamp"), Reason.MISSING_HEADER),
    "signed as if the missing timestamp were NaN": (
        without_header(by_hand(b"v0:NaN:" + BODY, "1", body=BODY), "x-zm-request-timestamp"),
        Reason.MISSING_HEADER,
    ),
    "an empty signature": (with_header(GOOD, "x-zm-signature", " "), Reason.MISSING_HEADER),
    "two signatures": (
        replace(GOOD, headers=(*GOOD.headers, ("X-Zm-Signature", SIGNATURE))),
        Reason.DOUBLED_HEADER,
    ),
    "two timestamps": (
        replace(GOOD, headers=(*GOOD.headers, ("x-zm-request-timestamp", STAMP))),
        Reason.DOUBLED_HEADER,
    ),
    "the timestamp in milliseconds": (
        by_hand(b"v0:1795442400000:" + BODY, "1795442400000", body=BODY),
        Reason.BAD_TIMESTAMP,
    ),
    "a timestamp with a sign": (
        with_header(GOOD, "x-zm-request-timestamp", f"+{STAMP}"),
        Reason.BAD_TIMESTAMP,
    ),
    "a timestamp in Arabic digits": (
        with_header(GOOD, "x-zm-request-timestamp", "١٧٩٥٤٤٢٤٠٠"),
        Reason.BAD_TIMESTAMP,
    ),
    "the body's begin moved into the timestamp": (
        replace(
            with_header(GOOD, "x-zm-request-timestamp", f"{STAMP}:{{"),
            body=BODY[1:],
        ),
        Reason.BAD_TIMESTAMP,
    ),
    "another timestamp": (
        with_header(GOOD, "x-zm-request-timestamp", str(ISSUED + 1)),
        Reason.WRONG_SIGNATURE,
    ),
    "another secret": (signed(BODY, secret="x" * 22), Reason.WRONG_SIGNATURE),
    "no version before the signature": (
        with_header(GOOD, "x-zm-signature", SIGNATURE.removeprefix("v0=")),
        Reason.WRONG_SIGNATURE,
    ),
    "another version": (with_header(GOOD, "x-zm-signature", f"v1={SIGNATURE[3:]}"), Reason.WRONG_SIGNATURE),
    "the signature in capitals": (
        with_header(GOOD, "x-zm-signature", "v0=" + SIGNATURE[3:].upper()),
        Reason.WRONG_SIGNATURE,
    ),
    "a signature of letters beyond ASCII": (
        with_header(GOOD, "x-zm-signature", "v0=é\ud800"),
        Reason.WRONG_SIGNATURE,
    ),
    "a signature of 1 MB": (
        with_header(GOOD, "x-zm-signature", "v0=" + "a" * 1_000_000),
        Reason.WRONG_SIGNATURE,
    ),
    "the body alone was signed": (by_hand(BODY, STAMP, body=BODY), Reason.WRONG_SIGNATURE),
    "another body": (replace(GOOD, body=BODY.replace(b"167", b"168")), Reason.WRONG_SIGNATURE),
    "a body with a line end more": (replace(GOOD, body=BODY + b"\n"), Reason.WRONG_SIGNATURE),
    "a body written anew": (
        replace(GOOD, body=json.dumps(json.loads(BODY), separators=(",", ":")).encode()),
        Reason.WRONG_SIGNATURE,
    ),
    "the old token in Authorization": (
        Delivery((("Authorization", "verification-token"),), BODY),
        Reason.MISSING_HEADER,
    ),
    "two hours and a second old": (signed(BODY, at=NOW - timedelta(seconds=7201)), Reason.TOO_OLD),
    "from 61 s ahead": (signed(BODY, at=NOW + timedelta(seconds=61)), Reason.TOO_EARLY),
}


@pytest.mark.parametrize(("delivery", "reason"), ATTACKS.values(), ids=ATTACKS)
def test_it_is_refused_for_its_reason_and_names_no_part_of_itself(delivery: Delivery, reason: Reason) -> None:
    with pytest.raises(NotAccepted) as refusal:
        zoom.verify(delivery, KEYS, NOW)
    assert refusal.value.reason is reason
    assert str(refusal.value) == reason.value


@pytest.mark.parametrize("late", [timedelta(minutes=85), timedelta(hours=2), timedelta(seconds=-60)])
def test_a_try_that_kept_its_first_stamp_counts_as_long_as_zoom_goes_on_trying(late: timedelta) -> None:
    assert zoom.verify(signed(BODY, at=NOW - late), KEYS, NOW) == "token"


def test_an_empty_secret_never_vouches() -> None:
    with pytest.raises(Unsigned):
        zoom.verify(by_hand(f"v0:{STAMP}:".encode() + BODY, STAMP, body=BODY, secret=""), {"token": ""}, NOW)
    with pytest.raises(ValueError, match="token"):
        signed(BODY, secret="")


@pytest.mark.parametrize("secret", ["", "secret", "fifteen-bytes-x"])
def test_a_short_secret_is_called_weak(secret: str) -> None:
    assert f"has {len(secret)} bytes" in (zoom.weakness(secret) or "")


@pytest.mark.parametrize("key_id", KEYS)
def test_a_signed_trial_is_answered_with_the_secret_that_signed_it(key_id: str) -> None:
    token = "qgg8vlvZRS6UYooatFL8Aw"
    with pytest.raises(Handshake) as met:
        zoom.verify(signed(trial(token), secret=KEYS[key_id]), KEYS, NOW)

    proof = hmac.new(KEYS[key_id].encode(), token.encode(), "sha256").hexdigest()
    assert json.loads(met.value.answer) == {"plainToken": token, "encryptedToken": proof}
    assert met.value.signed_by == key_id


UNPROVED = {
    "unsigned": Delivery((("Content-Type", "application/json"),), trial("qgg8vlvZRS6UYooatFL8Aw")),
    "with another secret": signed(trial("qgg8vlvZRS6UYooatFL8Aw"), secret="x" * 22),
    "old": signed(trial("qgg8vlvZRS6UYooatFL8Aw"), at=NOW - timedelta(hours=3)),
}


@pytest.mark.parametrize("delivery", UNPROVED.values(), ids=UNPROVED)
def test_an_unproved_trial_is_not_answered(delivery: Delivery) -> None:
    with pytest.raises(NotAccepted):
        zoom.verify(delivery, KEYS, NOW)


@pytest.mark.parametrize(
    "token",
    [
        f"v0:{ISSUED}:{{}}",
        "with space",
        "short",
        "x" * 65,
        "é" * 10,
        "",
        None,
        12345678,
        ["qgg8vlvZRS6UYooatFL8Aw"],
    ],
)
def test_a_signed_trial_never_signs_what_could_be_a_delivery(token: object) -> None:
    with pytest.raises(Malformed):
        zoom.verify(signed(trial(token)), KEYS, NOW)


def test_an_event_that_speaks_of_trials_is_none() -> None:
    body = event(meeting={"topic": "endpoint.url_validation"})

    assert zoom.verify(signed(body), KEYS, NOW) == "token"
    assert zoom.read(signed(body))


UNREADABLE: dict[str, bytes] = {
    "empty": b"",
    "not JSON": b"hello",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "invalid UTF-8": b'{"event":"meeting.started\xff"}',
    "UTF-16": BODY.decode().encode("utf-16"),
    "half a character": b'{"event":"\\ud800"}',
    "no event": event(event=None),
    "an event that is a number": event(event=5),
    "no payload": event(payload=None),
    "no meeting": event(payload={"object": None}),
    "no number of the meeting": event(meeting={"id": None}),
    "no run": event(meeting={"uuid": None}),
    "an empty run": event(meeting={"uuid": ""}),
    "an endless run": event(meeting={"uuid": "u" * 257}),
    "a run with a line end": event(meeting={"uuid": "u\n"}),
    "a meeting that is true": event(meeting={"id": True}),
    "no participant": event(meeting={"participant": None}),
    "a join without a stay": event(who={"user_id": ""}),
    "a leave without a stay": event("meeting.participant_left", who={"user_id": ""}),
    "a person that is a list": event(who={"customer_key": ["patient-17"]}),
    "no event_ts": event(event_ts=None),
    "an event_ts as text": event(ts="1795442400000"),  # type: ignore[arg-type]
    "an event_ts beyond the calendar": event(ts=10**18),
    "a time in digits": event(who={"join_time": "1795442400"}),
    "a time without a zone": event(who={"join_time": "2026-11-23T14:00:05"}),
    "a time near the calendar's end": event(who={"join_time": "9999-12-31T23:59:59-12:00"}),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_signed_body_that_cannot_be_read_is_malformed_and_nothing_else(body: bytes) -> None:
    delivery = signed(body)

    assert zoom.verify(delivery, KEYS, NOW) == "token"
    with pytest.raises(Malformed) as refusal:
        zoom.key(delivery), zoom.read(delivery)
    assert refusal.value.reason is Reason.BAD_BODY
