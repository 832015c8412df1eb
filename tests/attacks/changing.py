"""Changing bodies at random: a bit here, a piece there, or one value of the document for an odd one."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode

_ODD: Sequence[object] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, 2**64, 10**40, -(10**40), 0.5, -0.0, 1e300, 1e308,
    float("nan"), float("inf"), -float("inf"), 253402300799, 253402300800, 253402300799999, 32503679999,
    32503679999999, 1795442400,
    "", " ", "0", "-1", "1e999", "nan", "true", "null", "x" * 255, "x" * 256, "x" * 257, "x" * 5000, "\0", "a\0b",
    "a\nb", "\x7f", "\x85", "\u2028", "\ufeff", "\ud800", "\udfff\ud800", "é", "ﷺ" * 200, "\U0001f9d1\u200d",
    "..", "@", "@/", "a@b@c/d", ":", "therapist:", ":ana", "[", "[]", "{}", "[]]room", "%00", "+", "&=", "{{7*7}}",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999-23:59", "2026-02-30T00:00:00Z", "2026-11-23T14:00:60Z",
    "2026-11-23T14:00:00", "2026-11-23T14:00:00+99:99", "2026-11-23",
    [], {}, [[]], [None], {"": ""}, [{}] * 50, ["x"] * 300,
)  # fmt: skip
_BYTES = (
    b"\0", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r\n", b'"', b"\\", b"\\u0000", b"\\ud800",
    b"{", b"}", b"[", b"]", b",", b":", b"&", b"=", b"%", b"%FF", b"%00", b"+", b"1e999", b"-", b"9" * 400,
    b"[" * 1500, b'{"a":' * 700, b"null", b"NaN", b"Infinity", b"/**/", b" " * 100,
)  # fmt: skip
_NAMES = ("id", "type", "event", "at", "data", "payload", "role", "timestamp", "", "__proto__", "\0")


def changed(random: Random, bodies: Sequence[bytes]) -> bytes:
    """One of the bodies, changed in one to four places; most of them can still be read."""
    body = random.choice(bodies)
    ways = (_document,) if random.random() < 0.7 else (_document, _octets, _octets, _spliced)
    for _ in range(random.choice((1, 1, 1, 2, 3, 4))):
        body = random.choice(ways)(random, body, bodies)
    return body


def garbled(random: Random, value: str) -> str:
    """A proof with some letters changed, cut or put in."""
    at = random.randrange(len(value) + 1)
    more = "".join(
        chr(random.choice((random.randrange(33, 127), random.randrange(128, 0x3000)))) for _ in range(3)
    )
    return value[:at] + more[: random.randrange(4)] + value[at + random.randrange(4) :]


def _octets(random: Random, body: bytes, bodies: Sequence[bytes]) -> bytes:
    at, cut = random.randrange(len(body) + 1), random.choice((0, 0, 1, 1, 2, 40))
    if random.random() < 0.4 and at < len(body):
        return body[:at] + bytes([body[at] ^ 1 << random.randrange(8)]) + body[at + 1 :]
    return body[:at] + random.choice((b"", *_BYTES)) + body[at + cut :]


def _spliced(random: Random, body: bytes, bodies: Sequence[bytes]) -> bytes:
    other = random.choice(bodies)
    return body[: random.randrange(len(body) + 1)] + other[random.randrange(len(other) + 1) :]


def _document(random: Random, body: bytes, bodies: Sequence[bytes]) -> bytes:
    """One value for another, where the body can be read as JSON or as a form."""
    with suppress(ValueError, RecursionError):
        if body.lstrip()[:1] in (b"{", b"["):
            return _written(_instead(random, json.loads(body)))
        fields = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
        at = random.randrange(len(fields))
        fields[at : at + 1] = _fields(random, *fields[at])
        return urlencode(fields, errors="surrogatepass").encode()
    return _octets(random, body, bodies)


def _fields(random: Random, name: str, value: str) -> list[tuple[str, str]]:
    with suppress(ValueError, RecursionError):
        if value[:1] in ("{", "[") and random.random() < 0.9:
            return [(name, _written(_instead(random, json.loads(value))).decode("utf-8", "replace"))]
    odd = random.choice(_ODD)
    other = odd if isinstance(odd, str) else json.dumps(odd)
    pairs = [(name, other), (name, value), (other, value)]
    return random.choice((pairs[:1], pairs[:1], pairs[:2], pairs[2:], []))


def _written(document: object) -> bytes:
    return json.dumps(document).encode()


def _instead(random: Random, document: Any) -> Any:
    """The document with one value for another, its name for another, or without it."""
    if not isinstance(document, dict | list) or not document or random.random() < 0.05:
        return random.choice(_ODD)
    at = random.choice(list(document) if isinstance(document, dict) else range(len(document)))
    if isinstance(document[at], dict | list) and random.random() < 0.8:
        document[at] = _instead(random, document[at])
    else:
        random.choice(_CHANGES)(random, document, at)
    return document


def _odd(random: Random, document: Any, at: Any) -> None:
    document[at] = random.choice(_ODD)


def _same_kind(random: Random, document: Any, at: Any) -> None:
    """A text for a text, a number for a number."""
    likes = [odd for odd in _ODD if type(odd) is type(document[at])]
    document[at] = random.choice(likes or _ODD)


def _away(random: Random, document: Any, at: Any) -> None:
    del document[at]


def _renamed(random: Random, document: Any, at: Any) -> None:
    if isinstance(document, dict):
        document[random.choice(_NAMES)] = document.pop(at)
    else:
        document.append(document[at])


def _typed(random: Random, document: Any, at: Any) -> None:
    """The same said as another kind of value: a number as text, a text in a list."""
    document[at] = random.choice((str(document[at]), [document[at]], {"id": document[at]}))


_CHANGES: Sequence[Callable[[Random, Any, Any], None]] = (_odd, _same_kind, _away, _renamed, _typed)
