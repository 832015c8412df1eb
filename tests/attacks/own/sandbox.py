"""Attacks on ``id.timestamp.body``, by what makes the same text in another way."""

from collections.abc import Iterator

from tests.attacks.target import MALFORMED, Attack, Target


def attacks(host: Target) -> Iterator[Attack]:
    """All of them."""
    keys = {"dot": "msg.1", "space": "msg 1", "letters_beyond_ascii": "msgé", "many_letters": "m" * 129}
    for how, key in keys.items():
        yield Attack(f"signed_with_an_id_of_{how}", host.sent(key=key), MALFORMED)
