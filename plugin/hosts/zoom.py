"""Speaking to Zoom: its REST API, its event socket, and the token of the page that opens the meeting.

While a meeting runs, the API tells that it does and not who is inside; when it is over, who was and when. So after a
gap a call that is over is told to its end, and of one that still runs nothing is concluded. A page's token says who
a browser is, as Zoom's own context of an app does not name the person in the practice's record.
Quirk: a run's id holds slashes; where it begins with one or has two together, it is written encoded twice.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from pydantic import BaseModel

from plugin.hosts.host import Asking, Call, Hear, NotTold, Participant, Reply, Request
from plugin.hosts.page_token import participant
from plugin.hosts.replies import present, told
from plugin.hosts.zoom_account import Account, Token, token_request
from plugin.hosts.zoom_socket import Feed
from webhooks.events import HostFact, MeetingEnded, PersonJoined, PersonLeft
from webhooks.zoom_event import MaybeId, Moment

__all__ = ["Account", "ask", "feed", "who"]

_PAGE = 300
_MOST_PAGES = 20


def who(token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    """The participant that the page's token names; raises ``Unacceptable``."""
    return participant("zoom", token, keys, now)


async def feed(
    account: BaseModel, *, hear: Hear, missed: Callable[[], None], now: Callable[[], datetime]
) -> None:
    """Hold the event socket as ``Feeding.feed`` promises."""
    ours = Account.model_validate(account)
    if ours.socket:
        await Feed(ours, hear=hear, missed=missed, now=now).run()


class _Meeting(BaseModel):
    uuid: str | None = None
    status: str | None = None


class _Past(BaseModel):
    uuid: str | None = None
    end_time: Moment = None


class _Stay(BaseModel):
    """A row of who was there: one stay, by its number."""

    user_id: MaybeId = None
    id: MaybeId = None
    registrant_id: MaybeId = None
    join_time: Moment = None
    leave_time: Moment = None
    status: str | None = None


class _Page(BaseModel):
    participants: list[_Stay]
    next_page_token: str = ""


def ask(url: str, call: Call, account: BaseModel, now: datetime) -> Asking:
    """Ask whether a call runs, and of one that is over who was inside until when. Raises ``NotTold``."""
    ours = Account.model_validate(account)
    token = told((yield token_request(ours)), Token, "token")
    headers = {"Authorization": f"Bearer {token.access_token}"}
    reply = yield Request("GET", f"{ours.api}/meetings/{quote(call.meeting, safe='')}", headers)
    if _runs(reply, call):
        return [present("zoom", call, now, (), whole=False)]
    return (yield from _to_the_end(f"{ours.api}/past_meetings/{_path(call.occurrence)}", headers, call))


def _runs(reply: Reply, call: Call) -> bool:
    if reply.status == 404:  # a meeting that nobody planned is gone from here when it is over
        return False
    meeting = told(reply, _Meeting, "meeting")
    return meeting.status == "started" and meeting.uuid in (None, call.occurrence)


def _path(run: str) -> str:
    once = quote(run, safe="")
    return quote(once, safe="") if run.startswith("/") or "//" in run else once


def _to_the_end(url: str, headers: Mapping[str, str], call: Call) -> Asking:
    past = told((yield Request("GET", url, headers)), _Past, "past")
    if past.end_time is None or past.uuid not in (None, call.occurrence):
        raise NotTold("past_not_over")
    stays = yield from _stays(f"{url}/participants?page_size={_PAGE}", headers)
    key = f"rest:{call.occurrence}:ended"
    ended = MeetingEnded(**_names(call), at=past.end_time, key=key)
    return [*(fact for stay in stays for fact in _facts(stay, call)), ended]


def _stays(url: str, headers: Mapping[str, str]) -> Generator[Request, Reply, Sequence[_Stay]]:
    found: list[_Stay] = []
    following = ""
    for _ in range(_MOST_PAGES):
        page = told((yield Request("GET", url + following, headers)), _Page, "participants")
        found.extend(page.participants)
        if not page.next_page_token:
            return _merged(found)
        following = f"&next_page_token={quote(page.next_page_token, safe='')}"
    raise NotTold("participants_endless")


def _merged(rows: Iterable[_Stay]) -> list[_Stay]:
    """One row for each stay, from its first moment to its last; time in the waiting room is none."""
    stays: dict[str, _Stay] = {}
    for row in rows:
        if row.user_id and row.join_time and row.status != "in_waiting_room":
            other = stays.get(row.user_id, row)
            joined = min(row.join_time, other.join_time or row.join_time)
            left = max((t for t in (row.leave_time, other.leave_time) if t), default=None)
            stays[row.user_id] = row.model_copy(update={"join_time": joined, "leave_time": left})
    return list(stays.values())


def _facts(stay: _Stay, call: Call) -> Iterable[HostFact]:
    """A join without a role, and a leave.

    The API leaves out the practice's own key, by which the events name a person first, and the ids of guests. So whom
    the events named is looked up by the stay; of anybody else it is told that they were there, not who they were.
    """
    number = stay.user_id or ""
    person = call.holders.get(number) or stay.id or stay.registrant_id or f"guest-{number}"
    known = {**_names(call), "person": person, "connection": number}
    key = f"rest:{call.occurrence}:{number}"
    for fact, at, what in ((PersonJoined, stay.join_time, "joined"), (PersonLeft, stay.leave_time, "left")):
        if at is not None:
            yield fact(**known, at=at, key=f"{key}:{what}")


def _names(call: Call) -> dict[str, str]:
    return {"host": "zoom", "meeting": call.meeting, "occurrence": call.occurrence}
