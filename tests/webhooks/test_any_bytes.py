"""Properties: a changed byte is refused, and no bytes at all cause anything but a refusal."""

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.webhooks.samples import NOW, SECRETS, joined, livekit_event, sandbox_message, signed, with_header
from webhooks.delivery import Delivery, NotAccepted
from webhooks.hosts import HOSTS

BODIES = {
    "livekit": json.dumps(joined()).encode(),
    "sandbox": sandbox_message(
        "participant.joined", participant="patient-ben", connection="c-1", role="client"
    ),
}
PROOFS = {
    "livekit": ("authorization",),
    "sandbox": ("webhook-id", "webhook-timestamp", "webhook-signature"),
}
hosts = st.sampled_from(sorted(HOSTS))
names = st.sampled_from([proof for proofs in PROOFS.values() for proof in proofs]) | st.text(max_size=20)
values = st.text(max_size=300) | st.from_regex(
    r"(v1,[A-Za-z0-9+/=]{0,60} ?){1,9}|[0-9]{1,14}", fullmatch=True
)
tokens = st.lists(st.binary(max_size=60), min_size=1, max_size=4).map(
    lambda parts: ".".join(part.decode("latin-1") for part in parts)
)
json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def everything(host: str, delivery: Delivery) -> None:
    """All that a service does with a delivery, with each step tried though the one before refused."""
    for act in (
        lambda: HOSTS[host].verify(delivery, SECRETS[host], NOW),
        lambda: HOSTS[host].key(delivery),
        lambda: HOSTS[host].read(delivery),
    ):
        with contextlib.suppress(NotAccepted):
            act()


@given(hosts, st.data())
def test_any_changed_body_is_refused(host: str, data: st.DataObject) -> None:
    body = BODIES[host]
    place = data.draw(st.integers(0, len(body)))
    length = data.draw(st.integers(0, 3))
    changed = body[:place] + data.draw(st.binary(max_size=3)) + body[place + length :]
    assume(changed != body)

    with pytest.raises(NotAccepted):
        HOSTS[host].verify(replace(signed(host, body), body=changed), SECRETS[host], NOW)


@given(hosts, st.data())
def test_any_changed_character_of_the_proof_is_refused(host: str, data: st.DataObject) -> None:
    delivery = signed(host, BODIES[host])
    name = data.draw(st.sampled_from(PROOFS[host]))
    value = delivery.header(name)
    place = data.draw(st.integers(0, len(value) - 1))
    letter = data.draw(st.characters(min_codepoint=33, max_codepoint=0x2FF))
    assume(letter != value[place])

    changed = with_header(delivery, name, value[:place] + letter + value[place + 1 :])

    with pytest.raises(NotAccepted):
        HOSTS[host].verify(changed, SECRETS[host], NOW)


@given(hosts, st.lists(st.tuples(names, values | tokens), max_size=5), st.binary(max_size=200))
def test_any_headers_and_body_are_refused_at_most(
    host: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    everything(host, Delivery(tuple(headers), body))


@given(hosts, st.binary(max_size=400) | json_like.map(lambda value: json.dumps(value).encode()))
def test_any_signed_body_is_refused_at_most(host: str, body: bytes) -> None:
    everything(host, signed(host, body))


def _paths(document: dict[str, Any], before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in document.items():
        found.append((*before, key))
        if isinstance(value, dict):
            found += _paths(value, (*before, key))
    return found


WHOLE = {
    "livekit": [joined(), {**joined(), "event": "participant_left"}, livekit_event("room_finished")],
    "sandbox": [json.loads(BODIES["sandbox"]), json.loads(sandbox_message("meeting.ended"))],
}


@settings(max_examples=300)
@given(hosts, st.data())
def test_any_value_in_any_field_is_refused_at_most(host: str, data: st.DataObject) -> None:
    document = json.loads(json.dumps(data.draw(st.sampled_from(WHOLE[host]))))
    *way, last = data.draw(st.sampled_from(_paths(document)))
    place = document
    for step in way:
        place = place[step]
    place[last] = data.draw(json_like | st.integers(-(10**30), 10**30).map(str))

    everything(host, signed(host, json.dumps(document).encode()))


@given(st.text(max_size=80))
def test_any_secret_is_judged_and_vouches_for_nothing_it_did_not_sign(secret: str) -> None:
    for host, module in HOSTS.items():
        module.weakness(secret)
        with pytest.raises(NotAccepted):
            module.verify(signed(host, BODIES[host]), dict.fromkeys(SECRETS[host], secret), NOW)
