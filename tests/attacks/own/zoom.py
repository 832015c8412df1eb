"""Attacks by trials of the address, which ask us to sign a text."""

import json
from collections.abc import Iterator
from datetime import timedelta

from tests.attacks.target import MALFORMED, REFUSED, SOUTH, Attack, Target
from tests.webhooks.samples import NOW


def attacks(host: Target) -> Iterator[Attack]:
    """All of them."""
    good = host.sent(_trial("qgg8vlvZRS6UYooatFL8Aw"))
    secret = next(iter(host.keys_of(SOUTH).values()))
    for proof in host.proofs(good):
        yield Attack(f"trial_without_{proof.lower().replace('-', '_')}", host.put(good, proof), REFUSED)
    yield Attack("trial_of_another_tenant", host.sent(good.body, secret=secret), REFUSED)
    yield Attack("trial_of_yesterday", host.sent(good.body, NOW - timedelta(days=1)), REFUSED)
    for how, token in {
        "a_delivery": f'v0:{int(NOW.timestamp())}:{{"event":"meeting.ended"}}',
        "nothing": "",
        "one_letter": "a",
        "many_letters": "a" * 65,
        "a_number": 12345678,
        "a_list": ["qgg8vlvZRS6UYooatFL8Aw"],
        "a_line": "qgg8vlvZRS6UYooatFL8Aw\n",
    }.items():
        yield Attack(f"trial_that_asks_to_sign_{how}", host.sent(_trial(token)), MALFORMED)
    yield Attack("trial_that_asks_nothing", host.sent(b'{"event":"endpoint.url_validation"}'), MALFORMED)
    text = b'{"event":"endpoint.url_validation",'
    yield Attack("trial_that_is_cut_short", host.sent(text), MALFORMED)


def _trial(token: object) -> bytes:
    document = {
        "event": "endpoint.url_validation",
        "event_ts": 1795442400000,
        "payload": {"plainToken": token},
    }
    return json.dumps(document).encode()
