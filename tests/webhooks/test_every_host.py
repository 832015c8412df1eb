"""What each host file promises. Hosts are found, not listed: a new one is held to this without an edit here."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.commands.mistakes import likely_mistake
from plugin.hosts import NAMES, listening, named
from plugin.hosts.host import Host as Speaking
from tests.webhooks.known import FIXTURES, GUIDE, HOSTS, Known, known, sample
from tests.webhooks.samples import NOW
from webhooks.delivery import NotAccepted, Reason, Stale, Unsigned
from webhooks.events import MeetingEnded, PersonJoined, PersonLeft, Role, fact_from


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest) -> Known:
    return known(request.param)


def test_hosts_are_found_by_the_names_of_their_two_files() -> None:
    assert {"livekit", "sandbox"} <= NAMES
    assert "host" not in NAMES
    assert all(listening(name).name == name for name in NAMES)
    assert all(isinstance(named(name), Speaking) for name in NAMES)
    for stranger in ("host", "delivery", "os", ""):
        with pytest.raises(KeyError):
            listening(stranger)
        with pytest.raises(KeyError):
            named(stranger)


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in FIXTURES.glob("*/about.json")))
def test_each_folder_of_deliveries_belongs_to_a_host(folder: str) -> None:
    assert folder in NAMES, f"needs both webhooks/{folder}.py and plugin/hosts/{folder}.py: {GUIDE}"


def test_each_has_deliveries_and_all_of_its_files_are_accounted_for(host: Known) -> None:
    files = {path.stem for path in (FIXTURES / host.name).glob("*.jsonl")}
    told = {*host.about.sessions, *host.about.refused, *host.about.others}

    assert host.about.sessions, "about.json names no file in sessions"
    assert told <= files, "about.json names files that are not there"
    forgotten = {file for file in files - told if "headers" in json.loads(_first(host, file))}
    assert not forgotten, "deliveries that about.json names in none of sessions, others and refused"
    assert bool(host.about.peer) != bool(host.about.no_peer), (
        "about.json says either peer, a program that is not ours, or no_peer, why there is none"
    )


def _first(host: Known, file: str) -> str:
    return (FIXTURES / host.name / f"{file}.jsonl").read_text().split("\n", 1)[0]


def test_each_kept_delivery_is_verified_at_its_own_time(host: Known) -> None:
    for line in host.everything():
        try:
            signer = host.host.verify(line.delivery, host.keys, line.at)
        except NotAccepted as refusal:
            pytest.fail(f"delivery {line.n}: {refusal}; fermata webhook verify says which step refused")
        assert signer in host.keys, line.n
        assert host.host.key(line.delivery), line.n


def test_each_delivery_that_proves_too_little_is_refused(host: Known) -> None:
    for file in host.about.refused:
        for line in host.lines(file):
            try:
                host.host.verify(line.delivery, host.keys, line.at)
            except NotAccepted:
                continue
            pytest.fail(f"delivery {line.n} of {file} is accepted")


def test_it_tells_the_facts_that_it_says_it_can_and_no_others(host: Known) -> None:
    told = {type(fact) for line in host.everything() for fact in host.host.read(line.delivery)}

    assert told == set(host.host.tells), (
        "tells and the deliveries differ: keep a delivery of each kind that is told, in sessions or others"
    )


def test_a_client_and_a_therapist_meet_and_part_in_some_session(host: Known) -> None:
    sessions = [host.facts(file) for file in host.about.sessions]
    roles = {fact.role for facts in sessions for fact in facts if isinstance(fact, PersonJoined)}

    assert {Role.CLIENT, Role.THERAPIST} <= roles, "sessions need a join of a client and one of a therapist"
    assert any(isinstance(fact, PersonLeft | MeetingEnded) for facts in sessions for fact in facts), (
        "sessions need a leave or an end"
    )


def test_what_it_signs_it_verifies_for_the_one_who_signed(host: Known) -> None:
    delivery = host.signed(sample(host.name), NOW)

    assert host.host.verify(delivery, host.keys, NOW) == next(iter(host.keys))
    assert dict(delivery.headers).get("Content-Type", "").partition(";")[0] in host.host.door.content_types, (
        "sign gives a header Content-Type, spelled so, of a type that door takes"
    )
    assert [type(fact) for fact in host.host.read(delivery)] != []
    with pytest.raises(Unsigned):
        host.host.verify(delivery, {}, NOW)


def test_two_secrets_are_live_while_one_replaces_the_other(host: Known) -> None:
    key_id, secret = next(iter(host.keys.items()))
    delivery = host.signed(sample(host.name), NOW)
    other = host.other_secret

    assert host.host.verify(delivery, {"next": other, key_id: secret}, NOW) == key_id
    with pytest.raises(NotAccepted):
        host.host.verify(delivery, {"next": other}, NOW)


def test_a_retry_keeps_its_key_and_its_facts(host: Known) -> None:
    first = host.signed(sample(host.name), NOW)
    again = host.signed(sample(host.name), NOW + timedelta(minutes=1))
    again = (
        again if again.body == first.body else first
    )  # its stamp is in the body, so a retry is the same bytes

    assert host.host.key(first) == host.host.key(again)
    assert host.host.read(first) == host.host.read(again)


def test_the_facts_of_one_delivery_have_keys_of_their_own(host: Known) -> None:
    seen: dict[str, object] = {}
    for line in host.everything():
        for fact in host.host.read(line.delivery):
            assert fact.key.startswith(host.host.key(line.delivery)), (
                "a fact's key begins with that of its delivery"
            )
            assert seen.setdefault(fact.key, fact) == fact, "two facts share a key"


def test_one_hosts_delivery_is_nothing_to_another(host: Known) -> None:
    for other in map(known, HOSTS):
        if other is not host:
            delivery = other.signed(sample(other.name), NOW)
            with pytest.raises(NotAccepted):
                host.host.verify(delivery, {**host.keys, **other.keys}, NOW)


def test_a_header_that_carries_proof_stands_once(host: Known) -> None:
    delivery = host.signed(sample(host.name), NOW)
    for header in delivery.headers:
        if header[0] != "Content-Type":
            with pytest.raises(NotAccepted) as refusal:
                host.host.verify(replace(delivery, headers=(*delivery.headers, header)), host.keys, NOW)
            assert refusal.value.reason is Reason.DOUBLED_HEADER


def test_facts_survive_their_json_form(host: Known) -> None:
    facts = [fact for line in host.everything() for fact in host.host.read(line.delivery)]

    assert [fact_from(json.loads(fact.model_dump_json())) for fact in facts] == facts
    assert all(fact.host == host.name for fact in facts)


def test_its_secrets_are_fit_and_an_empty_one_is_not(host: Known) -> None:
    weak = [host.host.weakness(secret) for secret in host.keys.values()]
    assert weak == [None] * len(host.keys), "the keys of about.json are weak"
    assert host.host.weakness(""), "weakness takes an empty secret"


def test_its_steps_name_each_reason_at_most_once_and_the_body_last(host: Known) -> None:
    reasons = [reason for step in host.host.steps for reason in step.reasons]

    assert len(reasons) == len(set(reasons)), "a reason stands in two steps"
    assert reasons[-1] is Reason.BAD_BODY, "the last step is about the body and refuses with BAD_BODY"


def test_every_reason_has_a_step_and_a_likely_mistake() -> None:
    for reason in set(Reason) - {Reason.HANDSHAKE}:
        holders = [
            each for each in map(known, HOSTS) if any(reason in step.reasons for step in each.host.steps)
        ]
        assert holders, reason
        late = reason in {Reason.TOO_OLD, Reason.TOO_EARLY}
        refusal = Stale(reason, 5) if late else Unsigned(reason)
        delivery = holders[0].signed(sample(holders[0].name), NOW)
        words = likely_mistake(holders[0].host, delivery, {"x": "y"}, NOW, refusal)
        assert words.endswith(".")
