"""Whereby gives a participant no token that could be checked: the embedding page makes one itself.

It cannot be asked who is inside either: its insights are written after the fact and know no room as it is now.
"""

from collections.abc import Mapping
from datetime import datetime

from plugin.hosts import page_token
from plugin.hosts.host import Participant


def who(token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    """The participant that the token names; raises ``Unacceptable``."""
    return page_token.participant("whereby", token, keys, now)
