"""Attacks by a body that was changed under the proof of the right one."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from tests.attacks.codes import turned
from tests.attacks.target import NOT_ACCEPTED, Attack, Target, another_body
from webhooks.delivery import Delivery


def attacks(host: Target) -> Iterator[Attack]:
    """Another body under the proof of the right one, unless both would have the same proof."""
    if not host.covers_bodies:
        return
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


def rewritten(host: Target) -> bytes:
    """The same event in other octets, as only the host could sign it."""
    body = host.sent().body
    if host.form:
        return b"&".join(reversed(body.split(b"&")))
    return json.dumps(json.loads(body), indent=1).encode()
