"""What a real Prosody with ``event_sync`` sent, read line by line."""

import json
from hashlib import sha256

import pytest

from tests.webhooks.known import FIXTURES, known
from webhooks import jitsi
from webhooks.delivery import Delivery
from webhooks.events import HostFact, MeetingEnded, MeetingStarted, PersonFact, PersonJoined, PersonLeft, Role

JITSI = known("jitsi")
FILES = (*JITSI.about.sessions, *JITSI.about.others)
THERAPIST, CLIENT = "p-therapist-01", "p-client-01"


def stays(facts: list[HostFact]) -> dict[str, tuple[str, bool]]:
    """Who each connection is, and whether it is still open, in whatever order the facts come."""
    people = [fact for fact in facts if isinstance(fact, PersonFact)]
    closed = {fact.connection for fact in people if isinstance(fact, PersonLeft)}
    return {str(fact.connection): (fact.person, fact.connection not in closed) for fact in people}


@pytest.mark.parametrize("file", FILES)
def test_the_header_alone_is_the_proof_and_covers_no_body(file: str) -> None:
    for line in JITSI.lines(file):
        headers = {name.lower(): value for name, value in line.delivery.headers}
        assert headers["authorization"] == f"Bearer {JITSI.keys['prosody']}"
        assert not {name for name in headers if "signature" in name or "digest" in name}
        assert jitsi.key(line.delivery) == sha256(line.delivery.body).hexdigest()


def test_an_ordinary_session_ends_each_stay_and_never_the_person_who_is_back() -> None:
    facts = JITSI.facts("token-session")
    started, before_the_end = facts[0], [fact for fact in facts if ":" not in fact.key]

    assert isinstance(started, MeetingStarted)
    assert started.begun == started.at == facts[-1].begun
    assert isinstance(facts[-1], MeetingEnded)
    assert len(stays(before_the_end)) == 5
    assert stays(before_the_end) == stays(facts)
    late = before_the_end[8]
    assert isinstance(late, PersonLeft)
    assert late.person == THERAPIST
    open_then = stays(before_the_end[:9])
    assert [is_open for person, is_open in open_then.values() if person == THERAPIST] == [False, True]


def test_a_person_without_a_token_is_their_connection_and_a_recorder_is_nobody() -> None:
    facts = JITSI.facts("anonymous-session")
    people = {fact.person for fact in facts if isinstance(fact, PersonFact)}

    assert len(people) == 4
    assert all(person.partition("@")[2].startswith("meet.example.com/") for person in people)


def test_roles_come_from_the_token_s_own_user() -> None:
    facts = JITSI.facts("token-full-user-session")
    roles = {fact.person: fact.role for fact in facts if isinstance(fact, PersonJoined)}

    assert roles == {THERAPIST: Role.THERAPIST, CLIENT: Role.CLIENT}
    assert {fact.role for fact in JITSI.facts("token-session") if isinstance(fact, PersonJoined)} == {None}


def test_a_breakout_is_stays_of_the_same_meeting_and_not_its_end() -> None:
    facts = JITSI.facts("breakout-session")
    ends = [fact for fact in facts if isinstance(fact, MeetingEnded)]

    assert len(ends) == 1
    assert ends[0] is facts[-1]
    assert {fact.meeting for fact in facts} == {"sess-b4ea"}
    assert len(stays(facts)) == 6
    assert not any(is_open for _, is_open in stays(facts).values())
    for n in range(2, 12):  # somebody is always inside until both leave at the end
        assert any(is_open for _, is_open in stays(facts[:n]).values()), n


def test_an_outage_s_losses_are_made_up_for_by_the_end() -> None:
    text = (FIXTURES / "jitsi" / "outage-session.jsonl").read_text()
    kept = [line for line in map(json.loads, text.splitlines()) if line["answered"] == 200]
    facts = [fact for line in kept for fact in jitsi.read(Delivery((), line["body"].encode()))]
    on_the_way = [fact for fact in facts if ":" not in fact.key]
    came = {fact.person for fact in on_the_way if isinstance(fact, PersonJoined)}

    assert came == {CLIENT}  # four tries to tell of the therapist all met a 503
    assert [person for person, is_open in stays(on_the_way).values() if is_open] == [CLIENT, CLIENT]
    assert {fact.person for fact in facts if isinstance(fact, PersonJoined)} == {THERAPIST, CLIENT}
    assert not any(is_open for _, is_open in stays(facts).values())


def test_six_rejoins_in_a_second_leave_the_client_inside() -> None:
    lines = JITSI.lines("fast-rejoin-session")
    bodies = [line.delivery.body for line in lines]
    facts = [fact for line in lines[:15] for fact in jitsi.read(line.delivery)]

    assert bodies[4] == bodies[6] == bodies[8]
    assert bodies[5] == bodies[7] == bodies[9]
    assert {person for person, is_open in stays(facts).values() if is_open} == {THERAPIST, CLIENT}


def test_a_page_that_froze_is_closed_by_nothing_but_the_end() -> None:
    facts = JITSI.facts("frozen-client-session")

    assert [person for person, is_open in stays(facts[:4]).values() if is_open] == [CLIENT]
    assert facts[-1].begun == facts[0].at


def test_a_server_that_was_killed_starts_another_run_without_an_end() -> None:
    begun = [fact.begun for fact in JITSI.facts("server-stop-session") if isinstance(fact, MeetingStarted)]

    assert len(set(begun)) == 3
    assert sum(isinstance(fact, MeetingEnded) for fact in JITSI.facts("server-stop-session")) == 2


def test_strange_tokens_cost_the_person_and_not_the_delivery() -> None:
    people = {fact.person for fact in JITSI.facts("odd-users-session") if isinstance(fact, PersonFact)}

    assert {"4711", "p-1", "p-3", "p-4"} < people
    assert "p-2" not in people  # its joined_at is "yesterday"
    assert len(people) == 6


def test_a_tenant_s_room_and_a_room_of_that_name_are_two_meetings() -> None:
    assert {fact.meeting for fact in JITSI.facts("tenant-session")} == {"[clinic-a]sess-7e4a", "sess-7e4a"}


def test_an_empty_room_begins_and_ends_with_nobody() -> None:
    assert [fact.type for fact in JITSI.facts("empty-room-session")] == ["meeting_started", "meeting_ended"]


def test_facts_are_the_same_however_often_and_in_whatever_order_they_come() -> None:
    for file in FILES:
        facts = JITSI.facts(file)
        assert stays(facts) == stays([*facts[::-1], *facts]), file
        assert {fact.occurrence for fact in facts} == {None}, file


def test_names_addresses_and_pictures_stay_behind() -> None:
    sent = "".join((FIXTURES / "jitsi" / f"{file}.jsonl").read_text() for file in FILES)
    kept = json.dumps([fact.model_dump(mode="json") for file in FILES for fact in JITSI.facts(file)])

    for secret in ("Dr Example", "Alex Example", "dr@example.org", "dr.png", JITSI.keys["prosody"]):
        assert secret in sent
        assert secret not in kept
