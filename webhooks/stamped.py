"""A header of a stamp and signatures, ``t=<Unix seconds>,v1=<signature>``, as several hosts write it.

A signature is an HMAC-SHA256 over ``<t>.<raw body>`` with the secret as text. Parts with other names are left out,
whatever they promise: what an older scheme signed must not count again.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from webhooks.delivery import Delivery, Malformed, Reason, Unsigned, Window, fresh, in_digits, same
from webhooks.secret import octets
from webhooks.times import at

_MOST_PARTS = 9


@dataclass(frozen=True, slots=True)
class Stamped:
    """Such a header: its name, and how a signature is written."""

    header: str
    written: Callable[[bytes], str]

    def vouching(self, delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window) -> str:
        """Give the id of the secret that signed.

        Raises:
            Malformed: there are more parts than any sender needs.
            Unsigned: there is no stamp in Unix seconds, or two, or no signature of ours.
            Stale: the stamp is not within *window*.
        """
        stamp, given = _parted(delivery.header(self.header))
        live = {key_id: secret for key_id, secret in secrets.items() if secret}
        wanted = {key_id: self._signature(secret, stamp, delivery.body) for key_id, secret in live.items()}
        signer = same(given, wanted)
        if signer is None:
            raise Unsigned(Reason.WRONG_SIGNATURE)
        fresh(at(int(stamp)), now, window)
        return signer

    def signed(self, body: bytes, secret: str, now: datetime, url: str) -> Delivery:
        """Give the delivery that such a host would send now."""
        stamp = str(int(now.timestamp()))
        value = f"t={stamp},v1={self._signature(secret, stamp, body)}"
        return Delivery((("Content-Type", "application/json"), (self.header, value)), body, url)

    def _signature(self, secret: str, stamp: str, body: bytes) -> str:
        return self.written(hmac.digest(octets(secret), f"{stamp}.".encode() + body, "sha256"))


def _parted(value: str) -> tuple[str, list[str]]:
    """Give the stamp as it is written, and the signatures; one may hold ``=`` itself."""
    if value.count(",") >= _MOST_PARTS:
        raise Malformed(Reason.TOO_MANY_SIGNATURES)
    parts = [part.partition("=") for part in value.split(",")]
    stamps = [text for name, _, text in parts if name == "t"]
    return in_digits(stamps[0] if len(stamps) == 1 else ""), [text for name, _, text in parts if name == "v1"]
