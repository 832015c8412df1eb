"""The sandbox platform's participant token: the one that any page can make, and it always names the run."""

from collections.abc import Mapping
from datetime import datetime

from plugin.hosts import page_token
from plugin.hosts.host import Participant
from plugin.signed import Unacceptable


def who(token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    """The participant that the token names; raises ``Unacceptable``."""
    participant = page_token.participant("sandbox", token, keys, now)
    if participant.occurrence is None:
        raise Unacceptable("occurrence is missing or not a text")
    return participant
