"""Deliveries that claim to be BigBlueButton's and are not, and the three recipes of those that are."""

import json
from datetime import timedelta
from itertools import permutations
from time import process_time
from urllib.parse import quote, urlencode

import pytest

from tests.webhooks.bigbluebutton_samples import (
    BBB,
    BEARER,
    BODY,
    SECRET,
    STAMP,
    TYPE,
    URL,
    by_header,
    compact,
    digest,
    form,
    sent,
)
from tests.webhooks.samples import NOW
from webhooks import bigbluebutton
from webhooks.delivery import Delivery, NotAccepted, Reason, Stale, Unsigned, Window
from webhooks.events import PersonJoined

# What somebody can write into the chat: it stands as it is in the text that 2.x digests in place of the body.
CHAT = f"=&event={quote(form()[1][1], safe='')}&timestamp={STAMP}&z="
_, CHAT_TEXT = compact(name=CHAT)
OLD_BODY, OLD_TEXT = compact()
OLD = digest(URL, OLD_TEXT, SECRET, algorithm="sha1")
UNCOVERED = digest(URL, "{}", SECRET, algorithm="sha1")
GOOD = digest(URL, BODY, SECRET)

ATTACKS = {
    "no proof at all": (Delivery(TYPE, BODY, URL), Reason.MISSING_HEADER),
    "an empty header": (by_header(value=" "), Reason.MISSING_HEADER),
    "the header twice": (Delivery((*TYPE, BEARER, BEARER), BODY, URL), Reason.DOUBLED_HEADER),
    "another secret": (sent(checksum=digest(URL, BODY, SECRET[::-1])), Reason.WRONG_SIGNATURE),
    "no secret in it": (sent(checksum=digest(URL, BODY)), Reason.WRONG_SIGNATURE),
    "an empty checksum": (Delivery(TYPE, BODY, f"{URL}?checksum="), Reason.WRONG_SIGNATURE),
    "a checksum cut off": (sent(checksum=GOOD[:-1]), Reason.WRONG_SIGNATURE),
    "the first bytes of a longer one": (sent(checksum=GOOD[:40]), Reason.WRONG_SIGNATURE),
    "capital letters": (sent(checksum=GOOD.upper()), Reason.WRONG_SIGNATURE),
    "letters beyond ASCII": (sent(checksum="é" * 64), Reason.WRONG_SIGNATURE),
    "MD5": (sent(checksum=digest(URL, BODY, SECRET, algorithm="md5")), Reason.WRONG_SIGNATURE),
    "the checksum of another address": (
        sent(checksum=digest(URL + "/", BODY, SECRET)),
        Reason.WRONG_SIGNATURE,
    ),
    "the address without TLS": (
        sent(checksum=digest(URL.replace("https", "http"), BODY, SECRET)),
        Reason.WRONG_SIGNATURE,
    ),
    "an ampersand where no query was": (
        Delivery(TYPE, BODY, f"{URL}&checksum={GOOD}"),
        Reason.WRONG_SIGNATURE,
    ),
    "another body": (sent(BODY.replace(b"VIEWER", b"MODERATOR"), GOOD), Reason.WRONG_SIGNATURE),
    "a body with a line end more": (sent(BODY + b"\n", GOOD), Reason.WRONG_SIGNATURE),
    "a body written anew": (sent(BODY.replace(b"+", b"%20"), GOOD), Reason.WRONG_SIGNATURE),
    "the same fields in another order": (
        sent(urlencode(form()[::-1]).encode(), GOOD),
        Reason.WRONG_SIGNATURE,
    ),
    "an empty body": (sent(b"", GOOD), Reason.WRONG_SIGNATURE),
    "a checksum that covers the address alone": (sent(checksum=UNCOVERED), Reason.BODY_NOT_COVERED),
    "the same made with SHA-256": (sent(checksum=digest(URL, "{}", SECRET)), Reason.BODY_NOT_COVERED),
    "the same made with another secret": (
        sent(checksum=digest(URL, "{}", SECRET[::-1])),
        Reason.WRONG_SIGNATURE,
    ),
    "a wrong checksum beside the right header": (
        sent(checksum="0" * 64, headers=(BEARER,)),
        Reason.WRONG_SIGNATURE,
    ),
    "an empty checksum beside the right header": (
        Delivery((*TYPE, BEARER), BODY, f"{URL}?checksum="),
        Reason.WRONG_SIGNATURE,
    ),
    "a poor checksum beside the right header": (
        sent(checksum=UNCOVERED, headers=(BEARER,)),
        Reason.BODY_NOT_COVERED,
    ),
    "an old sender's values changed": (
        sent(OLD_BODY.replace(b"VIEWER", b"MODERATOR"), OLD),
        Reason.WRONG_SIGNATURE,
    ),
    "an old sender's field doubled": (sent(OLD_BODY + b"&domain=other", OLD), Reason.WRONG_SIGNATURE),
    "a field more than an old sender's": (sent(OLD_BODY + b"&x=1", OLD), Reason.WRONG_SIGNATURE),
    "an old sender's letters written another way": (
        sent(OLD_BODY.replace(b"domain", b"dom%61in"), OLD),
        Reason.WRONG_SIGNATURE,
    ),
    "what an old sender digests, as a body: a chat's text would be its event": (
        sent(CHAT_TEXT.encode(), digest(URL, CHAT_TEXT, SECRET, algorithm="sha1")),
        Reason.BAD_TIMESTAMP,
    ),
    "another secret in the header": (by_header(value=f"Bearer {SECRET[::-1]}"), Reason.WRONG_CREDENTIAL),
    "the secret without its scheme": (by_header(value=SECRET), Reason.WRONG_CREDENTIAL),
    "another scheme": (by_header(value=f"Basic {SECRET}"), Reason.WRONG_CREDENTIAL),
    "the secret and more": (by_header(value=f"{BEARER[1]}x"), Reason.WRONG_CREDENTIAL),
    "an empty secret in the header": (by_header(value="Bearer "), Reason.WRONG_CREDENTIAL),
    **{
        f"{why}, signed": (sent(urlencode(form(stamp=stamp)).encode()), reason)
        for why, stamp, reason in (
            ("no timestamp", "", Reason.BAD_TIMESTAMP),
            ("a timestamp with a sign", "+1795442400000", Reason.BAD_TIMESTAMP),
            ("a timestamp below zero", "-1", Reason.BAD_TIMESTAMP),
            ("a timestamp with a zero in front", f"0{STAMP}", Reason.BAD_TIMESTAMP),
            ("a timestamp with a fraction", f"{STAMP}.0", Reason.BAD_TIMESTAMP),
            ("a timestamp of Arabic digits", "١٧٩٥٤٤٢٤٠٠٠٠٠", Reason.BAD_TIMESTAMP),
            ("an endless timestamp", "9" * 400, Reason.BAD_TIMESTAMP),
            ("a timestamp in seconds", STAMP // 1000, Reason.TOO_OLD),
            ("sent 3601 s ago", STAMP - 3_601_000, Reason.TOO_OLD),
            ("sent 61 s ahead", STAMP + 61_000, Reason.TOO_EARLY),
            ("sent in the year 5138", "9" * 14, Reason.TOO_EARLY),
        )
    },
    "two timestamps, signed": (sent(BODY + b"&timestamp=1"), Reason.BAD_TIMESTAMP),
    "no form, signed": (sent(b'{"event":[]}'), Reason.BAD_TIMESTAMP),
    "no ASCII, signed": (sent(BODY + "&x=é".encode()), Reason.BAD_TIMESTAMP),
    "a form of 201 fields, signed": (sent(BODY + b"&a=1" * 198), Reason.BAD_TIMESTAMP),
    "the right header an hour late": (
        by_header(urlencode(form(stamp=STAMP - 3_601_000)).encode()),
        Reason.TOO_OLD,
    ),
}


@pytest.mark.parametrize(("delivery", "reason"), ATTACKS.values(), ids=ATTACKS)
def test_it_is_refused_for_its_reason_which_names_nothing_of_it(delivery: Delivery, reason: Reason) -> None:
    with pytest.raises(NotAccepted) as refusal:
        bigbluebutton.verify(delivery, {**BBB.keys, "empty": ""}, NOW)
    assert refusal.value.reason is reason
    assert str(refusal.value) == reason.value
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_an_address_of_many_checksums_costs_no_time() -> None:
    url, began = URL + "?checksum=" * 20_000 + "#", process_time()

    with pytest.raises(Unsigned):
        bigbluebutton.verify(Delivery(TYPE, BODY, url), BBB.keys, NOW)
    assert process_time() - began < 1


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("url", [URL, f"{URL}?site=practice%20a&k=1", f"{URL}?checksum=mine"])
def test_the_algorithm_is_told_by_the_length_and_the_checksum_is_the_last(algorithm: str, url: str) -> None:
    delivery = sent(url=url, checksum=digest(url, BODY, SECRET, algorithm=algorithm))

    assert bigbluebutton.verify(delivery, BBB.keys, NOW) == "shared"


@pytest.mark.parametrize("order", list(permutations(form())))
def test_the_fields_of_the_form_may_stand_in_any_order(order: tuple[tuple[str, str], ...]) -> None:
    delivery = sent(urlencode(order).encode())

    assert bigbluebutton.verify(delivery, BBB.keys, NOW) == "shared"
    assert [type(fact) for fact in bigbluebutton.read(delivery)] == [PersonJoined]


@pytest.mark.parametrize("name", ["Zoë Example", 'Ana "A" Example', "back\\slash", "李"])
def test_an_old_sender_that_digests_what_it_meant_is_believed(name: str) -> None:
    body, text = compact(name=json.dumps(name, ensure_ascii=False)[1:-1])
    delivery = sent(body, digest(URL, text, SECRET, algorithm="sha1"))

    assert bigbluebutton.verify(delivery, BBB.keys, NOW) == "shared"


def test_a_right_checksum_needs_no_header_and_is_not_hurt_by_a_wrong_one() -> None:
    assert bigbluebutton.verify(sent(headers=(("Authorization", "Basic x"),)), BBB.keys, NOW) == "shared"


@pytest.mark.parametrize("delivery", [sent(), by_header()], ids=["checksum", "header"])
def test_two_secrets_are_live_and_an_empty_one_never_is(delivery: Delivery) -> None:
    both = {"next": "n" * 32, **BBB.keys}

    assert bigbluebutton.verify(delivery, both, NOW) == "shared"
    with pytest.raises(Unsigned):
        bigbluebutton.verify(delivery, {"next": "n" * 32}, NOW)
    with pytest.raises(Unsigned):
        bigbluebutton.verify(sent(checksum=digest(URL, BODY)), {"empty": ""}, NOW)


@pytest.mark.parametrize("late", [timedelta(hours=1), -timedelta(seconds=60)])
def test_the_ends_of_the_window_are_inside_and_it_can_be_made_smaller(late: timedelta) -> None:
    assert bigbluebutton.verify(sent(), BBB.keys, NOW + late) == "shared"
    with pytest.raises(Stale) as refusal:
        bigbluebutton.verify(sent(), BBB.keys, NOW + late, Window(timedelta(0), timedelta(0)))
    assert refusal.value.seconds == late.total_seconds()


def test_a_sender_that_must_not_give_up_is_answered_what_it_understands() -> None:
    assert bigbluebutton.door.refused == 403
    assert bigbluebutton.door.unreadable == 401


def test_what_is_signed_anew_says_the_new_time_once() -> None:
    delivery = bigbluebutton.sign(BODY, "shared", SECRET, NOW + timedelta(milliseconds=7), key="", url=URL)

    assert delivery.body == BODY.removesuffix(str(STAMP).encode()) + str(STAMP + 7).encode()
    assert delivery.url == f"{URL}?checksum={digest(URL, delivery.body, SECRET)}"
    for body, secret in ((b"event=1", SECRET), (BODY + b"&timestamp=1", SECRET), (BODY, "")):
        with pytest.raises(ValueError, match="no secret"):
            bigbluebutton.sign(body, "shared", secret, NOW, key="", url=URL)


@pytest.mark.parametrize(("secret", "words"), [("", "0 characters"), ("é" * 23, "23 characters")])
def test_a_short_secret_is_called_weak(secret: str, words: str) -> None:
    assert words in (bigbluebutton.weakness(secret) or "")
    assert bigbluebutton.weakness("x" * 24) is None
