"""Attacks on a signature in which nothing parts a name from its value, and on what says how to check it."""

import re
from collections.abc import Iterator

from tests.attacks.target import MALFORMED, REFUSED, Attack, Target

_SETTINGS = "X-Twilio-Webhooks-Signature-Settings"


def attacks(host: Target) -> Iterator[Attack]:
    """All of them."""
    body = host.sent().body
    for how, more in (
        ("lower_case", "a=1"),
        ("digit", "9=1"),
        ("space", "A%20b=1"),
        ("colon", "A%3Ab=1"),
        ("empty", "=1"),
    ):
        yield Attack(f"signed_with_a_name_of_{how}", host.sent(body + b"&" + more.encode()), MALFORMED)
    for how, event in (("empty", b""), ("lame", b"-created")):
        changed = re.sub(rb"StatusCallbackEvent=[^&]*", b"StatusCallbackEvent=" + event, body)
        yield Attack(f"signed_with_an_event_that_is_{how}", host.sent(changed), MALFORMED)
    without = b"&".join(part for part in body.split(b"&") if not part.startswith(b"StatusCallbackEvent="))
    yield Attack("signed_without_an_event", host.sent(without), MALFORMED)
    good = host.sent()
    for how, value in (
        ("unknown_key", "key=nobody,algorithm=HMAC_SHA256"),
        ("md5", "key=nobody,algorithm=HMAC_MD5"),
    ):
        yield Attack(f"settings_of_{how}", host.put(good, _SETTINGS, value), REFUSED)
