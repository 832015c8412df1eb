"""Pexip: the web app hands no token to a page, so the page makes one itself.

There is no asking who is inside: that is Pexip's management interface, which practices keep for themselves, and whose
answers are not documented well enough to build a presence on.
"""

from collections.abc import Mapping
from datetime import datetime

from plugin.hosts import page_token
from plugin.hosts.host import Participant


def who(token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    """The participant that the token names; raises ``plugin.signed.Unacceptable``."""
    return page_token.participant("pexip", token, keys, now)
