"""Speaking to BigBlueButton: answers of its hooks API as recorded, and of its own in the documented shape."""

import json
from collections.abc import Generator
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from yarl import URL

from plugin.hosts import bigbluebutton
from plugin.hosts.bigbluebutton import Account
from plugin.hosts.host import Askable, Call, NotTold, Registering, Reply, Request
from plugin.signed import Unacceptable
from tests.forged import KEYS, NOW, STAMP, signed
from tests.webhooks.known import FIXTURES
from webhooks.events import HostFact, PeoplePresent, Present, Role

HOST = "https://bbb.example"
HOOK = "https://fermata.example/webhooks/north/bigbluebutton?site=a b&k=1"
ACCOUNT = Account(secret="s3cret-of-the-fixture-0123456789")
CALL = Call("room-1", "5e1f-1795442399000", {"w_ben1": "cl-0001"})
RECORDED: list[bytes] = [
    json.loads(line)["response_body"].encode()
    for line in (FIXTURES / "bigbluebutton" / "hooks-api.jsonl").read_text().splitlines()
]
CREATED, DUPLICATE, LISTED = RECORDED[0], RECORDED[1], RECORDED[4]
GONE, BAD_CHECKSUM, NO_HOOK = RECORDED[7], RECORDED[11], RECORDED[8]
NOT_FOUND = (
    b"<response><returncode>FAILED</returncode><messageKey>notFound</messageKey>"
    b"<message>We could not find a meeting with that meeting ID</message></response>"
)


def info(*people: tuple[str, str], count: int | None = None, occurrence: str = CALL.occurrence) -> bytes:
    """The answer of getMeetingInfo in the shape that BigBlueButton's template of it has."""
    attendees = "".join(
        f"<attendee><userID>{person}</userID><fullName>Ben &amp; Ana</fullName><role>{role}</role>"
        "<isPresenter>false</isPresenter><clientType>HTML5</clientType></attendee>"
        for person, role in people
    )
    return (
        "<response><returncode>SUCCESS</returncode><meetingName>Session</meetingName><meetingID>room-1</meetingID>"
        f"<internalMeetingID>{occurrence}</internalMeetingID><attendeePW>marker-password</attendeePW>"
        f"<participantCount>{len(people) if count is None else count}</participantCount>"
        f"<attendees>{attendees}</attendees><metadata><x>1</x></metadata><isBreakout>false</isBreakout></response>"
    ).encode()


def played(
    steps: Generator[Request, Reply, Any], *bodies: bytes, status: int = 200
) -> tuple[Any, list[Request]]:
    """Run a conversation with the given answers; all of them must be used up."""
    asked, answers = [next(steps)], list(bodies)
    while True:
        try:
            asked.append(steps.send(Reply(status, answers.pop(0))))
        except StopIteration as end:
            assert not answers
            return end.value, asked


def asked(body: bytes, status: int = 200) -> list[HostFact]:
    facts: list[HostFact]
    facts, requests = played(bigbluebutton.ask(HOST, CALL, ACCOUNT, NOW), body, status=status)
    assert [request.method for request in requests] == ["GET"]
    return facts


def registered(*bodies: bytes, hook: str = HOOK) -> list[str]:
    _, requests = played(bigbluebutton.register(HOST, hook, {}, ACCOUNT, NOW), *bodies)
    return [URL(request.url).path.rpartition("/")[2] for request in requests]


def present(*people: Present) -> list[HostFact]:
    return [
        PeoplePresent(
            host="bigbluebutton",
            meeting="room-1",
            occurrence=CALL.occurrence,
            at=NOW,
            key=f"asked:{NOW.isoformat()}",
            people=people,
        )
    ]


def test_it_can_be_asked_and_registered_with() -> None:
    assert isinstance(bigbluebutton, Askable)
    assert isinstance(bigbluebutton, Registering)


def test_who_is_inside_is_told_by_person_with_the_role() -> None:
    assert asked(info(("th-0001", "MODERATOR"), ("cl-0001", "VIEWER"), ("x", "OWNER"))) == present(
        Present(person="th-0001", role=Role.THERAPIST),
        Present(person="cl-0001", role=Role.CLIENT),
        Present(person="x"),
    )


