"""What becomes of an event of BigBlueButton, and of what cannot be read."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webhooks.bigbluebutton_samples import (
    BBB,
    BODY,
    MEETING,
    STAMP,
    USER,
    event,
    form,
    sent,
)
from tests.webhooks.samples import NOW
from tests.webhooks.test_any_bytes import everything, json_like
from webhooks import bigbluebutton
from webhooks.delivery import Delivery, Malformed, Reason
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


def read(document: object) -> list[HostFact]:
    return bigbluebutton.read(Delivery((), urlencode(form(json.dumps(document))).encode()))


KNOWN = {"host": "bigbluebutton", "meeting": "session-1", "occurrence": "5e1f-1795442399000", "at": NOW}
BEN_IS = {"person": "cl-0001", "connection": "w_ben1"}


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        ("meeting-created", MeetingStarted(**KNOWN, key="")),
        ("meeting-ended", MeetingEnded(**KNOWN, key="")),
        ("user-joined", PersonJoined(**KNOWN, **BEN_IS, key="", role=Role.CLIENT)),
        ("user-left", PersonLeft(**KNOWN, **BEN_IS, key="")),
        ("meeting-recording-started", RecordingStarted(**KNOWN, key="")),
        ("meeting-recording-stopped", RecordingStopped(**KNOWN, key="")),
    ],
)
@pytest.mark.parametrize("wrapped", [True, False], ids=["array", "object"])
def test_an_event_is_read_in_an_array_or_bare(kind: str, fact: HostFact, wrapped: bool) -> None:
    (found,) = read([event(kind)] if wrapped else event(kind))

    assert found.model_copy(update={"key": ""}) == fact
    assert len(found.key) == 64


@pytest.mark.parametrize(
    "document",
    [
        [],
        [{}],
        event("user-audio-muted"),
        event("rap-archive-started", meeting=None),
        event("meeting-recording-unhandled"),
        event("something-new"),
        {"data": {"id": ["user-joined"]}},
        {"data": ["user-joined"]},
        {"data": None},
        {"envelope": {"name": "UserJoinedMeetingEvtMsg"}, "core": {}},
        event("user-left", user={**USER, "external-user-id": ""}),
        event("user-joined", user={**USER, "external-user-id": None}),
        event("user-left", meeting={"internal-meeting-id": "5e1f"}),
        event("meeting-ended", meeting={**MEETING, "external-meeting-id": ""}),
    ],
)
def test_what_is_not_used_and_what_names_nobody_gives_no_fact(document: object) -> None:
    assert read(document) == []


@pytest.mark.parametrize(
    ("role", "found"),
    [
        ("MODERATOR", Role.THERAPIST),
        ("VIEWER", Role.CLIENT),
        ("moderator", None),
        ("therapist", None),
        ("", None),
        (None, None),
        (["MODERATOR"], None),
    ],
)
def test_a_role_is_what_the_server_says_and_no_other_word(role: object, found: Role | None) -> None:
    (fact,) = read(event(user={**USER, "role": role}))

    assert isinstance(fact, PersonJoined)
    assert fact.role is found


def test_no_leave_is_deliberate_and_no_join_ends_another() -> None:
    facts = [fact for file in BBB.about.sessions for fact in BBB.facts(file)]

    assert not any(fact.deliberate for fact in facts if isinstance(fact, PersonLeft))
    assert not any(fact.sole for fact in facts if isinstance(fact, PersonJoined))


UNREADABLE = {
    "no event": b"domain=x&timestamp=1",
    "two events": BODY + b"&event=[]",
    "no JSON": urlencode(form("hello")).encode(),
    "a number": urlencode(form("7")).encode(),
    "a list of numbers": urlencode(form("[7]")).encode(),
    "a list in a list": urlencode(form("[[]]")).encode(),
    "deep": urlencode(form("[" * 100_000)).encode(),
    "deep objects": urlencode(form('{"a":' * 50_000)).encode(),
    "half a character": urlencode(form('[{"data":{"id":"\\ud800"}}]')).encode(),
    "bytes that are no UTF-8": BODY.replace(b"Ben", b"%FF"),
    "no ids": urlencode(form(json.dumps(event(meeting={})))).encode(),
    "no meeting": urlencode(form(json.dumps(event(meeting=None)))).encode(),
    "a meeting that is a list": urlencode(form(json.dumps(event(meeting=[MEETING])))).encode(),
    "a number for a meeting": urlencode(
        form(json.dumps(event(meeting={**MEETING, "external-meeting-id": 7})))
    ).encode(),
    "no user": urlencode(form(json.dumps(event(user=None)))).encode(),
    "no connection": urlencode(form(json.dumps(event(user={"external-user-id": "cl-0001"})))).encode(),
    "a person with a line end": urlencode(
        form(json.dumps(event(user={**USER, "external-user-id": "cl\n"})))
    ).encode(),
    "an endless person": urlencode(
        form(json.dumps(event(user={**USER, "external-user-id": "c" * 257})))
    ).encode(),
    "no time": urlencode(form(json.dumps(event(ts=None)))).encode(),
    "a time that is text": urlencode(form(json.dumps(event(ts="soon")))).encode(),
    "a time beyond the calendar": urlencode(form(json.dumps(event(ts=10**18)))).encode(),
    "a time before all": urlencode(form(json.dumps(event(ts=-1)))).encode(),
    "a time that is infinite": urlencode(
        form(json.dumps([event()]).replace(f'"ts": {STAMP}', '"ts": 1e999'))
    ).encode(),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_signed_body_that_cannot_be_read_is_malformed_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Malformed) as refusal:
        bigbluebutton.read(sent(body))
    assert refusal.value.reason is Reason.BAD_BODY


def test_what_cannot_be_read_of_several_events_costs_none_of_the_rest() -> None:
    batch = [event(user=None), event(), event(ts=None), event("user-left")]

    facts = read(batch)

    assert [fact.type for fact in facts] == ["person_joined", "person_left"]
    assert [fact.key.partition(":")[2] for fact in facts] == ["1", "3"]
    with pytest.raises(Malformed):
        read([event(user=None), event(ts=None)])


@given(st.lists(json_like, max_size=3), st.sampled_from(["id", "attributes", "event", "type"]), json_like)
def test_any_value_in_any_part_of_an_event_is_refused_at_most(
    others: list[object], part: str, value: object
) -> None:
    changed = event()
    changed["data"][part] = value
    everything(BBB, BBB.signed(urlencode(form(json.dumps([changed, *others]))).encode(), NOW))


def test_times_are_in_utc_to_the_millisecond() -> None:
    (fact,) = read(event(ts=STAMP + 7))

    assert fact.at == datetime(2026, 11, 23, 14, 0, 0, 7000, tzinfo=UTC)
