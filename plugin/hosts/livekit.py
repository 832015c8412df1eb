"""LiveKit's join token, and its API's answer to who is in a room.

The token: a JWT with HS256; ``iss`` is the API key whose secret signs. ``sub`` is the identity, ``video.room`` the
room. Quirks: the SDKs' default life is six hours, and some leave ``iat`` out, so a life is counted from
``nbf``. A holder of ``canUpdateOwnMetadata`` can call itself a therapist at any time, so its attributes
give no role. The token does not know which run of the room it is for.

The API: Twirp. It lists people by the room's name and says 200 and an empty list for a room that is not there, so a
second question tells which run of the room it spoke of. A refused token comes back in the error.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import jwt
from pydantic import BaseModel, ConfigDict, Field

from plugin.hosts.host import Asking, Call, Participant, Request
from plugin.hosts.replies import present, told
from plugin.signed import Unacceptable, claims_of, text_of, times_of, unexpired
from webhooks import livekit
from webhooks.events import PeoplePresent, Present, Role, role_named

_LONGEST = timedelta(hours=24)
_LIFE, _SKEW = 60, 10  # seconds
_SERVICE = "/twirp/livekit.RoomService/"
_INSIDE, _COMING = ("ACTIVE", 2), ("JOINING", "JOINED", 0, 1)


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


class Account(BaseModel):
    """One of the server's API keys and its secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: str = Field(min_length=1)
    secret: str = Field(min_length=32, repr=False)


class _People(BaseModel):
    participants: list[livekit.Participant]


class _Room(BaseModel):
    sid: str


class _Rooms(BaseModel):
    rooms: list[_Room]


def ask(url: str, call: Call, account: BaseModel, now: datetime) -> Asking:
    """Ask who is inside, and then whether the room of that name is still the same run."""
    account = Account.model_validate(account)
    headers = _headers(call.meeting, account, now)
    people = told(
        (yield _request(f"{url}{_SERVICE}ListParticipants", {"room": call.meeting}, headers)), _People
    )
    rooms = told((yield _request(f"{url}{_SERVICE}ListRooms", {"names": [call.meeting]}, headers)), _Rooms)
    # A room that has another sid by now, or none, is over: nobody is inside the one that was asked about.
    same_run = any(room.sid == call.occurrence for room in rooms.rooms)
    return [_present(people.participants if same_run else [], call, now)]


def _headers(room: str, account: Account, now: datetime) -> Mapping[str, str]:
    issued = int(now.timestamp())
    times = {"nbf": issued - _SKEW, "exp": issued + _LIFE}
    grant = {"roomAdmin": True, "room": room, "roomList": True}
    token = jwt.encode({"iss": account.key, **times, "video": grant}, account.secret, algorithm="HS256")
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def _request(url: str, document: Mapping[str, object], headers: Mapping[str, str]) -> Request:
    return Request("POST", url, headers, json.dumps(document).encode())


def _present(participants: Sequence[livekit.Participant], call: Call, now: datetime) -> PeoplePresent:
    people = [each for each in participants if each.is_person]
    inside = (
        Present(person=each.identity, connection=each.sid, role=each.role, joined_at=each.joined)
        for each in people
        if each.state in _INSIDE
    )
    # Who is coming in just now will be said to have joined a moment ago: that is not to be contradicted.
    whole = not any(each.state in _COMING for each in people)
    return present(livekit.name, call, now, inside, whole=whole)
