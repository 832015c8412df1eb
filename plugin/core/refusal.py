"""The one way a wish is turned down."""

from typing import Literal

Reason = Literal[
    "not_yours",
    "not_your_role",
    "no_such_pause",
    "not_open",
    "too_late",
    "too_old",
    "alone",
    "over",
    "no_consent",
    "already_sent",
    "not_due",
    "other_content",
    "malformed",
]


class Refused(Exception):
    """The wish may not be, and nothing changed; ``reason`` is one of the published codes."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
