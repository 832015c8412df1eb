"""Attacks on what proves a delivery: each header of it, or what stands behind the address."""

from collections.abc import Iterator

from tests.attacks.codes import mac, respelt, turned
from tests.attacks.target import MALFORMED, REFUSED, Attack, Target
from tests.webhooks.samples import NOW
from webhooks.delivery import Delivery

_STAMP = str(int(NOW.timestamp()))
_STAMPS = {
    "with_a_zero_before": f"0{_STAMP}",
    "with_a_plus": f"+{_STAMP}",
    "with_a_fraction": f"{_STAMP}.0",
    "with_an_underscore": f"{_STAMP[:4]}_{_STAMP[4:]}",
    "in_other_digits": _STAMP.translate({48 + digit: 0x660 + digit for digit in range(10)}),
    "in_milliseconds": f"{_STAMP}000",
    "negative": f"-{_STAMP}",
    "no_number": "soon",
    "endless": _STAMP * 50,
    "missing": "",
}


def attacks(target: Target) -> Iterator[Attack]:
    """All of them, on each proof that one of the host's secrets makes."""
    seen: set[str] = set()
    for id_ in target.keys:
        delivery = target.sent(id_=id_)
        for proof, value in target.proofs(delivery).items():
            if proof not in seen:
                yield from _on(target, delivery, proof, value)
        seen |= target.proofs(delivery).keys()


def _on(target: Target, delivery: Delivery, proof: str, value: str) -> Iterator[Attack]:
    word = proof.lower().removeprefix("x-").replace("-", "_")
    yield from _counted(target, delivery, proof, value, word)
    tried = {value}
    for how, other in _changed(value):
        if other not in tried:
            tried.add(other)
            yield Attack(f"{word}_{how}", target.put(delivery, proof, other))


def _counted(target: Target, delivery: Delivery, proof: str, value: str, word: str) -> Iterator[Attack]:
    """None, empty ones, two."""
    answer = MALFORMED if proof != "address" else REFUSED
    other = value[:-1] + turned(value[-1])
    if not _optional(proof):
        yield Attack(f"{word}_missing", target.put(delivery, proof), REFUSED)
    yield Attack(f"{word}_empty", target.put(delivery, proof, ""), REFUSED)
    yield Attack(f"{word}_doubled", target.put(delivery, proof, value, value), answer)
    yield Attack(f"{word}_doubled_by_a_wrong_one", target.put(delivery, proof, value, other), answer)
    yield Attack(f"{word}_after_a_wrong_one", target.put(delivery, proof, other, value), answer)
    if proof != "address":
        again = (*delivery.headers, (proof.swapcase(), value))
        twice = Delivery(again, delivery.body, delivery.url)
        # Not on the wire: the client that we send with would make one header of the two.
        yield Attack(f"{word}_doubled_in_other_case", twice, MALFORMED, on_the_wire=False)


def _optional(proof: str) -> bool:
    """A header that only says how it was signed: without it, it may have been signed the usual way."""
    return "settings" in proof.lower()


def _changed(value: str) -> Iterator[tuple[str, str]]:
    yield "in_other_case", value.swapcase()
    yield "cut_short", value[:-1]
    yield "cut_in_half", value[: len(value) // 2]
    yield "without_its_beginning", value[1:]
    yield "with_more", value + "0"
    yield "parted_by_a_space", f"{value[: len(value) // 2]} {value[len(value) // 2 :]}"
    yield "reversed", value[::-1]
    yield "all_zeros", "0" * len(value)
    yield "very_long", value * (6000 // len(value))
    for place, at in (("first", 0), ("middle", len(value) // 2), ("last", len(value) - 1)):
        yield f"{place}_bit_flipped", value[:at] + turned(value[at]) + value[at + 1 :]
    for part, sign in (("spaces", " "), ("commas", ",")):
        yield f"nine_times_by_{part}", sign.join([value] * 9)
    if _STAMP in value:
        yield from ((f"stamp_{how}", value.replace(_STAMP, other)) for how, other in _STAMPS.items())
    if code := mac(value):
        yield from _recoded(value, code)


def _recoded(value: str, code: str) -> Iterator[tuple[str, str]]:
    before = value[: -len(code)]
    yield "nothing_but_the_code", code
    yield "no_code", before or "none"
    yield "upper_case_code", before + code.upper()
    yield "bit_of_the_code_flipped", before + turned(code[0]) + code[1:]
    yield "other_scheme", f"Digest {code}"
    yield "other_version", f"v9={code}"
    for how, other in respelt(code):
        yield how, before + other
