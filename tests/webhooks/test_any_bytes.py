"""Properties: a changed byte is refused, and no bytes at all cause anything but a refusal."""

import contextlib
import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.webhooks.known import HOSTS, Known, known, proofs, sample
from tests.webhooks.samples import NOW, with_header
from webhooks.delivery import Delivery, Handshake, NotAccepted

FAR = (10**22, -(10**22), -1, 1e300, "9" * 25, "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59")

hosts = st.sampled_from(HOSTS)
names = st.sampled_from(
    sorted({name for host in HOSTS for name in proofs(known(host).signed(sample(host), NOW))})
) | st.text(max_size=20)
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


def everything(host: Known, delivery: Delivery) -> None:
    """All that a service does with a delivery, with each step tried though the one before refused."""
    for act in (
        lambda: host.host.verify(delivery, host.keys, NOW),
        lambda: host.host.key(delivery),
        lambda: host.host.read(delivery),
    ):
        with contextlib.suppress(NotAccepted, Handshake):
            act()


@given(st.sampled_from([host for host in HOSTS if known(host).signs_bodies]), st.data())
def test_any_changed_body_is_refused(name: str, data: st.DataObject) -> None:
    host, body = known(name), sample(name)
    place = data.draw(st.integers(0, len(body)))
    length = data.draw(st.integers(0, 3))
    delivery = host.signed(body, NOW)
    changed = delivery.body[:place] + data.draw(st.binary(max_size=3)) + delivery.body[place + length :]
    assume(changed != delivery.body)

    with pytest.raises(NotAccepted):
        host.host.verify(replace(delivery, body=changed), host.keys, NOW)


@given(hosts, st.data())
def test_any_changed_character_of_the_proof_is_refused(name: str, data: st.DataObject) -> None:
    host = known(name)
    delivery = host.signed(sample(name), NOW)
    headers = proofs(delivery)
    proof = data.draw(st.sampled_from(headers)) if headers else ""
    value = delivery.header(proof) if proof else delivery.url
    place = data.draw(st.integers(0, len(value) - 1))
    letter = data.draw(st.characters(min_codepoint=33, max_codepoint=0x2FF))
    assume(letter != value[place])
    assume(proof != "Authorization" or letter.lower() != value[place].lower() or place > len("Bearer"))
    text = value[:place] + letter + value[place + 1 :]
    changed = with_header(delivery, proof, text) if proof else replace(delivery, url=text)

    with pytest.raises(NotAccepted):
        host.host.verify(changed, host.keys, NOW)


@given(
    hosts,
    st.lists(st.tuples(names, values | tokens), max_size=5),
    st.binary(max_size=200),
    st.text(max_size=99),
)
def test_any_headers_body_and_address_are_refused_at_most(
    name: str, headers: list[tuple[str, str]], body: bytes, url: str
) -> None:
    everything(known(name), Delivery(tuple(headers), body, url))


@given(hosts, st.binary(max_size=400) | json_like.map(lambda value: json.dumps(value).encode()))
def test_any_signed_body_is_refused_at_most(name: str, body: bytes) -> None:
    with contextlib.suppress(ValueError):  # no place for a stamp: the host could not send it
        everything(known(name), known(name).signed(body, NOW))


def _paths(document: dict[str, Any], before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in document.items():
        found.append((*before, key))
        if isinstance(value, dict):
            found += _paths(value, (*before, key))
    return found


@cache
def documents(name: str) -> list[dict[str, Any]]:
    """What a host wrote as JSON, one delivery of each kind of facts."""
    by_kind = {
        tuple(type(fact) for fact in known(name).host.read(line.delivery)): line.delivery.body
        for line in known(name).everything()
    }
    bodies = [body for body in by_kind.values() if body.startswith(b"{")]
    return [json.loads(body) for body in bodies]


@settings(max_examples=300)
@given(st.sampled_from([host for host in HOSTS if documents(host)]), st.data())
def test_any_value_in_any_field_is_refused_at_most(name: str, data: st.DataObject) -> None:
    document = json.loads(json.dumps(data.draw(st.sampled_from(documents(name)))))
    *way, last = data.draw(st.sampled_from(_paths(document)))
    place = document
    for step in way:
        place = place[step]
    place[last] = data.draw(json_like | st.integers(-(10**30), 10**30).map(str))

    everything(known(name), known(name).signed(json.dumps(document).encode(), NOW))


@pytest.mark.parametrize("name", [host for host in HOSTS if documents(host)])
def test_a_number_or_a_time_out_of_all_bounds_is_refused_at_most(name: str) -> None:
    host = known(name)
    for document in documents(name):
        for *way, last in _paths(document):
            for far in FAR:
                changed = json.loads(json.dumps(document))
                place = changed
                for step in way:
                    place = place[step]
                place[last] = far
                try:
                    everything(host, host.signed(json.dumps(changed).encode(), NOW))
                except Exception as error:
                    pytest.fail(f"{'.'.join([*way, last])} = {far!r}: {error!r}; bound it where it is read")


@given(hosts, st.text(max_size=80))
def test_any_secret_is_judged_and_vouches_for_nothing_it_did_not_sign(name: str, secret: str) -> None:
    host = known(name)
    assume(secret not in host.keys.values())
    host.host.weakness(secret)
    with pytest.raises(NotAccepted):
        host.host.verify(host.signed(sample(name), NOW), dict.fromkeys(host.keys, secret), NOW)
