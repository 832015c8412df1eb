"""Calls for the benchmark by host: each host that is known has one, made of its kept deliveries."""

from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.recorded import template
from plugin.hosts import NAMES, listening
from webhooks.events import MeetingEnded, MeetingStarted, PersonJoined, PersonLeft

HOSTS = sorted(NAMES)
CALL = {MeetingStarted, PersonJoined, PersonLeft, MeetingEnded}


@pytest.mark.parametrize("name", HOSTS)
def test_a_call_is_signed_as_its_host_signs_and_tells_what_its_host_can_tell(name: str) -> None:
    host, made, now = listening(name), template(name), datetime.now(UTC)
    deliveries = made.deliveries(f"http://127.0.0.1:8787/webhooks/north/{name}")
    assert [host.verify(each, {made.key_id: made.secret}, now) for each in deliveries] == [made.key_id] * len(
        deliveries
    )
    facts = [fact for each in deliveries for fact in host.read(each)]
    assert {type(fact) for fact in facts} >= CALL & set(host.tells)
    assert len({fact.meeting for fact in facts}) == 1


@pytest.mark.parametrize("name", HOSTS)
def test_a_call_is_of_today(name: str) -> None:
    host, now = listening(name), datetime.now(UTC)
    deliveries = template(name).deliveries("http://127.0.0.1:8787/")
    for fact in (fact for each in deliveries for fact in host.read(each)):
        assert abs(now - fact.at) < timedelta(hours=4)


@pytest.mark.parametrize("name", HOSTS)
def test_many_calls_are_all_different(name: str) -> None:
    host, made = listening(name), template(name)
    calls = [made.deliveries("http://127.0.0.1:8787/") for _ in range(50)]
    begun = [host.read(call[0])[0] for call in calls]
    keys = {host.key(each) for call in calls for each in call}
    assert len({(fact.meeting, fact.occurrence) for fact in begun}) == len(calls)
    assert len(keys) == sum(map(len, calls))
