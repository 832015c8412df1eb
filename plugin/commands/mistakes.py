"""What most likely went wrong when a delivery is refused.

The guesses are tried, not told: each one undoes a known mistake and asks the host file again. Only one that
makes the proof hold is named; otherwise the words for the reason stand, which claim no more than is known.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from webhooks.delivery import Delivery, Handshake, NotAccepted, Reason, Stale
from webhooks.listening import Host

_PLAIN = re.compile(r"[A-Za-z0-9-]{1,64}")
_ANEW = (
    "The body was parsed and written anew on its way: spaces, order or escapes differ. "
    "Check the bytes as they came, before any JSON parser."
)
_LINE_END = "A line end was added to the body, or taken from it, on its way."
_AS_TEXT = (
    "The sender used the secret as text. What follows whsec_ is base64: it must be decoded to get the key."
)
_WRAPPED = "The secret was given with a space, a quote or a line end around it."
_MIXED = "The signature was made with another of the given secrets: the ids are mixed up."

_BY_REASON = {
    Reason.MISSING_HEADER: "A proxy or framework on the way drops this header, or the sender does not sign.",
    Reason.DOUBLED_HEADER: "Something on the way adds the header a second time.",
    Reason.BAD_ID: "The id is empty, too long, or holds a dot or another character that is not allowed.",
    Reason.BAD_TIMESTAMP: "The timestamp is not in whole Unix seconds; milliseconds and dates are not taken.",
    Reason.TOO_MANY_SIGNATURES: "No sender needs so many: two secrets are active at most.",
    Reason.BAD_TOKEN: "The header holds something else than the host's token, or it was cut or changed.",
    Reason.WRONG_ALGORITHM: "The token was not made by the host: its webhooks use HS256 only.",
    Reason.UNKNOWN_KEY: "The sender uses another key: compare its key id with the ID before the = of --key.",
    Reason.WRONG_SIGNATURE: "Wrong secret, or the headers and the body are not those that were signed.",
    Reason.BAD_CLAIM: "The token was not made for a webhook: a join token, for one, says nothing of a body.",
    Reason.OTHER_BODY: "The body is not the one that was signed: it was changed, cut or swapped on its way.",
    Reason.WRONG_CREDENTIAL: "The sender was given another secret: compare it with the one after the = of --key.",
    Reason.BODY_NOT_COVERED: "This version of the sender does not sign the body, so anybody who saw one of its "
    "deliveries could send others: upgrade it.",
    Reason.HANDSHAKE: "The host tries the address and cannot sign that. The service answers it and keeps nothing.",
    Reason.BAD_BODY: "It is signed, so the host meant it: a version of the host that is not known here.",
}


def likely_mistake(
    host: Host, delivery: Delivery, secrets: Mapping[str, str], at: datetime, refusal: NotAccepted
) -> str:
    """Say in a sentence or two what to look at first."""
    if isinstance(refusal, Stale):
        return _clocks(refusal)
    if refusal.reason in {Reason.WRONG_SIGNATURE, Reason.OTHER_BODY}:
        for words, other_delivery, other_secrets in _guesses(delivery, secrets):
            if _holds(host, other_delivery, other_secrets, at):
                return words
    if refusal.reason is Reason.MISSING_HEADER:
        came = sorted({name for name, _ in delivery.headers if _PLAIN.fullmatch(name)})
        return f"{_BY_REASON[refusal.reason]} Headers that came: {', '.join(came) or 'none'}."
    return _BY_REASON[refusal.reason]


def remarks(host: Host, delivery: Delivery) -> Iterator[str]:
    """What is odd about a delivery without making it wrong."""
    given = {name.lower(): value.strip() for name, value in delivery.headers}
    if host.name == "livekit" and given.get("authorization", "").lower().startswith("bearer "):
        yield 'The token came with "Bearer " before it. LiveKit sends none: something on the way adds it.'
    media = given.get("content-type", "").partition(";")[0].strip().lower()
    if media and media not in host.door.content_types:
        yield f"The service answers 415 to this Content-Type: it takes {' or '.join(host.door.content_types)}."


def _clocks(refusal: Stale) -> str:
    if refusal.reason is Reason.TOO_OLD:
        return (
            f"The clock is off by {refusal.seconds:.0f} s, or this is a replay: the proof is that much older "
            "than the time it is checked for. For a recording, say its time with --at."
        )
    return f"The clock is off by {-refusal.seconds:.0f} s: the proof is that far in the future."


def _holds(host: Host, delivery: Delivery, secrets: Mapping[str, str], at: datetime) -> bool:
    try:
        host.verify(delivery, secrets, at)
    except (Stale, Handshake):
        return True
    except NotAccepted:
        return False
    return True


def _guesses(
    delivery: Delivery, secrets: Mapping[str, str]
) -> Iterator[tuple[str, Delivery, Mapping[str, str]]]:
    yield _AS_TEXT, delivery, {name: _encoded(text) for name, text in secrets.items()}
    yield _AS_TEXT, delivery, {name: _encoded(text.removeprefix("whsec_")) for name, text in secrets.items()}
    yield _WRAPPED, delivery, {name: text.strip("'\" \t\r\n") for name, text in secrets.items()}
    for secret in secrets.values():
        yield _MIXED, delivery, dict.fromkeys(secrets, secret)
    for body in (delivery.body.rstrip(b"\r\n"), delivery.body + b"\n", delivery.body + b"\r\n"):
        yield _LINE_END, replace(delivery, body=body), secrets
    for body in _written_anew(delivery.body):
        yield _ANEW, replace(delivery, body=body), secrets


def _encoded(text: str) -> str:
    return "whsec_" + b64encode(text.encode("utf-8", "surrogateescape")).decode()


def _written_anew(body: bytes) -> Iterator[bytes]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    for separators in ((",", ":"), (", ", ": ")):
        for ascii_only in (False, True):
            for ordered in (False, True):
                text = json.dumps(document, separators=separators, ensure_ascii=ascii_only, sort_keys=ordered)
                yield text.encode("utf-8", "surrogatepass")
