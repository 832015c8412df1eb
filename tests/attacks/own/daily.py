"""Attacks by what looks like the unsigned trial of the address and says more."""

from collections.abc import Iterator
from dataclasses import replace

from tests.attacks.target import REFUSED, Attack, Target


def attacks(host: Target) -> Iterator[Attack]:
    """All of them."""
    good = host.sent()
    plain = replace(good, headers=good.headers[:1])
    for how, body in {
        "more": b'{"test":"test","type":"meeting.ended"}',
        "another_word": b'{"test":"tested"}',
        "a_list": b'[{"test":"test"}]',
        "a_whole_event": good.body.replace(b"{", b'{"test":"test",', 1),
    }.items():
        yield Attack(f"trial_with_{how}", replace(plain, body=body), REFUSED)