@pytest.mark.parametrize(
    "answer",
    [info(), NOT_FOUND, info(("cl-0001", "VIEWER"), occurrence="5e1f-1795449999000")],
    ids=["an empty room", "no such meeting", "another run of it"],
)
def test_nobody_is_inside_where_the_host_says_so(answer: bytes) -> None:
    assert asked(answer) == present()


BOMB = b"".join(b'<!ENTITY a%d "%s">' % (n + 1, b"&a%d;" % n * 10) for n in range(9))
NOT_ANSWERS = {
    "a page": (b"<html><body>Sign in</body></html>", "not_understood"),
    "no XML": (b'{"returncode":"SUCCESS"}', "not_understood"),
    "nothing": (b"", "not_understood"),
    "half of it": (info(("cl-0001", "VIEWER"))[:-20], "not_understood"),
    "a wrong secret": (BAD_CHECKSUM, "wrong_secret"),
    "a refusal for another reason": (NO_HOOK, "refused"),
    "no returncode": (b"<response/>", "not_understood"),
    "an unknown returncode": (NOT_FOUND.replace(b"FAILED", b"MAYBE"), "refused"),
    "no run of the meeting": (info(occurrence=""), "not_understood"),
    "no list": (info().replace(b"attendees>", b"others>"), "not_settled"),
    "people who have left in the list": (info(("cl-0001", "VIEWER"), count=0), "not_settled"),
    "fewer in the list than counted": (info(count=1), "not_settled"),
    "no count": (info().replace(b"participantCount>", b"count>"), "not_understood"),
    "somebody without an id": (info(("", "VIEWER")), "not_understood"),
    "a document type": (b"<!DOCTYPE response><response/>", "not_understood"),
    "an entity of a file": (
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + info(("&x;", "VIEWER")),
        "not_understood",
    ),
    "an entity of its own": (
        b'<!DOCTYPE r [<!ENTITY x "cl-0001">]>' + info(("&x;", "VIEWER")),
        "not_understood",
    ),
    "entities that grow": (
        b'<!DOCTYPE r [<!ENTITY a0 "lol">' + BOMB + b"]>" + info(("&a9;", "VIEWER")),
        "not_understood",
    ),
    "a document type in UTF-16": (
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE r><response/>'.encode("utf-16"),
        "not_understood",
    ),
    "an unknown encoding": (b'<?xml version="1.0" encoding="x-none"?><response/>', "not_understood"),
    "an entity that nobody made": (info(("&x;", "VIEWER")), "not_understood"),
}


@pytest.mark.parametrize(("answer", "reason"), NOT_ANSWERS.values(), ids=NOT_ANSWERS)
def test_what_is_no_answer_tells_nothing_and_is_not_repeated(answer: bytes, reason: str) -> None:
    with pytest.raises(NotTold) as refusal:
        asked(answer)
    assert str(refusal.value) == reason


@pytest.mark.parametrize("status", [201, 302, 403, 404, 500])
def test_another_status_tells_nothing(status: int) -> None:
    with pytest.raises(NotTold, match="status"):
        asked(info(), status)


def test_deep_xml_is_read_or_refused() -> None:
    with pytest.raises(NotTold):
        asked(b"<a>" * 100_000)
    with pytest.raises(NotTold):
        asked(b"<response>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</response>")


def test_a_new_hook_is_made_once() -> None:
    assert registered(CREATED) == ["create"]


def test_a_hook_that_is_there_is_looked_at_and_left_alone() -> None:
    assert registered(DUPLICATE, LISTED, hook="http://127.0.0.1:8901/bbb/api") == ["create", "list"]


@pytest.mark.parametrize("path", ["raw", "two"], ids=["raw messages", "one meeting and two kinds"])
def test_a_hook_that_does_not_bring_what_is_needed_is_made_anew(path: str) -> None:
    hook = f"http://127.0.0.1:8901/bbb/api/{path}"
    assert registered(DUPLICATE, LISTED, GONE, CREATED, hook=hook) == ["create", "list", "destroy", "create"]


