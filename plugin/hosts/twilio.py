"""Twilio Video's access token, and its API's answer to who is in a room.

The token: a JWT with HS256; ``iss`` is the API key whose secret signs, ``cty`` says that it is an access token and
not another one of that key. ``grants.identity`` is split as the callbacks' is. Quirks: some packages leave ``iat``
out, so a life is counted from ``nbf``; a token without ``grants.video.room`` opens every room and is for none.

The API: asked for the connected ones, it leaves out whoever is reconnecting, of whom no callback will come either. So
each known connection that is missing is asked for by itself. Pages follow one another by addresses in the answer.
"""

from base64 import b64encode
from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import quote, urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from plugin.hosts.host import Asking, Call, NotTold, Participant, Reply, Request
from plugin.hosts.replies import present, told
from plugin.signed import Unacceptable, claims_of, header_of, text_of, times_of, unexpired
from webhooks import twilio
from webhooks.delivery import Identifier
from webhooks.events import Present

_LONGEST = timedelta(hours=24)
_MOST_PAGES = 10
_MOST_MISSING = 8


def who(token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    """The participant that the token names; raises ``Unacceptable``."""
    claims = claims_of(token, keys, signed_by="iss")
    if header_of(token).get("cty") != "twilio-fpa;v=1":
        raise Unacceptable("not an access token")
    _, end = times_of(claims, now, longest=_LONGEST, begins="nbf" if "nbf" in claims else "iat")
    unexpired(end, now)
    grants = claims.get("grants")
    video = grants.get("video") if isinstance(grants, dict) else None
    if not isinstance(grants, dict) or not isinstance(video, dict):
        raise Unacceptable("gives no access to a room")
    person, role = twilio.person_of(text_of(grants, "identity"))
    return Participant(meeting=text_of(video, "room"), occurrence=None, person=person, role=role, until=end)


class Account(BaseModel):
    """An API key (``SK..``) of the account and its secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: str = Field(min_length=1)
    secret: str = Field(min_length=1, repr=False)


class _Participant(BaseModel):
    sid: Identifier
    identity: Identifier
    status: Literal["connected", "reconnecting", "disconnected"]
    start_time: AwareDatetime | None = None


class _Meta(BaseModel):
    next_page_url: str | None = None


class _Page(BaseModel):
    participants: list[_Participant]
    meta: _Meta


Listing = Generator[Request, Reply, list[_Participant]]


def ask(url: str, call: Call, account: BaseModel, now: datetime) -> Asking:
    """Ask who is connected, then for each known connection that is missing there."""
    account = Account.model_validate(account)
    proof = b64encode(f"{account.key}:{account.secret}".encode()).decode()
    headers = {"Authorization": f"Basic {proof}"}
    path = f"{url}/v1/Rooms/{quote(call.occurrence, '')}/Participants"
    listed = yield from _listed(path, headers)
    there = {each.sid for each in listed} | call.closed
    missing = [sid for sid in call.holders if sid not in there]
    asked = yield from _each(path, missing[:_MOST_MISSING], headers)
    inside = [each for each in (*listed, *asked) if each.status != "disconnected"]
    return [present(twilio.name, call, now, map(_person, inside), whole=len(missing) <= _MOST_MISSING)]


def _listed(path: str, headers: Mapping[str, str]) -> Listing:
    found: dict[str, _Participant] = {}
    following: str | None = f"{path}?Status=connected&PageSize=100"
    for _ in range(_MOST_PAGES):
        if following is None:
            return list(found.values())
        if _origin(following) != _origin(path):
            raise NotTold("page_elsewhere")  # our secret goes to no other server
        page = told((yield Request("GET", following, headers)), _Page)
        found |= {each.sid: each for each in page.participants}
        following = page.meta.next_page_url
    raise NotTold("too_many_pages")


def _each(path: str, sids: list[str], headers: Mapping[str, str]) -> Listing:
    found = []
    for sid in sids:
        reply = yield Request("GET", f"{path}/{quote(sid, '')}", headers)
        found.append(told(reply, _Participant))
    return found


def _origin(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.scheme, parts.netloc


def _person(told_: _Participant) -> Present:
    person, role = twilio.person_of(told_.identity)
    return Present(person=person, connection=told_.sid, role=role, joined_at=told_.start_time)
