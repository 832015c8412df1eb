"""Attacks by who signs, with what, for which address, and when."""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from tests.attacks.codes import mac
from tests.attacks.target import NORTH, REFUSED, SOUTH, Attack, Target, of_nobody, target
from tests.webhooks.known import HOSTS, sample
from tests.webhooks.samples import NOW
from webhooks.delivery import Delivery

_YEAR = timedelta(days=365)


def attacks(host: Target) -> Iterator[Attack]:
    """All of them."""
    yield from _other_secrets(host)
    yield from _no_secrets(host)
    yield from _other_hosts(host)
    yield from _named(host)
    if host.has_stamps:
        yield from _other_times(host)
    if host.covers_addresses:
        yield from _other_addresses(host)


def _other_secrets(host: Target) -> Iterator[Attack]:
    secret = next(iter(host.keys.values()))
    there = next(iter(host.keys_of(SOUTH).values()))
    yield Attack("wrong_secret", host.sent(secret=of_nobody(secret)), REFUSED)
    yield Attack("secret_of_another_tenant", host.sent(secret=there), REFUSED)
    yield Attack("delivery_of_another_tenant", host.moved(host.url_of(SOUTH), secret=there), REFUSED)
    for how, other in (
        ("cut_secret", secret[:-4]),
        ("longer_secret", f"{secret}AAAA"),
        ("doubled_secret", secret * 2),
    ):
        yield from _sent(host, how, other)


def _sent(host: Target, how: str, secret: str) -> Iterator[Attack]:
    try:
        yield Attack(how, host.sent(secret=secret), REFUSED)
    except ValueError:
        return


def _no_secrets(host: Target) -> Iterator[Attack]:
    id_, secret = next(iter(host.keys.items()))
    yield Attack("no_secret_configured", host.sent(), REFUSED, keys={})
    for n, (known, used) in enumerate((("", ""), ("", "\0" * 32), ("", "A" * 44), ("whsec_", "A" * 44))):
        try:
            delivery = host.sent(secret=used)
        except ValueError:
            continue
        yield Attack(f"empty_secret_configured_{n}", delivery, REFUSED, keys={id_: known})
    headers = tuple((name, value.replace(secret, "")) for name, value in host.sent().headers)
    yield Attack("empty_secret_in_plain", replace(host.sent(), headers=headers), REFUSED, keys={id_: ""})


def _other_hosts(host: Target) -> Iterator[Attack]:
    """Our body with what another host would send along, made with its own secret."""
    for name in HOSTS:
        if name == host.name:
            continue
        proofs = _proofs_of(target(name), host.known.url)
        content_type = ("Content-Type", host.host.door.content_types[0])
        yield Attack(
            f"signed_as_{name}",
            Delivery((content_type, *proofs.headers), host.sent().body, proofs.url),
        )


def _proofs_of(other: Target, url: str) -> Delivery:
    delivery = other.sent(url=url)
    return replace(delivery, headers=tuple(each for each in delivery.headers if each[0] != "Content-Type"))


def _named(host: Target) -> Iterator[Attack]:
    """Ids that travel with a delivery, beside a secret that is not theirs."""
    for id_ in host.keys:
        if not _names(host.sent(id_=id_), id_):
            continue
        for n, (other, secret) in enumerate(host.keys.items()):
            if other != id_:
                yield Attack(
                    f"secret_of_another_id_{n}_{_word(id_)}", host.sent(id_=id_, secret=secret), REFUSED
                )
        stranger = id_[:-1] + ("0" if id_[-1] != "0" else "1")
        delivery = host.sent(id_=stranger, secret=host.keys[id_])
        yield Attack(f"unknown_id_{_word(id_)}", delivery, REFUSED)


def _word(id_: str) -> str:
    return id_.replace("-", "_")[:12]


def _names(delivery: Delivery, id_: str) -> bool:
    texts = [text for _, value in delivery.headers for text in (value, *value.split("."), mac(value))]
    return any(id_ in text or id_.encode() in _decoded(text) for text in texts)


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4))
    except ValueError:
        return b""


def _other_times(host: Target) -> Iterator[Attack]:
    window = host.host.door.window
    late, early = window.past + window.ahead + timedelta(seconds=61), window.ahead + timedelta(seconds=61)
    yield Attack("old_timestamp", host.sent(at=NOW - late), REFUSED)
    yield Attack("timestamp_a_year_ago", host.sent(at=NOW - _YEAR), REFUSED)
    yield Attack("timestamp_of_1970", host.sent(at=datetime(1970, 1, 1, tzinfo=UTC)), REFUSED)
    yield Attack("future_timestamp", host.sent(at=NOW + early), REFUSED)
    yield Attack("timestamp_in_a_year", host.sent(at=NOW + _YEAR), REFUSED)
    yield Attack("timestamp_of_2286", host.sent(at=datetime(2286, 11, 20, tzinfo=UTC)), REFUSED)
    old = NOW - late
    then, today = (str(int(moment.timestamp())) for moment in (old, NOW))
    delivery = host.sent(at=old)
    headers = tuple((name, value.replace(then, today)) for name, value in delivery.headers)
    body = delivery.body.replace(then.encode(), today.encode())
    if (renewed := Delivery(headers, body, delivery.url)) != delivery:
        yield Attack("old_timestamp_written_anew", renewed, REFUSED)


def _other_addresses(host: Target) -> Iterator[Attack]:
    ours = urlsplit(host.known.url)
    others = {
        "without_tls": ours._replace(scheme="http"),
        "at_another_name": ours._replace(netloc="fermata.example.org"),
        "at_another_port": ours._replace(netloc=f"{ours.netloc}:444"),
        "for_another_host": ours._replace(path=f"/webhooks/{NORTH}/nobody"),
        "for_another_tenant": urlsplit(host.url_of(SOUTH)),
        "with_a_slash_more": ours._replace(path=f"{ours.path}/"),
        "in_other_case": ours._replace(path=ours.path.upper()),
        "at_nothing": ours._replace(scheme="", netloc="", path=""),
    }
    for how, other in others.items():
        yield Attack(f"for_an_address_{how}", host.moved(other.geturl()), REFUSED)
    good = host.sent(url=f"{host.known.url}?a=1")
    yield Attack(
        "to_an_address_with_its_query_changed", replace(good, url=good.url.replace("a=1", "a=2")), REFUSED
    )
    yield Attack("to_an_address_without_its_query", host.moved(f"{host.known.url}?a=1"), REFUSED)
    plain = host.sent()
    first, _, rest = plain.url.partition("?")
    more = "&".join(filter(None, ["a=1", rest]))
    yield Attack("to_an_address_with_more_before_it", replace(plain, url=f"{first}?{more}"), REFUSED)
    more = "&".join(filter(None, [rest, "a=1"]))
    yield Attack("to_an_address_with_more_behind_it", replace(plain, url=f"{first}?{more}"), REFUSED)


def good(host: Target, tenant: str = NORTH) -> Delivery:
    """What is no attack."""
    secret = next(iter(host.keys_of(tenant).values()))
    return host.sent(sample(host.name), secret=secret, url=host.url_of(tenant), key="good_1")
