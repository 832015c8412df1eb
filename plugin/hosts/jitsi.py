"""Jitsi's own token, for self-hosted servers with an ``app_id`` and ``app_secret``.

A JWT with HS256; ``iss`` is the app_id, whose secret signs. ``room`` is the room, ``sub`` its tenant, or the server's
domain or ``*`` where there are none; ``context.user.id`` is the person. Quirks: Jitsi itself lets tokens
without ``exp`` in, and such for every room (``*``) or for a pattern: neither says which meeting somebody is in. It
compares rooms in lower case. A server has one app_id: a new secret is a new app_id here.
There is no API to ask who is inside.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from plugin.hosts.host import Participant
from plugin.signed import Unacceptable, claims_of, text_of, times_of, unexpired
from webhooks.jitsi import meeting_named, person_named, role_said

_LONGEST = timedelta(hours=24)


def who(token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    """The participant that the token names; raises ``Unacceptable``."""
    claims = claims_of(token, keys, signed_by="iss")
    begins = "nbf" if "nbf" in claims else "iat"
    # A token that does not say when it begins is counted from now: nearer its end than it was, never further.
    _, end = times_of({"iat": int(now.timestamp()), **claims}, now, longest=_LONGEST, begins=begins)
    unexpired(end, now)
    user = _part(_part(claims, "context"), "user")
    person = person_named(user.get("id"))
    if person is None:
        raise Unacceptable("context.user.id is missing or names nobody")
    return Participant(
        meeting=_meeting(claims),
        occurrence=None,
        person=person,
        role=role_said(user.get("role"), user.get("moderator")),
        until=end,
    )


def _meeting(claims: Mapping[str, object]) -> str:
    room, sub = text_of(claims, "room"), text_of(claims, "sub")
    if room == "*" or _part(_part(claims, "context"), "room").get("regex"):
        raise Unacceptable("for more than one room")
    return meeting_named(room, "" if sub == "*" or "." in sub else sub)


def _part(whole: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = whole.get(name)
    return part if isinstance(part, dict) else {}
