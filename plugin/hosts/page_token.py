"""The participant token that a host's own page makes, for hosts whose tokens cannot be checked here.

A JWT with HS256; ``kid`` names the secret, ``iss`` is the host's name, ``aud`` is "fermata", ``sub`` the person's
id in the practice's record. An hour is the longest that is accepted. Hosts that tell the runs of a meeting apart
by a name may put it into ``occurrence``.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from plugin.hosts.host import Participant
from plugin.signed import Unacceptable, claims_of, text_of, times_of, unexpired
from webhooks.events import role_named

_LONGEST = timedelta(hours=1)


def participant(host: str, token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    """The participant that the token names; raises ``Unacceptable``."""
    claims = claims_of(token, keys, signed_by="kid")
    if claims.get("iss") != host or claims.get("aud") != "fermata":
        raise Unacceptable("made by or for somebody else")
    text_of(claims, "jti")
    _, end = times_of(claims, now, longest=_LONGEST)
    unexpired(end, now)
    role = claims.get("role")
    return Participant(
        meeting=text_of(claims, "meeting"),
        occurrence=text_of(claims, "occurrence") if "occurrence" in claims else None,
        person=text_of(claims, "sub"),
        role=role_named(role if isinstance(role, str) else None),
        until=end,
    )
