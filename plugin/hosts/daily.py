"""Daily: the meeting token, who is in a room, and where deliveries go.

The token is a JWT with HS256 that a page signs itself, with the API key of the domain that ``d`` names: so the id in
``token_keys`` is the domain's id and the secret is the API key. ``r`` is the room, ``ud`` the person, ``o`` whether
they own the meeting. Daily lets ``exp``, ``r`` and ``ud`` be left out; here a token without them is none. Whether
tokens made by ``POST /meeting-tokens`` are signed with the same key is not told.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel
from pydantic.alias_generators import to_camel

from plugin.hosts.host import Asking, Call, NotTold, Participant, Registration, Request
from plugin.hosts.replies import present, told
from plugin.signed import Unacceptable, claims_of, text_of, times_of, unexpired
from webhooks.delivery import Identifier, Perhaps
from webhooks.events import Present, Role

_LONGEST = timedelta(hours=24)
_API = "https://api.daily.co/v1"
# Daily says that its answer may be this old: who came since is not in it.
_DELAY = timedelta(seconds=15)
EVENTS = (
    "meeting.started",
    "meeting.ended",
    "participant.joined",
    "participant.left",
    "waiting-participant.joined",
    "waiting-participant.left",
    "recording.ready-to-download",
    "recording.error",
)


def who(token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    """The participant that the token names; raises ``Unacceptable``."""
    claims = claims_of(token, keys, signed_by="d")
    _, end = times_of(claims, now, longest=_LONGEST)
    unexpired(end, now)
    may = claims.get("p")
    if isinstance(may, dict) and may.get("hp") is False:
        raise Unacceptable("not a person that others can see")
    return Participant(
        meeting=text_of(claims, "r"),
        occurrence=None,
        person=text_of(claims, "ud"),
        role=Role.THERAPIST if claims.get("o") is True else Role.CLIENT,
        until=end,
    )


class Account(BaseModel):
    """The domain's API key, which opens everything: Daily knows no smaller ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    api_key: str = Field(min_length=1, repr=False)


class _Here(BaseModel, alias_generator=to_camel):
    id: Identifier
    user_id: Perhaps = None
    join_time: AwareDatetime | None = None


class _Presence(BaseModel):
    total_count: int
    data: tuple[_Here, ...]


def ask(url: str, call: Call, account: Account, now: datetime) -> Asking:
    """Ask who is in the room; raises ``NotTold``."""
    room = quote(call.meeting, safe="")
    reply = yield Request("GET", f"{url or _API}/rooms/{room}/presence", _headers(account))
    here = told(reply, _Presence)
    people = [_present(each, call) for each in here.data]
    asked = present("daily", call, now, people, whole=here.total_count <= len(people))
    return [asked.model_copy(update={"at": now - _DELAY})]


def _present(each: _Here, call: Call) -> Present:
    person = call.holders.get(each.id) or each.user_id or each.id
    return Present(person=person, connection=each.id, joined_at=each.join_time)


class _Hook(BaseModel, alias_generator=to_camel):
    uuid: Identifier
    url: str
    state: str | int | None = None
    hmac: str | None = None
    retry_type: str | None = None
    event_types: tuple[str, ...] = ()


def register(url: str, hook: str, keys: Mapping[str, str], account: Account, now: datetime) -> Registration:
    """Have Daily send to *hook*, and start again what it gave up.

    Daily tries the address before it answers, so the service has to be listening. Raises ``NotTold``.
    """
    if not keys:
        raise NotTold("no_secret")
    hooks = f"{url or _API}/webhooks"
    secret = next(iter(keys.values()))
    listed = told((yield Request("GET", hooks, _headers(account))), RootModel[tuple[_Hook, ...]]).root
    ours = next((each for each in listed if each.url == hook), None)
    if ours is not None and not _amiss(ours, secret):
        return
    wanted = {
        "url": hook,
        "eventTypes": sorted({*EVENTS, *(ours.event_types if ours else ())}),
        "hmac": secret,
        "retryType": "exponential",
    }
    where = f"{hooks}/{quote(ours.uuid, safe='')}" if ours else hooks
    told((yield Request("POST", where, _headers(account), json.dumps(wanted).encode())), _Hook)


def _amiss(hook: _Hook, secret: str) -> bool:
    gives_up = hook.state == "FAILED" or hook.retry_type == "circuit-breaker"  # for good after three failures
    lacking = set(EVENTS) - set(hook.event_types)
    return gives_up or bool(lacking) or hook.hmac not in (None, secret)


def _headers(account: Account) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {account.api_key}", "Content-Type": "application/json"}
