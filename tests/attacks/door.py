"""Attacks that are turned away at the door, before anybody looks at a proof."""

from collections.abc import Iterator
from dataclasses import replace

from plugin.bodies import LARGEST
from tests.attacks.target import NO_HTTP, TOO_LARGE, UNSUPPORTED, Attack, Target
from webhooks.delivery import Delivery

_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"


def attacks(host: Target) -> Iterator[Attack]:
    """All of them."""
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
