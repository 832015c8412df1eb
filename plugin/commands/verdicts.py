"""What becomes of a recorded delivery, as JSON for programs and in words for people."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from plugin.commands.mistakes import likely_mistake, remarks
from plugin.commands.recordings import Recorded
from webhooks.delivery import Handshake, NotAccepted, Reason, Unsigned
from webhooks.events import HostFact
from webhooks.listening import Host

_FACT_FIELDS = ("type", "host", "meeting", "occurrence", "person", "connection", "role", "at")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one delivery; ``refusal`` is None when it is verified and readable."""

    refusal: NotAccepted | None
    signed_by: str | None = None
    key: str | None = None
    facts: Sequence[HostFact] = ()


def judge(host: Host, secrets: Mapping[str, str], line: Recorded) -> Verdict:
    """Verify and read one delivery as the service does."""
    signed_by = None
    try:
        signed_by = host.verify(line.delivery, secrets, line.at)
        return Verdict(None, signed_by, host.key(line.delivery), host.read(line.delivery))
    except Handshake as trial:
        return Verdict(None if trial.signed_by else Unsigned(Reason.HANDSHAKE), trial.signed_by)
    except NotAccepted as refusal:
        return Verdict(refusal, signed_by)


def as_json(line: Recorded, verdict: Verdict) -> str:
    """One line of JSON; what is not known is null."""
    document = {
        "n": line.n,
        "verified": verdict.refusal is None,
        "reason": verdict.refusal and verdict.refusal.reason,
        "signed_by": verdict.signed_by,
        "key": verdict.key,
        "facts": [_fields(fact) for fact in verdict.facts],
    }
    return json.dumps(document)


def _fields(fact: HostFact) -> dict[str, str | None]:
    known = fact.model_dump(mode="json")
    return {name: known.get(name) for name in _FACT_FIELDS}


def in_words(host: Host, secrets: Mapping[str, str], line: Recorded, verdict: Verdict) -> Iterator[str]:
    """The checks one after the other, where it failed, and the likely mistake or the facts."""
    refusal = verdict.refusal
    yield f"line {line.n}: " + ("verified" if refusal is None else f"REFUSED, {refusal.reason}")
    yield from _checks(host, refusal)
    if refusal is None:
        yield f"  signed by {verdict.signed_by}, delivery key {verdict.key}"
        yield from _facts(verdict.facts)
    else:
        yield f"  likely: {likely_mistake(host, line.delivery, secrets, line.at, refusal)}"
    yield from (f"  note: {remark}" for remark in remarks(host, line.delivery))


def _checks(host: Host, refusal: NotAccepted | None) -> Iterator[str]:
    for step in host.steps:
        if refusal is not None and refusal.reason in step.reasons:
            yield f"  NO  {step.says}"
            return
        yield f"  ok  {step.says}"


def _facts(facts: Sequence[HostFact]) -> Iterator[str]:
    for fact in facts:
        known = [f"{name} {value}" for name, value in _fields(fact).items() if value is not None]
        yield f"  fact: {', '.join(known)}"
    if not facts:
        yield "  no facts: nothing in it concerns a session"
