"""Known mistakes, each undone: what a delivery, its address or a secret would be if it had not been made.

Nothing here knows whether a guess is right; whoever asks tries it with the host file.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import permutations
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

from webhooks.delivery import Delivery


class Guess(NamedTuple):
    """What may have gone wrong, in words, and what to check then."""

    words: str
    delivery: Delivery
    secrets: Mapping[str, str]


_AS_TEXT = "The sender used the secret as text. It is base64 and must be decoded to get the key."
_WRAPPED = "The secret was given with a space, a quote or a line end around it."
_MIXED = "The signature was made with another of the given secrets: the ids are mixed up."
_LINE_END = "A line end was added to the body, or taken from it, on its way."
_ANEW = (
    "The body was parsed and written anew on its way: spaces, order or escapes differ. "
    "Check the bytes as they came, before any JSON or form parser."
)
_ADDRESS = (
    "The sender signs the address, and it was given another one: {}. Behind a proxy, say the public address "
    "exactly as the sender has it (FERMATA_PUBLIC_URL, webhook_url, or --url)."
)
_SCHEME = "The sender leaves out the word Bearer, or writes more or less than that before the secret."
_FEW = 4
_PORTS = {"http": 80, "https": 443}


def guesses(delivery: Delivery, secrets: Mapping[str, str]) -> Iterator[Guess]:
    """Every known mistake, the likeliest first."""
    for undone in _secrets(secrets):
        yield Guess(undone[0], delivery, undone[1])
    for secret in secrets.values():
        if any(value.strip("'\" ").lower().endswith(secret.lower()) for _, value in delivery.headers):
            yield Guess(_SCHEME, _with_bearer(delivery, secret), secrets)
    for words, url in _addresses(delivery):
        yield Guess(_ADDRESS.format(words), replace(delivery, url=url), secrets)
    for body in (delivery.body.rstrip(b"\r\n"), delivery.body + b"\n", delivery.body + b"\r\n"):
        yield Guess(_LINE_END, replace(delivery, body=body), secrets)
    for body in (*_json_anew(delivery.body), *_form_anew(delivery.body)):
        yield Guess(_ANEW, replace(delivery, body=body), secrets)


def _secrets(secrets: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for prefix in ("", "whsec_"):
        for strip in ("", "whsec_"):
            texts = {name: text.removeprefix(strip) for name, text in secrets.items()}
            yield _AS_TEXT, {name: prefix + _encoded(text) for name, text in texts.items()}
    yield _WRAPPED, {name: text.strip("'\" \t\r\n") for name, text in secrets.items()}
    for secret in secrets.values():
        yield _MIXED, dict.fromkeys(secrets, secret)


def _encoded(text: str) -> str:
    return b64encode(text.encode("utf-8", "surrogateescape")).decode()


def _with_bearer(delivery: Delivery, secret: str) -> Delivery:
    others = tuple(pair for pair in delivery.headers if pair[0].lower() != "authorization")
    return replace(delivery, headers=(*others, ("Authorization", f"Bearer {secret}")))


def _addresses(delivery: Delivery) -> Iterator[tuple[str, str]]:
    try:
        url = urlsplit(delivery.url)
        port = url.port
    except ValueError:
        return
    if not url.hostname:
        return
    other = "http" if url.scheme == "https" else "https"
    slashed = url.path.rstrip("/") if url.path.endswith("/") else url.path + "/"
    named = [value for name, value in delivery.headers if name.lower() in {"host", "x-forwarded-host"}]
    yield f"{other}:// instead of {url.scheme}://", urlunsplit(url._replace(scheme=other))
    if port is None:
        added = f"{url.netloc}:{_PORTS.get(url.scheme, 443)}"
        yield "with a port in it", urlunsplit(url._replace(netloc=added))
    else:
        yield "without the port", urlunsplit(url._replace(netloc=url.hostname))
    yield "the slash at the end of its path", urlunsplit(url._replace(path=slashed))
    for name in named:
        for scheme in ("https", "http"):
            yield "the host name of the request", urlunsplit(url._replace(netloc=name, scheme=scheme))


def _json_anew(body: bytes) -> Iterator[bytes]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    for separators in ((",", ":"), (", ", ": ")):
        for ascii_only in (False, True):
            for ordered in (False, True):
                text = json.dumps(document, separators=separators, ensure_ascii=ascii_only, sort_keys=ordered)
                yield text.encode("utf-8", "surrogatepass")


def _form_anew(body: bytes) -> Iterator[bytes]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return
    orders = permutations(pairs) if len(pairs) <= _FEW else (pairs, sorted(pairs))
    for ordered in orders:
        for encode in (quote_plus, quote):
            yield urlencode(ordered, quote_via=encode).encode()
