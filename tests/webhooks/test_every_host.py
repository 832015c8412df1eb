"""What each host file promises, found by the registry."""

import importlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.commands.mistakes import likely_mistake
from tests.webhooks.samples import FIXTURES, NOW, SECRETS, joined, sandbox_message, session, signed
from webhooks.delivery import Host, NotAccepted, Reason, Stale, Unsigned
from webhooks.events import fact_from
from webhooks.hosts import HOSTS

BODIES = {"livekit": json.dumps(joined()).encode(), "sandbox": sandbox_message("meeting.started")}
SHARED = {"hosts", "__init__", "delivery", "events", "tokens"}
each_host = pytest.mark.parametrize(("name", "host"), HOSTS.items(), ids=HOSTS)


def test_the_registry_lists_every_host_file_by_its_name() -> None:
    files = {path.stem for path in (Path(__file__).parents[2] / "webhooks").glob("*.py")}

    assert set(HOSTS) == files - SHARED
    assert all(importlib.import_module(f"webhooks.{name}") is host for name, host in HOSTS.items())
    assert all(host.name == name for name, host in HOSTS.items())


@each_host
def test_what_it_signs_it_verifies_for_the_one_who_signed(name: str, host: Host) -> None:
    delivery = signed(name, BODIES[name])

    assert host.verify(delivery, SECRETS[name], NOW) == next(iter(SECRETS[name]))
    assert dict(delivery.headers)["Content-Type"] in host.content_types
    with pytest.raises(Unsigned):
        host.verify(delivery, {}, NOW)


@each_host
def test_a_retry_keeps_its_key_and_its_facts(name: str, host: Host) -> None:
    first = signed(name, BODIES[name])
    again = signed(name, BODIES[name], at=NOW + timedelta(minutes=1))

    assert host.key(first) == host.key(again)
    assert host.read(first) == host.read(again)
    assert {fact.key for fact in host.read(first)} == {host.key(first)}


@each_host
def test_one_hosts_delivery_is_nothing_to_another(name: str, host: Host) -> None:
    for other in HOSTS.keys() - {name}:
        with pytest.raises(NotAccepted):
            host.verify(signed(other, BODIES[other]), {**SECRETS[name], **SECRETS[other]}, NOW)


@each_host
def test_a_header_that_carries_proof_stands_once(name: str, host: Host) -> None:
    delivery = signed(name, BODIES[name])
    for header in delivery.headers:
        if header[0] != "Content-Type":
            with pytest.raises(NotAccepted) as refusal:
                host.verify(replace(delivery, headers=(*delivery.headers, header)), SECRETS[name], NOW)
            assert refusal.value.reason is Reason.DOUBLED_HEADER


@each_host
def test_recorded_facts_survive_their_json_form(name: str, host: Host) -> None:
    files = [path.stem for path in (FIXTURES / name).glob("*-session.jsonl")]
    facts = [fact for file in files for line in session(name, file) for fact in host.read(line.delivery)]

    assert facts
    assert [fact_from(json.loads(fact.model_dump_json())) for fact in facts] == facts
    assert all(fact.host == name for fact in facts)


@each_host
def test_its_steps_name_each_reason_at_most_once_and_the_body_last(name: str, host: Host) -> None:
    reasons = [reason for step in host.steps for reason in step.reasons]

    assert len(reasons) == len(set(reasons))
    assert reasons[-1] is Reason.BAD_BODY


def test_every_reason_has_a_step_and_a_likely_mistake() -> None:
    for reason in Reason:
        holders = [host for host in HOSTS.values() if any(reason in step.reasons for step in host.steps)]
        assert holders, reason
        late = reason in {Reason.TOO_OLD, Reason.TOO_EARLY}
        refusal = Stale(reason, 5) if late else Unsigned(reason)
        words = likely_mistake(holders[0], signed(holders[0].name, b"{}"), {"x": "y"}, NOW, refusal)
        assert words.endswith(".")
