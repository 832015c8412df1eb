"""What a real LiveKit server sent, read with the clock of the recording."""

from datetime import timedelta

import pytest

from plugin.commands.recordings import Recorded
from tests.webhooks.known import FIXTURES
from tests.webhooks.samples import LIVEKIT, SOON, session
from webhooks import livekit
from webhooks.delivery import Reason, Stale
from webhooks.events import HostFact, PersonJoined, PersonLeft

FILES = ("ordinary-session", "outage-session", "removed-and-doubled-session")
DELIVERIES = {f"{name}-{line.n}": line for name in FILES for line in session("livekit", name)}


def facts(name: str) -> list[HostFact]:
    return [fact for line in session("livekit", name) for fact in livekit.read(line.delivery)]


def told(fact: HostFact) -> tuple[str, ...]:
    if isinstance(fact, PersonJoined):
        return fact.type, fact.person, fact.connection or "", fact.role or ""
    if isinstance(fact, PersonLeft):
        return fact.type, fact.person, fact.connection or ""
    return (fact.type,)


@pytest.mark.parametrize("line", DELIVERIES.values(), ids=DELIVERIES)
def test_every_recorded_delivery_is_verified_at_its_time_and_not_much_later(line: Recorded) -> None:
    assert livekit.verify(line.delivery, LIVEKIT, line.at) == "fermatadev"
    with pytest.raises(Stale) as refusal:
        livekit.verify(line.delivery, LIVEKIT, line.at + timedelta(seconds=362))
    assert refusal.value.reason is Reason.TOO_OLD


def test_an_ordinary_session_is_told_in_full() -> None:
    assert [told(fact) for fact in facts("ordinary-session")] == [
        ("meeting_started",),
        ("person_joined", "ther-1", "PA_8sANXonD8aag", "therapist"),
        ("person_joined", "client-1", "PA_v9sAVPvrncdQ", "client"),
        ("person_left", "client-1", "PA_v9sAVPvrncdQ"),
        ("person_joined", "client-1", "PA_8bGaap4NUzvd", "client"),
        ("person_left", "client-1", "PA_8bGaap4NUzvd"),
        ("person_left", "ther-1", "PA_8sANXonD8aag"),
        ("meeting_ended",),
    ]


def test_an_outage_tells_what_came_and_retries_tell_the_same_again() -> None:
    kept = {fact.key: told(fact) for fact in facts("outage-session")}

    assert len(facts("outage-session")) == len(kept) + 4  # two repeats each of two events
    assert list(kept.values()) == [
        ("meeting_started",),
        ("person_joined", "ther-1", "PA_tQ2BL8ioThhP", "therapist"),
        ("person_joined", "client-1", "PA_KAAL6R9vnhDZ", "client"),
        ("person_left", "client-1", "PA_KAAL6R9vnhDZ"),
        ("person_joined", "client-1", "PA_Lzeo6z5PWaCr", "client"),
        ("person_joined", "client-1", "PA_64US7VwT8ijH", "client"),
        ("person_left", "client-1", "PA_64US7VwT8ijH"),
        ("person_joined", "client-1", "PA_gbUeX5mhDjdH", "client"),
        ("person_left", "client-1", "PA_gbUeX5mhDjdH"),
        ("person_left", "ther-1", "PA_tQ2BL8ioThhP"),
        ("meeting_ended",),
    ]


def test_a_removed_person_and_a_doubled_one_are_told_by_connection() -> None:
    assert [told(fact) for fact in facts("removed-and-doubled-session")] == [
        ("meeting_started",),
        ("person_joined", "ther-1", "PA_gttF78KjUcjN", "therapist"),
        ("person_joined", "client-1", "PA_kwRfrzB9HsP6", "client"),
        ("person_left", "client-1", "PA_kwRfrzB9HsP6"),
        ("person_joined", "client-1", "PA_t9JePUEDB7j3", "client"),
        ("person_left", "client-1", "PA_t9JePUEDB7j3"),
        ("person_joined", "client-1", "PA_vDqdHzhVDgXs", "client"),
        ("person_left", "ther-1", "PA_gttF78KjUcjN"),
        ("person_left", "client-1", "PA_vDqdHzhVDgXs"),
        ("meeting_ended",),
    ]


@pytest.mark.parametrize("name", FILES)
def test_each_session_is_one_run_of_one_meeting_in_the_order_of_its_times(name: str) -> None:
    all_facts = facts(name)

    assert len({(fact.meeting, fact.occurrence) for fact in all_facts}) == 1
    assert str(all_facts[0].occurrence).startswith("RM_")
    for line in session("livekit", name):
        assert all(fact.at - line.at < SOON for fact in livekit.read(line.delivery))
    assert all_facts[-1].at == max(fact.at for fact in all_facts)


def test_no_leave_is_called_deliberate_because_a_reload_says_the_same() -> None:
    left = [fact for name in FILES for fact in facts(name) if isinstance(fact, PersonLeft)]

    assert left
    assert not any(fact.deliberate for fact in left)


def test_names_passwords_and_metadata_stay_behind() -> None:
    sent = "".join((FIXTURES / "livekit" / f"{name}.jsonl").read_text() for name in FILES)
    kept = "".join(fact.model_dump_json() for name in FILES for fact in facts(name))

    for secret in (
        "turnPassword",
        "DVBn5HKzYPzeCpZuXx4SnmTQIXLJsePuff54PgEKKp4C",
        "Dr Example",
        "Alex Example",
        "eyJ",
    ):
        assert secret in sent
        assert secret not in kept
    assert "fermata" not in kept
