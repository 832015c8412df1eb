"""What a host file makes of a delivery, in one line; also for a host file that was changed on purpose."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import webhooks.delivery
from tests.attacks.target import Attack, Target


@dataclass(frozen=True, slots=True)
class World:
    """A host file, and the module that its exceptions and deliveries are of."""

    host: Any
    shared: ModuleType = webhooks.delivery


def outcome(world: World, target: Target, attack: Attack) -> str:
    """``accepted``, or by what it was turned away; an exception that is none of ours is a ``crash``."""
    given = attack.delivery
    delivery = world.shared.Delivery(given.headers, given.body, given.url)
    keys = target.keys if attack.keys is None else attack.keys
    try:
        signer = world.host.verify(delivery, keys, attack.at)
    except world.shared.Handshake:
        return "handshake"
    except world.shared.NotAccepted as refusal:
        return f"{type(refusal).__name__} {refusal.reason.value}"
    except Exception as failure:
        return f"crash {type(failure).__name__}"
    return _read(world, delivery, signer)


def _read(world: World, delivery: object, signer: str) -> str:
    try:
        key, facts = world.host.key(delivery), world.host.read(delivery)
    except world.shared.Malformed as refusal:
        return f"unreadable {refusal.reason.value}"
    except Exception as failure:
        return f"crash {type(failure).__name__} in reading"
    return f"accepted {signer} {key} {[type(fact).__name__ for fact in facts]}"
