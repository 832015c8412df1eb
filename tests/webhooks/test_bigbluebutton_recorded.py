"""What the real ``bbb-webhooks`` sent, read with the clock of the recording."""

import hashlib
import json
from dataclasses import replace
from urllib.parse import unquote_plus

import pytest

from plugin.commands.recordings import Recorded
from tests.webhooks.bigbluebutton_samples import (
    BBB,
    BEARER,
    SECRET,
    digest,
)
from tests.webhooks.known import FIXTURES
from tests.webhooks.samples import session
from webhooks import bigbluebutton
from webhooks.delivery import Reason, Unsigned
from webhooks.events import (
    HostFact,
    MeetingStarted,
    PersonFact,
    PersonJoined,
    PersonLeft,
)


def recomputed(line: Recorded) -> str:
    """Which recipe a recorded delivery was signed by, worked out without our code."""
    address, _, given = line.delivery.url.rpartition("checksum=")
    if not address:
        return "header" if BEARER[1] in dict(line.delivery.headers).values() else "none"
    algorithm = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}[len(given)]
    fields = dict(pair.split("=", 1) for pair in line.delivery.body.decode().split("&"))
    told = json.dumps(unquote_plus(fields["event"]), ensure_ascii=False)
    old = f'{{"event":{told},"timestamp":{fields["timestamp"]},"domain":"{fields["domain"]}"}}'
    recipes: dict[str, bytes | str] = {"body": line.delivery.body, "values": old, "address": "{}"}
    return next(
        recipe
        for recipe, covered in recipes.items()
        if digest(address[:-1], covered, SECRET, algorithm=algorithm) == given
    )


def test_every_recording_is_signed_as_its_version_does_by_another_reckoning() -> None:
    files = {path.stem for path in (FIXTURES / "bigbluebutton").glob("*.jsonl")} - {"hooks-api"}
    recipes = {file: {recomputed(line) for line in BBB.lines(file)} for file in files}

    assert recipes.pop("v3.3.1-session") == {"address"}
    assert recipes.pop("redirected") == {"none"}
    assert {file for file, found in recipes.items() if found == {"header"}} == {"bearer", "v2.6.1-bearer"}
    assert {file for file, found in recipes.items() if found == {"values"}} == {
        "v2.6.1-session",
        "v2.6.1-batches",
        "v2.6.1-hook-removed",
    }
    assert sum(found == {"body"} for found in recipes.values()) == len(recipes) - 5


def test_a_version_that_signs_the_address_alone_is_refused_for_that() -> None:
    for line in BBB.lines("v3.3.1-session"):
        with pytest.raises(Unsigned) as refusal:
            bigbluebutton.verify(line.delivery, BBB.keys, line.at)
        assert refusal.value.reason is Reason.BODY_NOT_COVERED


def test_what_a_permanent_hook_brings_after_seven_minutes_is_still_taken() -> None:
    ages = [
        line.at.timestamp() - int(line.delivery.body.rpartition(b"=")[2]) / 1000
        for line in BBB.lines("give-up")
    ]
    last = BBB.lines("give-up")[ages.index(max(ages))]

    assert max(ages) > 400
    assert bigbluebutton.verify(last.delivery, BBB.keys, last.at) == "shared"


def told(fact: HostFact) -> tuple[str, ...]:
    if isinstance(fact, PersonJoined):
        return fact.type, fact.person, fact.connection or "", fact.role or ""
    return (fact.type, fact.person, fact.connection or "") if isinstance(fact, PersonFact) else (fact.type,)


ANA, BEN = ("th-0001", "w_drtxample01"), ("cl-0001", "w_betxample0")


def test_a_session_with_a_recording_and_a_guest_is_told_in_full() -> None:
    facts = BBB.facts("recording-session")

    assert [told(fact) for fact in facts] == [
        ("meeting_started",),
        ("person_joined", *ANA, "therapist"),
        ("person_joined", BEN[0], f"{BEN[1]}1", "client"),
        ("recording_started",),
        ("meeting_started",),
        ("meeting_ended",),
        ("recording_stopped",),
        ("person_left", BEN[0], f"{BEN[1]}1"),
        ("person_joined", BEN[0], f"{BEN[1]}2", "client"),
        ("person_left", BEN[0], f"{BEN[1]}2"),
        ("person_left", *ANA),
        ("meeting_ended",),
    ]
    assert {fact.meeting for fact in facts} == {"session-2ec0", "session-2ec0-room-1"}
    assert [fact.breakout for fact in facts if isinstance(fact, MeetingStarted)] == [False, True]
    assert len({fact.occurrence for fact in facts}) == 2


def test_times_are_those_of_the_events_and_not_of_their_arrival() -> None:
    facts = {fact.key: fact for fact in BBB.facts("outage-session") if isinstance(fact, PersonFact)}.values()
    leave = next(fact for fact in facts if isinstance(fact, PersonLeft))
    before = [fact for fact in facts if isinstance(fact, PersonJoined) and fact.person == leave.person]

    assert [fact.at < leave.at for fact in before] == [True, False]
    assert leave.connection == before[0].connection != before[1].connection


def test_a_late_leave_after_the_end_that_names_nobody_gives_no_fact() -> None:
    lines = BBB.lines("host-ends-session")

    assert bigbluebutton.read(lines[-1].delivery) == []
    assert [told(fact)[0] for fact in BBB.facts("host-ends-session")][-3:] == [
        "person_left",
        "person_left",
        "meeting_ended",
    ]


def test_several_events_in_one_delivery_have_keys_of_their_own() -> None:
    line = BBB.lines("v2.6.1-batches")[9]
    joined, left = bigbluebutton.read(line.delivery)
    own = hashlib.sha256(line.delivery.body).hexdigest()

    assert (joined.key, left.key) == (f"{own}:0", f"{own}:1")
    assert (type(joined), type(left)) == (PersonJoined, PersonLeft)


def test_raw_messages_give_no_facts_but_the_one_that_the_sender_makes_up_itself() -> None:
    assert [told(fact) for fact in BBB.facts("raw")] == [("person_left", "th-0001", "w_drhxample01")]


def test_names_addresses_passwords_and_tokens_stay_behind() -> None:
    files = (*BBB.about.sessions, *BBB.about.others)
    sent_text = "".join((FIXTURES / "bigbluebutton" / f"{file}.jsonl").read_text() for file in files)
    kept = "".join(fact.model_dump_json() for file in files for fact in BBB.facts(file))

    for secret in (
        "Ana+Example",
        "mod-pass-example",
        "view-pass-example",
        "betsessiontoken01",
        "198.51.100.7",
        "Mozilla",
        "bk-7f3a",
        SECRET,
    ):
        assert secret in sent_text
        assert secret not in kept
    assert "Example" not in kept


def test_a_second_delivery_of_the_same_event_has_the_same_key_and_another_event_has_not() -> None:
    lines = session("bigbluebutton", "answers")
    keys = [bigbluebutton.key(line.delivery) for line in lines]

    assert keys[4] == keys[5] == keys[6]
    assert len(set(keys)) == len({line.delivery.body for line in lines})
    assert bigbluebutton.key(replace(lines[0].delivery, url="https://other.example")) == keys[0]
