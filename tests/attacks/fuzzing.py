"""Signed bodies changed at random: none may raise anything but a refusal, or give a fact that we could not keep.

``python -m tests.attacks.fuzzing --bodies 100000``, also part of ``make soak``. Body *n* of a seed is the same each
time: what fails is tried again with the command that is printed.
"""

import argparse
import json
import re
import secrets
import sys
import time
import traceback
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from random import Random

from plugin import rituals
from plugin.core.events import Heard
from plugin.core.runs import placed
from tests.attacks.changing import changed, garbled
from tests.attacks.target import Target, target
from tests.webhooks.known import HOSTS, sample
from tests.webhooks.samples import NOW
from webhooks.delivery import Delivery, Handshake, NotAccepted
from webhooks.events import Fact, HostFact, PersonFact

_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST = 800
"""Letters of a name in a fact: some hosts make one of two or three of theirs, of 256 at most."""


class Unsound(Exception):
    """A fact that could not be kept or shown."""


@cache
def _bodies(name: str) -> list[bytes]:
    """Bodies that the host really sent, each once."""
    return list(
        dict.fromkeys([sample(name), *(line.delivery.body for line in target(name).known.everything())])
    )


def delivery_of(name: str, seed: str, n: int) -> Delivery:
    """Body *n* of this seed, signed; every eighth with a proof that was changed as well."""
    random, host = Random(f"{seed} {name} {n}"), target(name)
    body = changed(random, _bodies(name))
    try:
        delivery = host.sent(body)
    except ValueError:  # no such host can send it, but anybody else can
        delivery = replace(host.sent(), body=body)
    if n % 8:
        return delivery
    proof, value = random.choice(list(host.proofs(delivery).items()))
    return host.put(delivery, proof, garbled(random, value))


def tried(name: str, delivery: Delivery) -> str:
    """What became of it: ``accepted``, ``refused``, ``unreadable`` or ``trial``; read though it was refused."""
    host = target(name)
    try:
        host.host.verify(delivery, host.keys, NOW)
    except NotAccepted:
        end = "refused"
    except Handshake:
        return "trial"
    else:
        end = "accepted"
    try:
        key, facts = host.host.key(delivery), host.host.read(delivery)
    except NotAccepted:
        return "unreadable" if end == "accepted" else end
    if end == "accepted":
        _taken(host, key, facts)
    return end


def _taken(host: Target, key: str, facts: Sequence[HostFact]) -> None:
    """All that the service does with facts, but for the journal and the browsers."""
    _fit(key)
    session = rituals.begin("session", NOW)
    for fact in facts:
        _sound(host, fact)
        for here in placed(fact, [], NOW):
            event = Heard.model_validate_json(Heard(at=NOW, fact=here).model_dump_json())
            session, _ = rituals.step(session, event)


def _sound(host: Target, fact: Fact) -> None:
    if fact.host != host.name or type(fact) not in host.host.tells:
        raise Unsound("of another host or kind than it says")
    for text in (fact.key, fact.meeting, fact.occurrence):
        _fit(text)
    if isinstance(fact, PersonFact):
        _fit(fact.person)
        _fit(fact.connection)


def _fit(text: str | None) -> None:
    if (text is not None and not 0 < len(text) <= _LONGEST) or _UNFIT.search(text or ""):
        raise Unsound("a name that is empty, endless or cannot be printed")


def run(name: str, seed: str, numbers: Sequence[int]) -> tuple[Counter[str], list[str]]:
    """Try these bodies. Answers how many ended how, and the first failure in words."""
    ends: Counter[str] = Counter()
    for n in numbers:
        delivery = delivery_of(name, seed, n)
        try:
            ends[tried(name, delivery)] += 1
        except Exception:
            return ends, [_failure(name, seed, n, delivery)]
    return ends, []


def _failure(name: str, seed: str, n: int, delivery: Delivery) -> str:
    again = f"python -m tests.attacks.fuzzing --seed {seed} --host {name} --only {n}"
    told = json.dumps(
        {"headers": delivery.headers, "body_base64": b64encode(delivery.body).decode(), "url": delivery.url}
    )
    return f"{name}: {traceback.format_exc()}{told}\nagain: {again}"


def main(argv: Sequence[str] | None = None, say: Callable[[str], None] = print) -> int:
    """Fuzz the hosts, two at a time; 1 when something else than a refusal was raised."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks.fuzzing", description=__doc__)
    parser.add_argument("--bodies", type=int, default=100_000, help="for each host")
    parser.add_argument("--seed", default=secrets.token_hex(4))
    parser.add_argument("--host", choices=HOSTS, action="append")
    parser.add_argument("--only", type=int, help="this one body of the seed")
    args = parser.parse_args(argv)
    numbers = range(args.bodies) if args.only is None else range(args.only, args.only + 1)
    chosen: list[str] = args.host or HOSTS
    say(f"seed {args.seed}, {len(numbers)} bodies for each of {len(chosen)} hosts")
    failures: list[str] = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        began = time.monotonic()
        for name, done in [(name, pool.submit(run, name, args.seed, numbers)) for name in chosen]:
            ends, failed = done.result()
            failures += failed
            counts = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
            say(f"{name:14} {counts}{'  FAILED' if failed else ''}  ({time.monotonic() - began:.0f} s)")
    for failure in failures:
        say(failure)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
