"""Attacks by the body: changed under a proof of the right one, signed and unreadable, or not let in at all."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from plugin.bodies import LARGEST
from tests.attacks.target import (
    NO_HTTP,
    NOT_ACCEPTED,
    TOO_LARGE,
    UNREADABLE,
    UNSUPPORTED,
    Attack,
    Target,
    another_body,
    turned,
)
from webhooks.delivery import Delivery

_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"


def attacks(host: Target) -> Iterator[Attack]:
    """All of them."""
    if host.covers_bodies:
        yield from _changed(host)
    yield from _unreadable(host)
    yield from _at_the_door(host)


def _changed(host: Target) -> Iterator[Attack]:
    """Another body under the proof of the right one, unless both would have the same proof."""
    good = host.sent()
    bodies = {**_altered(good.body), **(_form(good.body) if host.form else _json(good.body))}
    tried = {good.body}
    for how, body in {**bodies, "of_another_event": another_body(host.name)}.items():
        if body not in tried and not _same_proof(host, good, body):
            tried.add(body)
            yield Attack(f"body_{how}", replace(good, body=body), NOT_ACCEPTED)


def _same_proof(host: Target, good: Delivery, body: bytes) -> bool:
    with suppress(ValueError):
        signed = host.sent(body)
        return signed.body == body and host.proofs(signed) == host.proofs(good)
    return False


def _altered(body: bytes) -> dict[str, bytes]:
    places = {"first": 0, "middle": len(body) // 2, "last": len(body) - 1}
    flipped = {
        f"{place}_bit_flipped": body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        for place, at in places.items()
    }
    return {
        **flipped,
        "high_bit_flipped": body[:-1] + bytes([body[-1] ^ 128]),
        "cut_short": body[:-1],
        "cut_in_half": body[: len(body) // 2],
        "without_its_beginning": body[1:],
        "with_a_line_end": body + b"\n",
        "with_a_line_end_of_dos": body + b"\r\n",
        "with_a_space_before": b" " + body,
        "with_a_nul": body + b"\0",
        "with_a_byte_order_mark": b"\xef\xbb\xbf" + body,
        "in_utf_16": body.decode().encode("utf-16"),
        "twice": body + body,
        "empty": b"",
        "reversed": body[::-1],
    }


def _json(body: bytes) -> dict[str, bytes]:
    document = json.loads(body)
    return {
        "written_anew": json.dumps(document).encode(),
        "written_compact": json.dumps(document, separators=(",", ":")).encode(),
        "written_indented": json.dumps(document, indent=1).encode(),
        "in_other_order": json.dumps(dict(reversed(document.items()))).encode(),
        "with_a_name_twice": body.rstrip()[:-1] + b',"extra":1,"extra":2}',
        "with_a_field_more": json.dumps({**document, "extra": 1}).encode(),
        "as_a_form": urlencode({"body": body}).encode(),
    }


def _form(body: bytes) -> dict[str, bytes]:
    fields = parse_qsl(body.decode(), keep_blank_values=True)
    longest = max(fields, key=lambda field: len(field[1]))
    return {
        "written_anew": urlencode(fields, safe=":{}\"'*").encode(),
        "in_other_order": urlencode(fields[::-1]).encode(),
        "with_a_name_twice": body + b"&" + urlencode([longest]).encode(),
        "with_a_field_more": body + b"&Extra=1",
        "without_a_field": urlencode([field for field in fields if field != longest]).encode(),
        "with_another_value": urlencode([(n, turned(v[0]) + v[1:] if v else v) for n, v in fields]).encode(),
        "with_a_value_moved": _moved(fields),
        "as_json": json.dumps(dict(fields)).encode(),
    }


def _moved(fields: list[tuple[str, str]]) -> bytes:
    """The first letter of a value put behind its name: the same letters in the same order."""
    (name, value), *rest = fields
    return urlencode([(name + value[:1], value[1:]), *rest]).encode()


def _unreadable(host: Target) -> Iterator[Attack]:
    """Bodies that the host vouches for, as far as such a host can send them."""
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


def _at_the_door(host: Target) -> Iterator[Attack]:
    good = host.sent()
    kinds = {
        "text": "text/plain",
        "form_for_json_or_json_for_form": _JSON if host.form else _FORM,
        "multipart": "multipart/form-data; boundary=x",
        "empty": "",
        "two_in_one": f"{host.host.door.content_types[0]}, text/plain",
        "longer": f"{host.host.door.content_types[0]}x",
    }
    for how, kind in kinds.items():
        yield Attack(f"content_type_{how}", _typed(good, kind), UNSUPPORTED)
    yield Attack("content_type_missing", _typed(good), UNSUPPORTED)
    yield Attack("content_type_doubled", _typed(good, *host.host.door.content_types[:1] * 2), NO_HTTP)
    for packed in ("gzip", "br", "deflate", "zstd", "identity, gzip"):
        headers = (*good.headers, ("Content-Encoding", packed))
        word = packed.replace(", ", "_and_")
        yield Attack(f"content_encoding_{word}", replace(good, headers=headers), UNSUPPORTED)
    for how, size in (("giant_body", LARGEST + 1), ("gigantic_body", 4 * LARGEST)):
        yield Attack(how, replace(good, body=good.body.ljust(size)), TOO_LARGE)


def _typed(delivery: Delivery, *kinds: str) -> Delivery:
    kept = [header for header in delivery.headers if header[0] != "Content-Type"]
    return replace(delivery, headers=(*kept, *(("Content-Type", kind) for kind in kinds)))


def rewritten(host: Target) -> bytes:
    """The same event in other octets, as only the host could sign it."""
    body = host.sent().body
    if host.form:
        return b"&".join(reversed(body.split(b"&")))
    return json.dumps(json.loads(body), indent=1).encode()
