"""Attacks on the two ways of proof: a plain digest behind the address, and a word in a header."""

import re
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha1, sha256

from tests.attacks.target import MALFORMED, REFUSED, Attack, Target
from webhooks.delivery import Delivery


def attacks(host: Target) -> Iterator[Attack]:
    """All of them."""
    id_, secret = next(iter(host.keys.items()))
    yield from _by_header(host, secret)
    yield Attack("digest_of_no_secret", _digested(host, host.sent().body), REFUSED, keys={id_: ""})
    yield Attack("digest_of_no_secret_beside_a_real_one", _digested(host, host.sent().body), REFUSED)
    yield Attack("digest_of_no_body", _digested(host, b"", secret), REFUSED)
    yield Attack("digest_of_an_empty_object", _digested(host, b"{}", secret), REFUSED)
    good = host.sent().body
    for how, body in (
        ("what_no_sender_writes", good + b"&x=%2D"),
        ("a_zero_before_its_time", re.sub(rb"timestamp=", b"timestamp=0", good)),
    ):
        made = replace(_digested(host, body, secret), body=body)
        yield Attack(f"signed_form_with_{how}", made, MALFORMED)
    short = replace(host.sent(), url=f"{host.known.url}?checksum={sha1(secret.encode()).hexdigest()}")
    yield Attack("digest_of_the_secret_alone", short, REFUSED)
    plain, more = host.sent(), host.sent(url=f"{host.known.url}?a=1")
    yield Attack(
        "checksum_behind_an_ampersand",
        replace(plain, url=plain.url.replace("?", "&")),
        REFUSED,
        on_the_wire=False,
    )
    yield Attack("checksum_behind_a_second_mark", replace(more, url=more.url.replace("&", "?")), REFUSED)


def _by_header(host: Target, secret: str) -> Iterator[Attack]:
    good, right = host.sent(), ("Authorization", f"Bearer {secret}")
    plain = Delivery(good.headers[:1], good.body, host.known.url)
    for how, value in (
        ("wrong", f"Bearer {secret[::-1]}"),
        ("cut_short", f"Bearer {secret[:-1]}"),
        ("longer", f"Bearer {secret}x"),
        ("without_scheme", secret),
        ("of_basic", f"Basic {secret}"),
        ("empty", "Bearer"),
    ):
        yield Attack(
            f"header_{how}", replace(plain, headers=(*plain.headers, ("Authorization", value))), REFUSED
        )
    spaces = replace(plain, headers=(*plain.headers, ("Authorization", "  ")))
    yield Attack("header_of_spaces", spaces, REFUSED, on_the_wire=False)
    id_ = next(iter(host.keys))
    nothing = replace(plain, headers=(*plain.headers, ("Authorization", "Bearer ")))
    yield Attack("header_of_no_secret", nothing, REFUSED, keys={id_: ""}, on_the_wire=False)
    yield Attack("header_doubled", replace(plain, headers=(*plain.headers, right, right)), MALFORMED)
    wrong = good.url[:-1] + ("0" if good.url[-1] != "0" else "1")
    beside = Delivery((*good.headers, right), good.body, wrong)
    yield Attack("header_beside_a_wrong_checksum", beside, REFUSED)


def _digested(host: Target, covered: bytes, secret: str = "") -> Delivery:
    digest = sha256(host.known.url.encode() + covered + secret.encode()).hexdigest()
    return replace(host.sent(), url=f"{host.known.url}?checksum={digest}")
