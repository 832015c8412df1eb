"""The sandbox platform's participant token.

A JWT with HS256; ``kid`` names the secret, ``iss`` is "sandbox", ``aud`` is "fermata", ``sub`` the person's
id in the host's own record. It lives a quarter of an hour; an hour is the longest that is accepted.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from plugin.hosts.host import Participant
from plugin.signed import Unacceptable, claims_of, text_of, times_of, unexpired
from webhooks.events import role_named

_LONGEST = timedelta(hours=1)


def who(token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    """The participant that the token names; raises ``Unacceptable``."""
    claims = claims_of(token, keys, signed_by="kid")
    if claims.get("iss") != "sandbox" or claims.get("aud") != "fermata":
        raise Unacceptable("made by or for somebody else")
    text_of(claims, "jti")
    _, end = times_of(claims, now, longest=_LONGEST)
    unexpired(end, now)
    return Participant(
        meeting=text_of(claims, "meeting"),
        occurrence=text_of(claims, "occurrence"),
        person=text_of(claims, "sub"),
        role=role_named(_word(claims.get("role"))),
        until=end,
    )


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None
