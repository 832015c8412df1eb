"""What most likely went wrong when a delivery is refused.

The guesses are tried, not told: each one undoes a known mistake and asks the host file again. Only one that
makes the proof hold is named; otherwise the words for the reason stand, which claim no more than is known.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from plugin.commands.guesses import guesses
from webhooks.delivery import Delivery, Handshake, NotAccepted, Reason, Stale
from webhooks.listening import Host

_PLAIN = re.compile(r"[A-Za-z0-9-]{1,64}")
_BY_REASON = {
    Reason.MISSING_HEADER: "A proxy or framework on the way drops this header, or the query of the address, "
    "or the sender does not sign.",
    Reason.DOUBLED_HEADER: "Something on the way adds the header a second time.",
    Reason.BAD_ID: "The id is empty, too long, or holds a dot or another character that is not allowed.",
    Reason.BAD_TIMESTAMP: "The timestamp is missing, or not written as this host writes it.",
    Reason.TOO_MANY_SIGNATURES: "No sender needs so many: two secrets are active at most.",
    Reason.BAD_TOKEN: "The header holds something else than the host's token, or it was cut or changed.",
    Reason.WRONG_ALGORITHM: "It says of itself that it was signed in a way in which this host signs nothing.",
    Reason.UNKNOWN_KEY: "The sender uses another key: compare its key id with the ID before the = of --key.",
    Reason.WRONG_SIGNATURE: "Wrong secret, or the headers and the body are not those that were signed.",
    Reason.BAD_CLAIM: "The token was not made for a webhook: a join token, for one, says nothing of a body.",
    Reason.OTHER_BODY: "The body is not the one that was signed: it was changed, cut or swapped on its way.",
    Reason.WRONG_CREDENTIAL: "The sender was given another secret: compare it with the one after the = of --key.",
    Reason.BODY_NOT_COVERED: "The sender does not sign the body, so anybody who saw one of its deliveries could send "
    "others: upgrade it, or have it sign a hash of the body.",
    Reason.HANDSHAKE: "The host tries the address and cannot sign that. The service answers it and keeps nothing.",
    Reason.BAD_BODY: "Either it comes from a version of the host that is not known here, or it is not the host's.",
}


def likely_mistake(
    host: Host, delivery: Delivery, secrets: Mapping[str, str], at: datetime, refusal: NotAccepted
) -> str:
    """Say in a sentence or two what to look at first."""
    if isinstance(refusal, Stale):
        return _clocks(refusal)
    if refusal.reason in {Reason.WRONG_SIGNATURE, Reason.WRONG_CREDENTIAL, Reason.OTHER_BODY}:
        for guess in guesses(delivery, secrets):
            if _holds(host, guess.delivery, guess.secrets, at):
                return guess.words
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
