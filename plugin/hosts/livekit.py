"""LiveKit's join token.

A JWT with HS256; ``iss`` is the API key whose secret signs. ``sub`` is the identity, ``video.room`` the
room. Quirks: the SDKs' default life is six hours, and some leave ``iat`` out, so a life is counted from
``nbf``. A holder of ``canUpdateOwnMetadata`` can call itself a therapist at any time, so its attributes
give no role. The token does not know which run of the room it is for.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from plugin.hosts.host import Participant
from plugin.signed import Unacceptable, claims_of, text_of, times_of, unexpired
from webhooks.events import Role, role_named

_LONGEST = timedelta(hours=24)


def who(token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    """The participant that the token names; raises ``Unacceptable``."""
    claims = claims_of(token, keys, signed_by="iss")
    begins = "nbf" if "nbf" in claims else "iat"
    _, end = times_of(claims, now, longest=_LONGEST, begins=begins)
    unexpired(end, now)
    video = claims.get("video")
    if not isinstance(video, dict) or video.get("roomJoin") is not True:
        raise Unacceptable("gives no access to a room")
    if video.get("hidden") or claims.get("kind", "standard") not in ("", "standard"):
        raise Unacceptable("not a person that others can see")
    return Participant(
        meeting=text_of(video, "room"),
        occurrence=None,
        person=text_of(claims, "sub"),
        role=_role(claims.get("attributes"), video),
        until=end,
    )


def _role(attributes: object, video: Mapping[str, object]) -> Role | None:
    if not isinstance(attributes, dict) or video.get("canUpdateOwnMetadata"):
        return None
    role = attributes.get("role")
    return role_named(role) if isinstance(role, str) else None
