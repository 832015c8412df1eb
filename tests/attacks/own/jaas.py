"""Attacks by the question how to set up a meeting, which is answered and not kept."""

from collections.abc import Iterator
from dataclasses import replace

from tests.attacks.target import REFUSED, SOUTH, Attack, Target

_QUESTION = b'{"eventType":"SETTINGS_PROVISIONING","fqn":"tenant/room"}'


def attacks(host: Target) -> Iterator[Attack]:
    """All of them."""
    good = host.sent(_QUESTION)
    secret = next(iter(host.keys_of(SOUTH).values()))
    yield Attack("question_unsigned", replace(good, headers=good.headers[:1]), REFUSED)
    yield Attack("question_of_another_tenant", host.sent(_QUESTION, secret=secret), REFUSED)
    yield Attack("question_under_another_proof", replace(host.sent(), body=_QUESTION), REFUSED)
