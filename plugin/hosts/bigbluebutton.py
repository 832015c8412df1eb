"""BigBlueButton: page tokens, its API, and the address that ``bbb-webhooks`` sends to.

Every call is a GET whose last parameter is the digest of call name + query + shared secret; the answers are XML, with
status 200 for errors too. Quirks: until 2.6 the list of attendees held people for a minute after they left,
while its count did not. A hook whose delivery was given up vanishes from the host's store, yet works and is
listed until the next restart; nothing mends that but to make it anew, which would lose what is sent in between. So
it is made again only once it is gone: asked for every 5 minutes, it is away for 5 minutes at most.
"""

import hashlib
from collections.abc import Generator, Mapping
from datetime import datetime
from typing import Literal
from urllib.parse import quote
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from pydantic import BaseModel, ConfigDict, Field

from plugin.hosts import page_token
from plugin.hosts.host import Asking, Call, NotTold, Participant, Registration, Reply, Request
from plugin.hosts.replies import present
from webhooks.bigbluebutton import EVENTS, ROLES
from webhooks.events import Present

# What an HTTP client leaves as it is in a query: the digest is over the query as it is sent.
_PLAIN = "/:?@!$'()*,"


class Account(BaseModel):
    """The shared secret of ``bbb-conf --secret``, and how the API wants to be called."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    secret: str = Field(repr=False, min_length=1)
    checksum: Literal["sha1", "sha256", "sha384", "sha512"] = "sha256"
    api_path: str = Field("/bigbluebutton/api", pattern=r"^(/[A-Za-z0-9._~-]+)+$")


def who(token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    """The participant that the page's token names; raises ``Unacceptable``."""
    return page_token.participant("bigbluebutton", token, keys, now)


def ask(url: str, call: Call, account: Account, now: datetime) -> Asking:
    """Ask for the attendees; they are told by person and not by connection."""
    reply = yield _request(url, account, "getMeetingInfo", meetingID=call.meeting)
    answer = _read(reply)
    people: tuple[Present, ...] = ()
    # Another run of the meeting, or none: then nobody is in this one.
    if not _failed(answer, but="notFound") and _text(answer, "internalMeetingID") == call.occurrence:
        people = _people(answer)
    return [present("bigbluebutton", call, now, people)]


def register(url: str, hook: str, keys: Mapping[str, str], account: Account, now: datetime) -> Registration:
    """Make the hook, unless it is there and brings all that is needed; the same secret signs deliveries."""
    if (
        _succeeded((yield _request(url, account, "hooks/create", callbackURL=hook))).find("messageKey")
        is None
    ):
        return
    listed = _succeeded((yield _request(url, account, "hooks/list")))
    for found in listed.iter("hook"):
        if found.findtext("callbackURL", "").strip() == hook and _is_deaf(found):
            yield from _made_anew(url, hook, account, _text(found, "hookID"))


def _is_deaf(hook: Element) -> bool:
    """Whether it brings raw messages, one meeting, or too few kinds: a second registration changes none of it."""
    kinds = hook.findtext("eventID", "").strip()
    raw = hook.findtext("rawData", "").strip() == "true"
    return raw or hook.find("meetingID") is not None or (kinds != "" and not {*EVENTS} <= {*kinds.split(",")})


def _made_anew(url: str, hook: str, account: Account, known: str) -> Generator[Request, Reply, None]:
    _succeeded((yield _request(url, account, "hooks/destroy", hookID=known)))
    _succeeded((yield _request(url, account, "hooks/create", callbackURL=hook)))


def _request(url: str, account: Account, call: str, **parameters: str) -> Request:
    query = "&".join(f"{name}={quote(value, safe=_PLAIN)}" for name, value in parameters.items())
    digest = hashlib.new(account.checksum, f"{call}{query}{account.secret}".encode()).hexdigest()
    return Request("GET", f"{url}{account.api_path}/{call}?{query}{'&' if query else ''}checksum={digest}")


def _people(answer: Element) -> tuple[Present, ...]:
    found = answer.findall("attendees/attendee")
    if answer.find("attendees") is None or _text(answer, "participantCount") != str(len(found)):
        raise NotTold("not_settled")
    return tuple(
        Present(person=_text(each, "userID"), role=ROLES.get(each.findtext("role", ""))) for each in found
    )


def _succeeded(reply: Reply) -> Element:
    answer = _read(reply)
    _failed(answer)
    return answer


def _failed(answer: Element, but: str = "") -> bool:
    """Whether the host refused for the reason *but*; raises ``NotTold`` for any other one."""
    if (code := _text(answer, "returncode")) == "SUCCESS":
        return False
    reason = answer.findtext("messageKey", "").strip()
    if code != "FAILED" or not but or reason != but:
        raise NotTold("wrong_secret" if reason == "checksumError" else "refused")
    return True


def _text(element: Element, name: str) -> str:
    text = element.findtext(name, "").strip()
    if not text:
        raise NotTold("not_understood")
    return text


def _read(reply: Reply) -> Element:
    if reply.status != 200:
        raise NotTold("status")
    try:
        answer = _parsed(reply.body)
    except (expat.ExpatError, ValueError):
        raise NotTold("not_understood") from None
    if answer.tag != "response":
        raise NotTold("not_understood")
    return answer


def _parsed(body: bytes) -> Element:
    """Read XML without a document type: no entity can be made, so none can grow or fetch anything."""
    builder, parser = TreeBuilder(), expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.Parse(body, True)
    return builder.close()


def _refuse(*_: object) -> None:
    raise ValueError("a document type")
