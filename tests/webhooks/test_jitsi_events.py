"""What proves a delivery of a self-hosted Jitsi, and what becomes of its events."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.webhooks.known import known
from tests.webhooks.samples import NOW, with_header, without_header
from tests.webhooks.test_any_bytes import everything, json_like
from webhooks import jitsi
from webhooks.delivery import Delivery, Malformed, NotAccepted, Reason, Unsigned
from webhooks.events import HostFact, MeetingEnded, MeetingStarted, PersonJoined, PersonLeft, Role

JITSI = known("jitsi")
SECRET = JITSI.keys["prosody"]
STAMP = int(NOW.timestamp())
JID = "4c2a9a04-2485@meet.example.com/DOfNl5dw"


def event(kind: str, **parts: Any) -> dict[str, Any]:
    room = {"room_name": "room-1", "room_jid": "room-1@conference.meet.example.com", "is_breakout": False}
    return {"event_name": f"muc-{kind}", **room, **parts}


def occupant(**changes: Any) -> dict[str, Any]:
    return {"occupant_jid": JID, "joined_at": STAMP, "id": "cl-0001", "name": "Ben Example", **changes}


def joined(**changes: Any) -> dict[str, Any]:
    return event("occupant-joined", occupant=occupant(**changes), active_occupants_count=1)


def left(**changes: Any) -> dict[str, Any]:
    return event("occupant-left", occupant=occupant(**{"left_at": STAMP + 60, **changes}))


def destroyed(occupants: object) -> dict[str, Any]:
    return event("room-destroyed", created_at=STAMP - 5, destroyed_at=STAMP + 90, all_occupants=occupants)


def read(document: object) -> list[HostFact]:
    return jitsi.read(Delivery((), json.dumps(document).encode()))


GOOD = JITSI.signed(json.dumps(joined()).encode(), NOW)
ATTACKS = {
    "no header": (without_header(GOOD, "authorization"), Reason.MISSING_HEADER),
    "an empty header": (with_header(GOOD, "Authorization", "  "), Reason.MISSING_HEADER),
    "the header twice": (
        Delivery((*GOOD.headers, ("authorization", f"Bearer {SECRET}")), GOOD.body),
        Reason.DOUBLED_HEADER,
    ),
    **{
        f"the header {value!r}": (with_header(GOOD, "Authorization", value), Reason.WRONG_CREDENTIAL)
        for value in (
            SECRET,
            f"bearer {SECRET}",
            f"Bearer  {SECRET}",
            f"Bearer {SECRET} ",
            f"Basic {SECRET}",
            f"Bearer {SECRET[:-1]}",
            f"Bearer {SECRET}x",
            f"Bearer {SECRET.upper()}",
            "Bearer ",
            "Bearer",
            "Bearer é",
        )
    },
}


@pytest.mark.parametrize(("delivery", "reason"), ATTACKS.values(), ids=ATTACKS)
def test_it_is_refused_for_its_reason_which_names_nothing_of_it(delivery: Delivery, reason: Reason) -> None:
    with pytest.raises(NotAccepted) as refusal:
        jitsi.verify(delivery, {**JITSI.keys, "empty": ""}, NOW)
    assert refusal.value.reason is reason
    assert str(refusal.value) == reason.value


def test_two_secrets_are_live_and_no_time_is_told() -> None:
    both = {"next": "n" * 24, **JITSI.keys}

    assert jitsi.verify(GOOD, both, NOW + timedelta(days=1)) == "prosody"
    with pytest.raises(Unsigned):
        jitsi.verify(GOOD, {"next": "n" * 24}, NOW)
    with pytest.raises(ValueError, match="no secret"):
        jitsi.sign(b"{}", "x", "", NOW, key="")


@pytest.mark.parametrize(("secret", "words"), [("", "0 characters"), ("x" * 23, "23 characters")])
def test_a_short_secret_is_called_weak(secret: str, words: str) -> None:
    assert words in (jitsi.weakness(secret) or "")
    assert jitsi.weakness("x" * 24) is None


def test_the_module_s_own_paths_are_open() -> None:
    assert {"", "events/room/created", "events/occupant/left"} < set(jitsi.door.paths)


KNOWN = {"host": "jitsi", "meeting": "room-1"}
BEN = {"person": "cl-0001", "connection": f"{JID}@{STAMP}"}
START, END = NOW - timedelta(seconds=5), NOW + timedelta(seconds=90)


def bare(facts: list[HostFact]) -> list[HostFact]:
    return [fact.model_copy(update={"key": ""}) for fact in facts]


def test_each_event_gives_its_fact() -> None:
    gone = NOW + timedelta(seconds=60)

    assert bare(read(event("room-created", created_at=STAMP - 5))) == [
        MeetingStarted(**KNOWN, at=START, begun=START, key="")
    ]
    assert bare(read(joined())) == [PersonJoined(**KNOWN, **BEN, at=NOW, key="")]
    assert bare(read(left())) == [PersonLeft(**KNOWN, **BEN, at=gone, key="")]
    assert bare(read(destroyed({}))) == [MeetingEnded(**KNOWN, at=END, begun=START, key="")]


def test_a_leave_and_its_join_speak_of_one_stay_and_a_second_page_of_another() -> None:
    (came,), (went,) = read(joined()), read(left())
    (again,), (other,) = read(joined(joined_at=STAMP + 1)), read(joined(occupant_jid=f"x{JID}"))

    names = [
        fact.connection for fact in (came, went, again, other) if isinstance(fact, PersonJoined | PersonLeft)
    ]
    assert names[0] == names[1]
    assert len(set(names)) == 3


def test_who_came_went_and_came_again_within_a_second_stays_inside() -> None:
    assert read(left(left_at=STAMP)) == []
    assert len(read(left(left_at=STAMP + 1))) == 1


def test_nobody_leaves_before_they_came_though_the_clock_was_set_back() -> None:
    (fact,) = read(left(left_at=STAMP - 9))
    assert fact.at == NOW


def test_a_breakout_room_is_another_stay_in_the_same_meeting_and_its_end_is_not_the_end() -> None:
    side = {"is_breakout": True, "breakout_room_id": "c018"}
    (fact,) = read({**joined(), **side})

    assert isinstance(fact, PersonJoined)
    assert (fact.meeting, fact.connection) == ("room-1", f"{JID}@{STAMP}@c018")
    assert read({**event("room-created", created_at=STAMP), **side}) == []
    assert read({**destroyed([occupant()]), **side}) == []


def test_the_end_makes_up_for_what_was_lost_on_the_way() -> None:
    listed = [
        occupant(left_at=STAMP + 60, role="client"),
        "odd",
        None,
        {},
        occupant(joined_at="yesterday"),
        occupant(id="th-1"),
    ]
    facts = read(destroyed(listed))

    assert bare(facts) == [
        PersonJoined(**KNOWN, **BEN, at=NOW, role=Role.CLIENT, key=""),
        PersonLeft(**KNOWN, **BEN, at=NOW + timedelta(seconds=60), key=""),
        PersonJoined(**KNOWN, **{**BEN, "person": "th-1"}, at=NOW, key=""),
        MeetingEnded(**KNOWN, at=END, begun=START, key=""),
    ]
    assert [fact.key.rpartition(":")[2] for fact in facts] == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("given", "person"),
    [
        ("cl-0001", "cl-0001"),
        (4711.0, "4711"),
        (4711, "4711"),
        ("4711", "4711"),
        (4711.5, JID),
        (True, JID),
        (1e300, JID),
        (10**400, JID),
        ("", JID),
        ("a\nb", JID),
        ("x" * 257, JID),
        (["cl-0001"], JID),
        (None, JID),
    ],
)
def test_a_person_is_the_token_s_id_or_else_the_connection(given: object, person: str) -> None:
    (fact,) = read(joined(id=given))

    assert isinstance(fact, PersonJoined)
    assert fact.person == person


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ({}, None),
        ({"role": "therapist"}, Role.THERAPIST),
        ({"role": "client", "moderator": True}, Role.CLIENT),
        ({"role": "participant", "moderator": True}, Role.THERAPIST),
        ({"role": ["therapist"]}, None),
        ({"moderator": True}, Role.THERAPIST),
        ({"moderator": "true"}, Role.THERAPIST),
        ({"moderator": False}, Role.CLIENT),
        ({"moderator": "false"}, Role.CLIENT),
        ({"moderator": "True"}, None),
        ({"moderator": 1}, None),
        ({"moderator": None}, None),
        ({"affiliation": "owner"}, None),
    ],
)
def test_a_role_is_what_our_own_token_said(said: dict[str, object], role: Role | None) -> None:
    (fact,) = read(joined(**said))

    assert isinstance(fact, PersonJoined)
    assert fact.role is role


@pytest.mark.parametrize(
    ("jid", "given", "is_person"),
    [
        ("a@meet.example.com/x", None, True),
        ("a@guest.meet.example.com/x", None, True),
        ("a@elsewhere.example/x", None, True),
        ("a@recorder.meet.example.com/x", None, False),
        ("a@hidden.meet.example.com/x", None, False),
        ("a@recorder.meet.example.com/x", "cl-0001", True),
    ],
)
def test_a_recorder_is_nobody_and_a_guest_is_somebody(jid: str, given: object, is_person: bool) -> None:
    assert len(read(joined(occupant_jid=jid, id=given))) == is_person
    assert len(read(left(occupant_jid=jid, id=given))) == is_person


@pytest.mark.parametrize(
    "odd",
    [
        {"joined_at": "yesterday"},
        {"joined_at": None},
        {"joined_at": -1},
        {"joined_at": 10**18},
        {"left_at": "soon"},
        {"occupant_jid": None},
        {"occupant_jid": "a\nb"},
        {"occupant_jid": 7},
    ],
)
def test_an_occupant_that_cannot_be_made_out_gives_no_fact_and_is_not_refused(odd: dict[str, Any]) -> None:
    assert read(joined(**odd)) == []
    assert read(left(**odd)) == []
    assert [type(fact) for fact in read(destroyed([occupant(**odd)]))] == [MeetingEnded]


@pytest.mark.parametrize("whole", [None, [], "x", 7])
def test_an_occupant_of_another_shape_gives_no_fact(whole: object) -> None:
    assert read(event("occupant-joined", occupant=whole)) == []
    assert [type(fact) for fact in read(destroyed(whole))] == [MeetingEnded]


def test_events_that_are_not_ours_give_no_facts() -> None:
    assert read({"event_name": "muc-something-new", "room_jid": 7}) == []
    assert read(left(left_at=None)) == []


@pytest.mark.parametrize(
    ("jid", "meeting"),
    [
        ("[Clinic-A]Room-1@conference.meet.example.com", "[clinic-a]room-1"),
        ("room-1", "room-1"),
        ("@conference.meet.example.com", "@conference.meet.example.com"),
    ],
)
def test_a_meeting_is_the_first_half_of_the_room_s_address(jid: str, meeting: str) -> None:
    (fact,) = read(event("room-created", created_at=STAMP, room_jid=jid))
    assert fact.meeting == meeting


UNREADABLE = {
    "empty": b"",
    "not JSON": b"hello",
    "a list": b"[]",
    "deep": b"[" * 100_000,
    "no event": json.dumps({**joined(), "event_name": None}).encode(),
    "invalid UTF-8": b'{"event_name":"\xff"}',
    "UTF-16": json.dumps(joined()).encode("utf-16"),
    "no room": json.dumps({**joined(), "room_jid": None}).encode(),
    "a room with a line end": json.dumps({**joined(), "room_jid": "a\nb"}).encode(),
    "no occupant": json.dumps(event("occupant-joined")).encode(),
    "no beginning": json.dumps(event("room-created")).encode(),
    "a beginning beyond the calendar": json.dumps(event("room-created", created_at=10**18)).encode(),
    "a beginning that is infinite": b'{"event_name":"muc-room-created","room_jid":"r@x","created_at":1e999}',
    "no end": json.dumps(event("room-destroyed", created_at=STAMP)).encode(),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_cannot_be_read_is_malformed_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Malformed) as refusal:
        jitsi.read(JITSI.signed(body, NOW))
    assert refusal.value.reason is Reason.BAD_BODY


@given(st.sampled_from(sorted(occupant())), json_like, st.lists(json_like, max_size=3))
def test_any_value_in_an_occupant_is_refused_at_most(field: str, value: object, others: list[object]) -> None:
    odd = occupant(**{field: value})
    for document in (joined(**odd), left(**odd), destroyed([odd, *others])):
        everything(JITSI, JITSI.signed(json.dumps(document).encode(), NOW))
