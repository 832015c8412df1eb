"""What each of Zoom's events becomes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.webhooks.samples import NOW
from tests.webhooks.zoom_samples import BODY, HOST, ISSUED, event, signed
from webhooks import zoom
from webhooks.delivery import Delivery
from webhooks.events import (
    HostFact,
    PersonJoined,
    PersonLeft,
    PersonRole,
    RecordingStarted,
    Role,
    WaitingEntered,
    WaitingLeft,
)

GOOD = signed(BODY)


def read(body: bytes) -> list[HostFact]:
    return zoom.read(Delivery((), body))


@pytest.mark.parametrize(
    "kind",
    [
        "meeting.participant_joined_breakout_room",
        "meeting.participant_left_breakout_room",
        "meeting.participant_jbh_joined",
        "meeting.participant_bind",
        "meeting.sharing_started",
        "webinar.participant_joined",
        "recording.completed",
        "something.new",
    ],
)
def test_what_tells_nothing_new_of_presence_gives_no_fact_and_has_a_key(kind: str) -> None:
    one, other = (Delivery((), event(kind, who={"user_id": user})) for user in ("1", "2"))

    assert zoom.read(one) == []
    assert zoom.key(one) == zoom.key(one) != zoom.key(other)


IDS = {
    "customer_key": "patient-17",
    "participant_user_id": "zoom-user",
    "id": "zoom-id",
    "registrant_id": "registrant-4",
    "participant_uuid": "uuid-5",
}


@pytest.mark.parametrize("place", range(len(IDS) + 1))
def test_a_person_is_named_by_the_steadiest_id_that_is_not_empty(place: int) -> None:
    """The practice's own key first; a number of this one stay last."""
    given = {name: "" if n < place else value for n, (name, value) in enumerate(IDS.items())}
    (fact,) = read(event(who=given))

    assert isinstance(fact, PersonJoined)
    assert fact.person == [*IDS.values(), "guest-167"][place]
    assert fact.connection == "167"


def test_ids_are_the_same_as_numbers_and_as_texts() -> None:
    as_texts = event(meeting={"id": "841"}, who={"user_id": "167"})
    as_numbers = event(meeting={"id": 841}, who={"user_id": 167})

    assert read(as_texts) == read(as_numbers)


@pytest.mark.parametrize(
    ("who", "meeting", "role"),
    [
        ({"id": HOST}, {}, Role.THERAPIST),
        ({"participant_user_id": HOST}, {}, Role.THERAPIST),
        ({"id": HOST, "customer_key": "practitioner-1"}, {}, Role.THERAPIST),
        ({"id": "other"}, {}, Role.CLIENT),
        ({"id": ""}, {"host_id": ""}, Role.CLIENT),
        ({"id": None}, {"host_id": None}, Role.CLIENT),
        ({"customer_key": HOST}, {}, Role.CLIENT),
        ({"registrant_id": HOST}, {}, Role.CLIENT),
        ({"user_name": HOST, "email": HOST}, {}, Role.CLIENT),
        ({"new_role": "host"}, {}, Role.CLIENT),
    ],
)
def test_only_the_meetings_host_by_zooms_own_account_is_a_therapist(
    who: dict[str, Any], meeting: dict[str, Any], role: Role
) -> None:
    (fact,) = read(event(who=who, meeting=meeting))

    assert isinstance(fact, PersonJoined)
    assert fact.role is role


@pytest.mark.parametrize(
    ("word", "role"),
    [("host", Role.THERAPIST), ("co-host", Role.THERAPIST), ("attendee", None), ("Host", None), ("", None)],
)
def test_a_change_of_role_is_told_and_none_is_guessed(word: str, role: Role | None) -> None:
    (fact,) = read(event("meeting.participant_role_changed", who={"new_role": word}))

    assert isinstance(fact, PersonRole)
    assert fact.role is role


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        ("meeting.participant_joined_waiting_room", WaitingEntered),
        ("meeting.participant_put_in_waiting_room", WaitingEntered),
        ("meeting.participant_jbh_waiting", WaitingEntered),
        ("meeting.participant_admitted", WaitingLeft),
        ("meeting.participant_left_waiting_room", WaitingLeft),
        ("meeting.participant_jbh_waiting_left", WaitingLeft),
    ],
)
def test_the_waiting_room_is_no_leave_and_no_join(kind: str, fact: type[HostFact]) -> None:
    assert [type(told) for told in read(event(kind, who={"date_time": "2026-11-23T14:00:05Z"}))] == [fact]


def test_somebody_who_waits_and_has_no_id_is_nobody_yet() -> None:
    assert read(event("meeting.participant_jbh_waiting", who={"user_id": None, "id": ""})) == []


REASONS = (
    "Ben left the meeting.<br>Reason: left the meeting",
    "Ben left the meeting.<br>Reason: left the meeting to join breakout room",
    "Ben got disconnected from the meeting.<br>Reason: Client Close.",
    "Ben left the meeting.<br>Reason: Host ended the meeting.",
    "",
)


@pytest.mark.parametrize("reason", REASONS)
def test_no_leave_is_deliberate_because_a_reload_gives_the_same_reason(reason: str) -> None:
    who = {"leave_time": "2026-11-23T14:30:00Z", "leave_reason": reason}
    (fact,) = read(event("meeting.participant_left", who=who))

    assert isinstance(fact, PersonLeft)
    assert not fact.deliberate
    assert fact.at == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


def test_the_time_is_the_events_own_or_when_zoom_says_it_was() -> None:
    (named,) = read(event(who={"join_time": "2026-11-23T15:00:05+01:00"}))
    (unnamed,) = read(event(ts=ISSUED * 1000 + 250, who={"join_time": ""}))
    (recording,) = read(
        event(
            "recording.resumed",
            ts=ISSUED * 1000 + 250,
            meeting={"id": 841, "participant": {}},
        )
    )

    assert (named.at, unnamed.at) == (NOW + timedelta(seconds=5), NOW + timedelta(milliseconds=250))
    assert isinstance(recording, RecordingStarted)
    assert recording.at == NOW + timedelta(milliseconds=250)


DIFFERENT = {
    "kind": event("meeting.participant_left"),
    "event_ts": event(ts=ISSUED * 1000 + 1),
    "run": event(meeting={"uuid": "u/2=="}),
    "stay": event(who={"user_id": "168"}),
    "time": event(who={"join_time": "2026-11-23T14:00:06Z"}),
}


@pytest.mark.parametrize("body", DIFFERENT.values(), ids=DIFFERENT)
def test_another_event_has_another_key(body: bytes) -> None:
    assert zoom.key(Delivery((), body)) != zoom.key(GOOD)


def test_a_key_follows_from_the_event_and_not_from_its_headers_or_spaces() -> None:
    again = signed(BODY, at=NOW + timedelta(minutes=5))
    written_anew = Delivery((), json.dumps(json.loads(BODY), separators=(",", ":")).encode())

    assert zoom.key(again) == zoom.key(written_anew) == zoom.key(GOOD)
