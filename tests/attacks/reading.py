"""Attacks by bodies that the host vouches for, as far as such a host can send them, and that make no sense."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from tests.attacks.target import UNREADABLE, Attack, Target


def attacks(host: Target) -> Iterator[Attack]:
    """All of them; where the proof does not cover the body, also what anybody made of it on the way."""
    body = host.sent().body
    shapes = _NO_JSON if not host.form else {}
    for how, content in {**shapes, **_of_a_form(body), **_cut(host, body)}.items():
        with suppress(ValueError):
            yield Attack(f"signed_{how}", host.sent(content), UNREADABLE)
    if not host.form:
        deeper = host.sent(b"[" * 100_000)
        yield Attack("signed_deeper_than_is_let_in", deeper, UNREADABLE, on_the_wire=False)
    if not host.covers_bodies:
        for how, content in {"as_a_form": urlencode({"body": body}).encode(), "cut": body[:-1]}.items():
            yield Attack(f"body_{how}", replace(host.sent(), body=content), UNREADABLE)


_NO_JSON = {
    "empty": b"",
    "space": b" ",
    "no_json": b"hello",
    "list": b"[]",
    "list_of_lists": b"[[]]",
    "null": b"null",
    "true": b"true",
    "number": b"17",
    "endless_number": b"9" * 5000,
    "text": b'"text"',
    "empty_object": b"{}",
    "nan": b'{"event":NaN}',
    "deep_list": b"[" * 60_000,
    "deep_object": b'{"a":' * 12_000,
    "deep_whole_list": b"[" * 30_000 + b"]" * 30_000,
    "invalid_utf_8": b'{"event":"\xff"}',
    "half_a_character": b'{"event":"\\ud800"}',
    "overlong_utf_8": b'{"event":"\xc0\xaf"}',
    "utf_16": '{"event":"x"}'.encode("utf-16"),
    "utf_32": '{"event":"x"}'.encode("utf-32"),
    "single_quotes": b"{'event':'x'}",
    "comment": b'{"event":"x"} // more',
    "two_documents": b"{}{}",
}


def _cut(host: Target, body: bytes) -> dict[str, bytes]:
    return {} if host.form else {"cut_short": body[:-1], "with_rubbish_behind": body + b"x"}


def _of_a_form(body: bytes) -> dict[str, bytes]:
    if body.startswith((b"{", b"[")):
        return {}
    fields = parse_qsl(body.decode(), keep_blank_values=True)
    name, value = max(fields, key=lambda field: len(field[1]))
    rest = [field for field in fields if field[0] != name]

    def instead(other: str) -> bytes:
        return urlencode([*rest, (name, other)]).encode()

    words = {
        "deep_list": "[" * 15_000,
        "deep_object": '[{"data":' * 1_000,
        "null": "null",
        "number": "17",
        "text": '"text"',
        "no_json": "hello\n",
        "nul": "\0",
    }
    return {
        **{f"field_{how}": instead(word) for how, word in words.items()},
        "without_a_field": urlencode(rest).encode(),
        "with_a_name_twice": body + b"&" + urlencode({name: value}).encode(),
        "with_an_invalid_octet": urlencode(rest).encode() + f"&{name}=%FF".encode(),
        "with_a_bare_name": body + b"&bare",
        "with_a_thousand_fields": body + b"&a=1" * 1000,
    }
