"""The likely mistake is named for every host that can make it: each is made here and must be recognised."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlencode

import pytest

from plugin.commands.mistakes import likely_mistake
from tests.webhooks.known import HOSTS, Known, known, sample
from tests.webhooks.samples import NOW
from webhooks.delivery import Delivery, NotAccepted, Reason, Unsigned

SIGNING_ADDRESSES = [
    host
    for host in HOSTS
    if (known(host).signs_bodies
    and known(host).signed(sample(host), NOW).headers
    != replace(known(host), about=known(host).about).host.sign(
        sample(host), *next(iter(known(host).keys.items())), NOW, key="msg_1", url="https://other.example/x"
    ).headers)
    or "checksum=" in known(host).signed(sample(host), NOW).url
]  # fmt: skip


def named(host: Known, delivery: Delivery, secrets: Mapping[str, str] | None = None) -> str:
    keys = host.keys if secrets is None else secrets
    with pytest.raises(NotAccepted) as refusal:
        host.host.verify(delivery, keys, NOW)
    return likely_mistake(host.host, delivery, keys, NOW, refusal.value)


def elsewhere(host: Known, url: str) -> Delivery:
    """Signed for another address than the one it is checked for."""
    key_id, secret = next(iter(host.keys.items()))
    made = host.host.sign(sample(host.name), key_id, secret, NOW, key="msg_1", url=url)
    _, mark, query = made.url.partition("?")
    return replace(made, url=host.url + mark + query)


@pytest.mark.parametrize("name", SIGNING_ADDRESSES)
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://fermata.example/webhooks/north/{}", "http:// instead of https://"),
        ("https://fermata.example/webhooks/north/{}/", "the slash at the end"),
    ],
)
def test_another_address_is_recognised(name: str, url: str, words: str) -> None:
    assert words in named(known(name), elsewhere(known(name), url.format(name)))


def test_some_hosts_sign_the_address() -> None:
    assert {"bigbluebutton", "twilio"} <= set(SIGNING_ADDRESSES)


@pytest.mark.parametrize("name", [host for host in HOSTS if known(host).signs_bodies])
def test_a_secret_with_quotes_around_it_is_recognised(name: str) -> None:
    host = known(name)
    quoted = {key_id: f'"{secret}"' for key_id, secret in host.keys.items()}

    assert "a quote" in named(host, host.signed(sample(name), NOW), quoted)


@pytest.mark.parametrize("name", [host for host in HOSTS if len(known(host).keys) > 1])
def test_mixed_up_secrets_verify_all_the_same_or_are_recognised(name: str) -> None:
    host = known(name)
    ids, secrets = list(host.keys), list(host.keys.values())
    mixed = dict(zip(ids, [*secrets[1:], secrets[0]], strict=True))

    delivery = host.signed(sample(name), NOW)
    try:
        assert host.host.verify(delivery, mixed, NOW) in ids
    except NotAccepted:
        assert "the ids are mixed up" in named(host, delivery, mixed)


@pytest.mark.parametrize("name", [host for host in HOSTS if sample(host).startswith(b"{")])
def test_a_json_body_written_anew_is_recognised(name: str) -> None:
    import json

    host = known(name)
    if not host.signs_bodies:
        return
    compact = json.dumps(json.loads(sample(name)), separators=(",", ":"), ensure_ascii=False).encode()
    delivery = host.signed(compact, NOW)
    spaced = replace(delivery, body=json.dumps(json.loads(compact), indent=2).encode())

    assert "written anew" in named(host, spaced)


@pytest.mark.parametrize("name", ["bigbluebutton", "twilio"])
def test_a_form_written_anew_is_recognised_or_means_the_same(name: str) -> None:
    host = known(name)
    delivery = host.signed(sample(name), NOW)
    pairs = sorted(parse_qsl(delivery.body.decode(), keep_blank_values=True), reverse=True)
    anew = replace(delivery, body=urlencode(pairs, quote_via=quote).encode())

    if name == "twilio":  # it signs the values in their own order, whatever the order of the form
        assert host.host.verify(anew, host.keys, NOW)
    else:
        assert "written anew" in named(host, anew)


def test_a_forgotten_bearer_is_recognised() -> None:
    host = known("jitsi")
    secret = next(iter(host.keys.values()))
    delivery = replace(host.signed(sample("jitsi"), NOW), headers=(("Authorization", secret),))

    assert "the word Bearer" in named(host, delivery)


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("reason", [Reason.BAD_TIMESTAMP, Reason.WRONG_ALGORITHM])
def test_no_unit_and_no_algorithm_is_named_that_is_not_the_host_s_own(name: str, reason: Reason) -> None:
    host = known(name)
    words = likely_mistake(host.host, host.signed(sample(name), NOW), host.keys, NOW, Unsigned(reason))
    steps = " ".join(step.says for step in host.host.steps)

    for word in ("HS256", "token", "seconds", "milliseconds", "dates"):
        assert word not in words or word in steps
