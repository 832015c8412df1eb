"""Callbacks that claim to be Twilio's and are not, and what becomes of those that are."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest

from tests.webhooks.known import known
from tests.webhooks.samples import NOW, with_header, without_header
from webhooks import twilio
from webhooks.delivery import Delivery, Malformed, NotAccepted, Reason, Unsigned
from webhooks.events import (
    HostFact,
    MeetingEnded,
    MeetingStarted,
    PersonJoined,
    PersonLeft,
    RecordingStarted,
    Role,
)

HOST = known("twilio")
ACCOUNT, SHARED = HOST.keys
SIGNATURE, SETTINGS = "X-Twilio-Signature", "X-Twilio-Webhooks-Signature-Settings"
ROOM, BEN, TRACK = "RM" + "1" * 32, "PA" + "2" * 32, "MT" + "3" * 32
STAMP = "2026-11-23T14:00:00.000Z"

Fields = dict[str, str]


def fields(event: str = "participant-connected", **changed: str | None) -> Fields:
    """The parameters of a callback; one given as None is left out."""
    usual: dict[str, str | None] = {
        "RoomStatus": "in-progress",
        "RoomType": "group",
        "RoomSid": ROOM,
        "RoomName": "room-1",
        "ParticipantStatus": "connected",
        "ParticipantIdentity": "client:ben",
        "ParticipantSid": BEN,
        "SequenceNumber": "3",
        "StatusCallbackEvent": event,
        "Timestamp": STAMP,
        "AccountSid": ACCOUNT,
        **changed,
    }
    return {name: value for name, value in usual.items() if value is not None}


def form(document: Fields) -> bytes:
    return urlencode(document, quote_via=quote).encode()


def made(
    document: Fields, *, key_id: str = ACCOUNT, body: bytes | None = None, url: str = HOST.url
) -> Delivery:
    """A callback signed as it stands: ``sign`` would put its Timestamp anew."""
    pairs = list(document.items())
    algorithm = "sha256" if key_id == SHARED else "sha1"
    signature = twilio._signature(HOST.keys[key_id], url, pairs, algorithm)
    return Delivery(((SIGNATURE, signature),), form(document) if body is None else body, HOST.url)


def moved(one: str, other: str) -> Delivery:
    """A callback whose letters moved from a name to a value: what is signed stays the same text."""
    good = made(fields())
    assert one.encode() in good.body
    return replace(good, body=good.body.replace(one.encode(), other.encode()))


GOOD = HOST.signed(form(fields()), NOW)
BY_SHARED_KEY = HOST.signed(form(fields()), NOW, key_id=SHARED)

ATTACKS = {
    "no signature": (without_header(GOOD, SIGNATURE), Reason.MISSING_HEADER),
    "an empty signature": (with_header(GOOD, SIGNATURE, ""), Reason.MISSING_HEADER),
    "two signatures": (
        replace(GOOD, headers=(*GOOD.headers, (SIGNATURE, "AAAA"))),
        Reason.DOUBLED_HEADER,
    ),
    "settings twice": (
        replace(BY_SHARED_KEY, headers=(*BY_SHARED_KEY.headers, (SETTINGS, f"key={ACCOUNT}"))),
        Reason.DOUBLED_HEADER,
    ),
    "empty settings": (with_header(GOOD, SETTINGS, " "), Reason.MISSING_HEADER),
    "settings without an algorithm": (
        with_header(BY_SHARED_KEY, SETTINGS, f"key={SHARED}"),
        Reason.WRONG_ALGORITHM,
    ),
    "algorithm none": (
        with_header(BY_SHARED_KEY, SETTINGS, f"key={SHARED},algorithm=none"),
        Reason.WRONG_ALGORITHM,
    ),
    "MD5": (with_header(BY_SHARED_KEY, SETTINGS, f"key={SHARED},algorithm=HMAC_MD5"), Reason.WRONG_ALGORITHM),
    "settings without a key": (with_header(GOOD, SETTINGS, "algorithm=HMAC_SHA1"), Reason.UNKNOWN_KEY),
    "another key": (
        with_header(BY_SHARED_KEY, SETTINGS, "key=webhooks_sharedkey_x,algorithm=HMAC_SHA256"),
        Reason.UNKNOWN_KEY,
    ),
    "the other key named": (
        with_header(BY_SHARED_KEY, SETTINGS, f"key={ACCOUNT},algorithm=HMAC_SHA256"),
        Reason.WRONG_SIGNATURE,
    ),
    "the shared key with SHA-1": (
        with_header(BY_SHARED_KEY, SETTINGS, f"key={SHARED},algorithm=HMAC_SHA1"),
        Reason.WRONG_SIGNATURE,
    ),
    "settings taken away": (without_header(BY_SHARED_KEY, SETTINGS), Reason.WRONG_SIGNATURE),
    "another secret": (HOST.signed(form(fields()), NOW, secret="x" * 32), Reason.WRONG_SIGNATURE),
    "another signature": (with_header(GOOD, SIGNATURE, "A" * 27 + "="), Reason.WRONG_SIGNATURE),
    "a signature beyond ASCII": (with_header(GOOD, SIGNATURE, "é"), Reason.WRONG_SIGNATURE),
    "another role": (
        replace(GOOD, body=GOOD.body.replace(b"client%3A", b"therapist%3A")),
        Reason.WRONG_SIGNATURE,
    ),
    "another practice's address": (
        replace(GOOD, url=GOOD.url.replace("north", "south")),
        Reason.WRONG_SIGNATURE,
    ),
    "an address with a query more": (replace(GOOD, url=GOOD.url + "?a=b"), Reason.WRONG_SIGNATURE),
    "no address": (replace(GOOD, url=""), Reason.WRONG_SIGNATURE),
    "an address that is none": (replace(GOOD, url="https://[::1"), Reason.WRONG_SIGNATURE),
    "a body that is JSON": (replace(GOOD, body=b'{"RoomSid":"RM"}'), Reason.WRONG_SIGNATURE),
    "an empty body": (replace(GOOD, body=b""), Reason.WRONG_SIGNATURE),
    "a value written in small digits": (moved("client%3A", "client%3a"), Reason.WRONG_SIGNATURE),
    "a value written in the open": (moved("client%3A", "client:"), Reason.WRONG_SIGNATURE),
    "a letter written as a number": (moved("client%3A", "clien%74%3A"), Reason.WRONG_SIGNATURE),
    "a letter from a name to its value": (moved("RoomSid=RM", "RoomSi=dRM"), Reason.BAD_BODY),
    "a letter from a value to its name": (moved("RoomSid=R", "RoomSidR="), Reason.BAD_BODY),
    "the role becomes a part of a name": (
        moved("ParticipantIdentity=client%3A", "ParticipantIdentityclient=%3A"),
        Reason.BAD_BODY,
    ),
    "a letter of a value that is not read": (moved("SequenceNumber=3", "SequenceNumbe=r3"), Reason.BAD_BODY),
    "the event becomes a part of a name": (moved("Event=p", "Eventp="), Reason.BAD_BODY),
    "the last letter as a name": (moved("00.000Z", "00.000&Z="), Reason.BAD_TIMESTAMP),
    "a name that is empty": (moved("&SequenceNumber", "&=&SequenceNumber"), Reason.BAD_BODY),
    "a pair that stands twice": (moved("RoomType=group", "RoomType=group&RoomType=group"), Reason.BAD_BODY),
    "a name with two values": (
        made(fields(), body=form(fields()) + b"&RoomType=group&RoomType=group"),
        Reason.BAD_BODY,
    ),
    "no time": (made(fields(Timestamp=None)), Reason.BAD_TIMESTAMP),
    "a time in seconds": (made(fields(Timestamp="1795442400")), Reason.BAD_TIMESTAMP),
    "a time without a zone": (made(fields(Timestamp=STAMP[:-1])), Reason.BAD_TIMESTAMP),
    "a time in another zone": (made(fields(Timestamp=STAMP[:-1] + "+01:00")), Reason.BAD_TIMESTAMP),
    "a day that is none": (made(fields(Timestamp="2026-06-31T00:00:00Z")), Reason.BAD_TIMESTAMP),
    "24 h and 1 s old": (made(fields(Timestamp="2026-11-22T13:59:59.000Z")), Reason.TOO_OLD),
    "61 s ahead": (made(fields(Timestamp="2026-11-23T14:01:01.000Z")), Reason.TOO_EARLY),
}


@pytest.mark.parametrize(("delivery", "reason"), ATTACKS.values(), ids=ATTACKS)
def test_it_is_refused_for_its_reason_and_the_refusal_quotes_nothing(
    delivery: Delivery, reason: Reason
) -> None:
    with pytest.raises(NotAccepted) as refusal:
        twilio.verify(delivery, HOST.keys, NOW)
    assert refusal.value.reason is reason
    assert str(refusal.value) == reason.value
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


NOBODY = dict.fromkeys(("ParticipantStatus", "ParticipantIdentity", "ParticipantSid"))


@pytest.mark.parametrize("document", [fields(), fields("room-ended", **NOBODY)])
def test_wherever_a_name_is_made_to_end_nothing_else_is_read_out_of_the_same_signature(
    document: Fields,
) -> None:
    body = HOST.signed(form(document), NOW).body
    good = HOST.signed(body, NOW)
    for place in (n for n, letter in enumerate(body) if letter == ord("=")):
        for by in range(-4, 5):
            rest = body[:place] + body[place + 1 :]
            other = rest[: place + by] + b"=" + rest[place + by :]
            assert other == body or not _accepted(replace(good, body=other)), other
        assert not _accepted(replace(good, body=body[:place] + body[place + 1 :]))


def _accepted(delivery: Delivery) -> bool:
    try:
        return bool(twilio.verify(delivery, HOST.keys, NOW))
    except NotAccepted:
        return False


@pytest.mark.parametrize(
    ("signed", "arrived"),
    [
        (HOST.url, HOST.url),
        (HOST.url.replace(".example", ".example:443"), HOST.url),
        (HOST.url, HOST.url.replace(".example", ".example:443")),
        ("http://fermata.example:80/a?b=c", "http://fermata.example/a?b=c"),
        ("https://fermata.example/a?b=c", "https://fermata.example:8443/a?b=c"),
        ("https://me:pw@fermata.example:443/a", "https://me:pw@fermata.example/a"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]:443/a"),
    ],
)
def test_the_port_may_be_signed_or_not(signed: str, arrived: str) -> None:
    delivery = replace(made(fields(), url=signed), url=arrived)

    assert twilio.verify(delivery, HOST.keys, NOW) == ACCOUNT


@pytest.mark.parametrize("key_id", HOST.keys)
@pytest.mark.parametrize("hours", [0, 24])
def test_either_kind_of_key_signs_for_a_day(key_id: str, hours: int) -> None:
    delivery = HOST.signed(form(fields()), NOW, key_id=key_id)

    assert twilio.verify(delivery, HOST.keys, NOW + timedelta(hours=hours)) == key_id
    assert any(header == SETTINGS for header, _ in delivery.headers) is (key_id == SHARED)


def test_settings_are_read_with_spaces_and_in_any_order() -> None:
    settings = f"algorithm = HMAC_SHA256 , key={SHARED}, more"

    assert twilio.verify(with_header(BY_SHARED_KEY, SETTINGS, settings), HOST.keys, NOW) == SHARED


def test_an_empty_secret_never_vouches() -> None:
    delivery = HOST.signed(form(fields()), NOW, secret="")

    with pytest.raises(Unsigned):
        twilio.verify(delivery, {ACCOUNT: ""}, NOW)


@pytest.mark.parametrize("body", [b"", b"RoomSid=RM1", b"{}", b"Timestamp", "Timestamp=ü".encode()])
def test_a_body_without_a_place_for_the_stamp_cannot_be_signed(body: bytes) -> None:
    with pytest.raises(ValueError, match="Timestamp"):
        HOST.signed(body, NOW)


@pytest.mark.parametrize(("secret", "words"), [("secret", "6 bytes"), ("5ef8732a" * 3, "24 bytes")])
def test_a_short_secret_is_called_weak(secret: str, words: str) -> None:
    assert words in (twilio.weakness(secret) or "")


def read(document: Fields) -> list[HostFact]:
    return twilio.read(Delivery((), form(document)))


def key(document: Fields) -> str:
    return twilio.key(Delivery((), form(document)))


PERSON = {"person": "ben", "connection": BEN}


@pytest.mark.parametrize(
    ("event", "kind", "more"),
    [
        ("room-created", MeetingStarted, {}),
        ("room-ended", MeetingEnded, {}),
        ("participant-connected", PersonJoined, {**PERSON, "role": Role.CLIENT, "sole": True}),
        ("participant-disconnected", PersonLeft, PERSON),
        ("recording-started", RecordingStarted, {}),
    ],
)
def test_a_callback_gives_its_one_fact(event: str, kind: type[HostFact], more: dict[str, object]) -> None:
    document = fields(event, RecordingSid="RT" + "4" * 32)
    stem = {"host": "twilio", "meeting": "room-1", "occurrence": ROOM, "at": NOW, "key": key(document)}

    assert read(document) == [kind.model_validate({**stem, **more})]


@pytest.mark.parametrize(
    "document",
    [
        *(
            fields(f"track-{what}", TrackSid=TRACK, TrackKind="audio")
            for what in ("added", "removed", "disabled")
        ),
        *(fields(f"recording-{what}", RecordingSid="RT" + "4" * 32) for what in ("completed", "failed")),
        fields("participant-reconnecting"),
        fields("room-something-new"),
        {"StatusCallbackEvent": "composition-available", "Timestamp": STAMP, "CompositionSid": "CJ1"},
    ],
)
def test_tracks_and_one_track_s_finished_recording_tell_nothing(document: Fields) -> None:
    assert read(document) == []
    assert key(document)
    assert twilio.verify(made(document), HOST.keys, NOW) == ACCOUNT


@pytest.mark.parametrize(
    ("identity", "person", "role"),
    [
        ("client:ben", "ben", Role.CLIENT),
        ("therapist:ana", "ana", Role.THERAPIST),
        ("client:a:b", "a:b", Role.CLIENT),
        ("client:therapist:ana", "therapist:ana", Role.CLIENT),
        ("Client:ben", "Client:ben", None),
        ("owner:ben", "owner:ben", None),
        (":ben", ":ben", None),
        ("client:", "client:", None),
        ("client", "client", None),
        ("ben@practice", "ben@practice", None),
        ("Ana: ward 7 & more + ü", "Ana: ward 7 & more + ü", None),
    ],
)
def test_an_identity_may_carry_a_role_of_ours(identity: str, person: str, role: Role | None) -> None:
    (fact,) = read(fields(ParticipantIdentity=identity))

    assert isinstance(fact, PersonJoined)
    assert (fact.person, fact.role) == (person, role) == twilio.person_of(identity)


@pytest.mark.parametrize(
    "other",
    [
        fields("participant-disconnected"),
        fields(RoomSid="RM" + "9" * 32),
        fields(ParticipantSid="PA" + "9" * 32),
        fields(Timestamp="2026-11-23T14:00:00.001Z"),
        fields("room-created"),
        fields("track-added", TrackSid=TRACK, TrackKind="audio"),
    ],
)
def test_a_key_tells_events_apart_and_is_not_changed_by_their_order(other: Fields) -> None:
    turned = dict(reversed(fields().items()))

    assert key(turned) == key(fields(SequenceNumber="99"))
    assert key(other) != key(fields())


SHAPELESS = {
    "no room": fields(RoomSid=None),
    "no room name": fields(RoomName=None),
    "an empty room name": fields(RoomName=""),
    "an endless room name": fields(RoomName="r" * 257),
    "a room name with a line end": fields(RoomName="r\n"),
    "a room's id that is a name": fields(RoomSid="room-1"),
    "another kind of id": fields(RoomSid=BEN),
    "an id with a line end": fields(RoomSid=ROOM + "\n"),
    "no account": fields(AccountSid=None),
    "no event": fields(StatusCallbackEvent=None),
    "an empty event": fields(""),
    "no number": fields(SequenceNumber=None),
    "a number that is none": fields(SequenceNumber="three"),
    "no participant": fields(ParticipantSid=None),
    "no identity": fields(ParticipantIdentity=None),
    "an identity with a bell": fields(ParticipantIdentity="client:\a"),
    "a track without id": fields("track-added"),
    "a recording without id": fields("recording-started"),
    "an event that is a sentence": fields("participant-connected today"),
    "a name in small letters": fields(roomSid=ROOM),
}


@pytest.mark.parametrize("document", SHAPELESS.values(), ids=SHAPELESS)
def test_a_signed_callback_of_no_shape_is_malformed_and_nothing_else(document: Fields) -> None:
    for act in (
        lambda: twilio.verify(made(document), HOST.keys, NOW),
        lambda: key(document),
        lambda: read(document),
    ):
        with pytest.raises(Malformed) as refusal:
            act()
        assert refusal.value.reason is Reason.BAD_BODY


@pytest.mark.parametrize("file", HOST.about.sessions)
def test_a_session_with_a_reload_keeps_the_client_by_connection(file: str) -> None:
    facts = HOST.facts(file)

    assert [fact.type for fact in facts] == [
        "meeting_started",
        "person_joined",
        "person_joined",
        "recording_started",
        "recording_started",
        "person_joined",
        "person_left",
        "person_left",
        "person_left",
        "meeting_ended",
    ]
    opened = [(fact.person, fact.connection) for fact in facts if isinstance(fact, PersonJoined)]
    closed = [(fact.person, fact.connection) for fact in facts if isinstance(fact, PersonLeft)]
    assert closed[0] == opened[1]
    assert sorted(map(str, opened)) == sorted(map(str, closed))
    assert len({(fact.meeting, fact.occurrence) for fact in facts}) == 1


def test_no_leave_is_deliberate_and_every_join_is_the_only_one() -> None:
    facts = [fact for file in (*HOST.about.sessions, "odd") for fact in HOST.facts(file)]

    assert all(fact.sole for fact in facts if isinstance(fact, PersonJoined))
    assert not any(fact.deliberate for fact in facts if isinstance(fact, PersonLeft))