def test_a_hook_for_one_meeting_is_made_anew() -> None:
    listed = LISTED.replace(b"<eventID>user-joined,user-left</eventID>", b"")
    hook = "http://127.0.0.1:8901/bbb/api/two"
    assert registered(DUPLICATE, listed, GONE, CREATED, hook=hook) == ["create", "list", "destroy", "create"]


@pytest.mark.parametrize(
    ("kinds", "enough"),
    [
        ("user-joined,user-left", False),
        (
            "meeting-created,meeting-ended,user-joined,user-left,meeting-recording-started,"
            "meeting-recording-stopped,poll-started",
            True,
        ),
    ],
)
def test_a_hook_for_some_kinds_will_do_if_ours_are_among_them(kinds: str, enough: bool) -> None:
    listed = LISTED.replace(b"<rawData>true</rawData>", b"<rawData>false</rawData>")
    listed = listed.replace(
        b"api/raw]]></callbackURL>", f"api/raw]]></callbackURL><eventID>{kinds}</eventID>".encode()
    )
    more = () if enough else (GONE, CREATED)
    made = registered(DUPLICATE, listed, *more, hook="http://127.0.0.1:8901/bbb/api/raw")
    assert made == ["create", "list", *(["destroy", "create"] if more else [])]


@pytest.mark.parametrize(
    "answers",
    [
        (BAD_CHECKSUM,),
        (RECORDED[10],),
        (DUPLICATE, RECORDED[6]),
        (DUPLICATE, LISTED, NO_HOOK),
        (DUPLICATE, LISTED, GONE, BAD_CHECKSUM),
        (b"<html/>",),
    ],
)
def test_a_hook_that_could_not_be_made_is_said_to_be(answers: tuple[bytes, ...]) -> None:
    with pytest.raises(NotTold):
        registered(*answers, hook="http://127.0.0.1:8901/bbb/api/raw")


def test_the_secret_stays_out_of_what_is_printed() -> None:
    (request,) = played(bigbluebutton.ask(HOST, CALL, ACCOUNT, NOW), info())[1]

    assert ACCOUNT.secret not in repr(ACCOUNT)
    assert ACCOUNT.secret not in request.url


@pytest.mark.parametrize(
    "account",
    [
        {},
        {"secret": ""},
        {"secret": "x", "checksum": "md5"},
        {"secret": "x", "api_path": "no/slash"},
        {"secret": "x", "y": 1},
    ],
)
def test_an_account_that_makes_no_sense_is_refused(account: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Account.model_validate(account)


@given(st.text(min_size=1, max_size=20), st.sampled_from(["", "/bigbluebutton/api", "/a/b-c"]))
def test_an_http_client_sends_the_address_as_it_was_signed(meeting: str, path: str) -> None:
    account = ACCOUNT.model_copy(update={"api_path": path} if path else {})
    try:
        meeting.encode()
    except UnicodeEncodeError:
        return
    request = next(bigbluebutton.ask(HOST, Call(meeting, "o", {}), account, NOW))

    assert str(URL(request.url)) == request.url
    assert parse_qs(URL(request.url).raw_query_string, strict_parsing=True)["meetingID"] == [meeting]


def test_a_browser_is_who_the_page_s_token_says() -> None:
    claims = {
        "iss": "bigbluebutton",
        "aud": "fermata",
        "sub": "cl-0001",
        "meeting": "room-1",
        "role": "client",
    }
    times = {"iat": STAMP, "exp": STAMP + 900, "jti": "j1"}
    header = {"alg": "HS256", "typ": "JWT", "kid": "o1"}
    found = bigbluebutton.who(signed(header, {**claims, **times}, KEYS["o1"]), KEYS, NOW)

    assert (found.meeting, found.occurrence, found.person, found.role) == (
        "room-1",
        None,
        "cl-0001",
        Role.CLIENT,
    )
    for changed in ({"iss": "jitsi"}, {"exp": None}, {"aud": "other"}, {"exp": STAMP + 86400}):
        with pytest.raises(Unacceptable):
            bigbluebutton.who(signed(header, {**claims, **times, **changed}, KEYS["o1"]), KEYS, NOW)
