"""Under which names things stand in the host's record.

A result's identifier is derived from its order's id, so that a repeated save finds what the first one
wrote. Answers that are only counted get a keyed one instead: whoever reads the record could work out the
plain derivation and so lead a counted response back to its session.
"""

import hmac
from datetime import date
from typing import Literal
from uuid import UUID, uuid5

from plugin.core.orders import CountedResult, Result

SYSTEM = "urn:fermata:id"
"""The identifier system of everything that the plugin stores."""

CODES = "urn:fermata:codes"
"""The code system of everything that the plugin codes."""

_NAMESPACE = UUID("8f0a1d0e-5c53-5d0e-9a3c-6f6a1c6d2b57")
_DEFINITION = UUID("3c6f7c1b-1f0e-5b62-8d0f-0d7a5e1b9a44")


def identifier_of(order: str, result: Result, *, secret: bytes) -> str:
    """The identifier value of a result: ``urn:uuid:`` and a lower-case UUID.

    Args:
        order: the order's id, ``session:position:index``.
        result: what is stored; only its kind matters.
        secret: the installation's key for what must not be linked.
    """
    if isinstance(result, CountedResult):
        return UUID(bytes=_keyed(secret, "counted", order)[:16], version=4).urn
    return uuid5(_NAMESPACE, order).urn


def definition_identifier(url: str, version: str) -> str:
    """The identifier value of a published definition, one for each version of it."""
    return uuid5(_DEFINITION, f"{url}|{version}").urn


def canonical(instrument: str, version: str | None = None) -> str:
    """The canonical URL of an instrument, with its version where one is given."""
    url = f"urn:fermata:questionnaire:{instrument}"
    return url if version is None else f"{url}|{version}"


def pseudonym(secret: bytes, *, tenant: str, person: str, day: date) -> str:
    """A name for a person that lasts for one quarter and leads nowhere without the key (32 hex digits)."""
    quarter = f"{day.year}-{(day.month + 2) // 3}"
    return _keyed(secret, "pseudonym", tenant, person, quarter).hex()[:32]


def _keyed(secret: bytes, use: Literal["counted", "pseudonym"], *parts: str) -> bytes:
    # Each part carries its length: ("a", "bc") and ("ab", "c") must not meet.
    message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in (use, *parts))
    return hmac.digest(secret, message, "sha256")
