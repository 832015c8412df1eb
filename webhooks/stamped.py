"""A header of a stamp and signatures, ``t=<Unix seconds>,v1=<signature>``, as several hosts write it.

Parts with other names are left out, whatever they promise: what an older scheme signed must not count again.
"""

import re
from datetime import UTC, datetime

from webhooks.delivery import Malformed, Reason, Unsigned

_MOST_PARTS = 9
_STAMP = re.compile(r"[0-9]{1,10}")


def parted(value: str) -> tuple[str, list[str]]:
    """Give the stamp as it is written, and the ``v1`` signatures; a signature may hold ``=`` itself.

    Raises:
        Malformed: there are more parts than any sender needs.
        Unsigned: there is no stamp in Unix seconds, or two.
    """
    if value.count(",") >= _MOST_PARTS:
        raise Malformed(Reason.TOO_MANY_SIGNATURES)
    parts = [part.partition("=") for part in value.split(",")]
    stamps = [text for name, _, text in parts if name == "t"]
    if len(stamps) != 1 or not _STAMP.fullmatch(stamps[0]):
        raise Unsigned(Reason.BAD_TIMESTAMP)
    return stamps[0], [text for name, _, text in parts if name == "v1"]


def moment(stamp: str) -> datetime:
    """Give the time of a stamp that ``parted`` gave."""
    return datetime.fromtimestamp(int(stamp), UTC)
