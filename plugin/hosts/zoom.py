from collections.abc import Mapping
from datetime import datetime

from plugin.hosts.host import Participant
from plugin.hosts.page_token import participant


def who(token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    return participant("zoom", token, keys, now)
