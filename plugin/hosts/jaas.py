"""The token that a JaaS page joins with.

A JWT with RS256; ``kid`` is ``AppID/key id`` and ``token_keys`` holds the public key of that name in PEM. ``iss`` is
"chat", ``aud`` "jitsi", ``sub`` the AppID, and ``context.user`` the person. Quirks: a truth may be the word for it;
``room`` may be a wildcard or a pattern, which names no meeting; rooms are lower case, however the page writes them;
one official sample writes ``nbfTime`` for ``nbf``, and then ``iat`` has to be there. JaaS has no call that tells who
is inside, so it cannot be asked.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from plugin.hosts.host import Participant
from plugin.signed import Unacceptable, claims_of, header_of, text_of, times_of, unexpired
from webhooks.events import Role
from webhooks.jaas import is_true

_LONGEST = timedelta(hours=24)


def who(token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    """The participant that the token names; raises ``Unacceptable``."""
    claims = claims_of(token, keys, signed_by="kid", algorithm="RS256")
    app = str(header_of(token)["kid"]).partition("/")[0]
    if (claims.get("iss"), claims.get("aud"), claims.get("sub")) != ("chat", "jitsi", app):
        raise Unacceptable("made by or for somebody else")
    _, end = times_of(claims, now, longest=_LONGEST, begins="nbf" if "nbf" in claims else "iat")
    unexpired(end, now)
    context = _table(claims.get("context"))
    user = _table(context.get("user"))
    return Participant(
        meeting=_room(claims, context),
        occurrence=None,
        person=text_of(user, "id"),
        role=Role.THERAPIST if is_true(user.get("moderator")) else Role.CLIENT,
        until=end,
    )


def _room(claims: Mapping[str, object], context: Mapping[str, object]) -> str:
    room = text_of(claims, "room")
    if "*" in room or is_true(_table(context.get("room", {})).get("regex")):
        raise Unacceptable("names no single room")
    return room.lower()


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise Unacceptable("context is missing or no table")
    return value
