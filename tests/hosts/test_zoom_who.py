"""The token of the page that opens a Zoom meeting: the one any page can make, for Zoom alone."""

from typing import Any

import jwt
import pytest

from plugin.hosts import named
from plugin.hosts.host import Host
from plugin.signed import Expired, Unacceptable
from tests.forged import KEYS, NOW, STAMP, encoded, signed
from webhooks.events import Role

HEADER = {"alg": "HS256", "typ": "JWT", "kid": "o1"}
CLAIMS = {
    "iss": "zoom",
    "aud": "fermata",
    "sub": "patient-17",
    "meeting": "84177662364",
    "role": "client",
    "iat": STAMP,
    "exp": STAMP + 900,
    "jti": "j1",
}


def token(header: dict[str, Any] | None = None, secret: str = KEYS["o1"], **claims: object) -> str:
    whole = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return signed({**HEADER, **(header or {})}, whole, secret)


def test_it_names_the_person_of_the_record_and_the_meeting_by_its_number() -> None:
    assert isinstance(named("zoom"), Host)
    found = named("zoom").who(token(), KEYS, NOW)

    assert (found.meeting, found.occurrence, found.person) == ("84177662364", None, "patient-17")
    assert found.role is Role.CLIENT


def test_it_may_name_the_run() -> None:
    assert named("zoom").who(token(occurrence="Fk+Ana/Ben=="), KEYS, NOW).occurrence == "Fk+Ana/Ben=="


@pytest.mark.parametrize("role", [None, "host", "Therapist", 1, ["therapist"]])
def test_a_word_that_is_no_role_of_ours_gives_none(role: object) -> None:
    assert named("zoom").who(token(role=role), KEYS, NOW).role is None


PUBLIC = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"
UNSIGNED = ".".join((token({"alg": "none"}).rsplit(".", 1)[0], encoded(b"x" * 33)))
FORGED = {
    "no algorithm": UNSIGNED,
    "another algorithm": jwt.encode(CLAIMS, KEYS["o1"] * 2, "HS512", headers={"kid": "o1"}),
    "RS256 in its header": token({"alg": "RS256"}),
    "signed with a public key as if it were a secret": token(secret=PUBLIC),
    "another secret": token(secret=KEYS["o0"]),
    "an unknown key": token({"kid": "o9"}),
    "a key that is a list": token({"kid": ["o1"]}),
    "a critical header": token({"crit": ["x"]}),
    "of the sandbox": token(iss="sandbox"),
    "for somebody else": token(aud="zoom"),
    "nobody": token(sub=None),
    "no meeting": token(meeting=None),
    "a meeting that is a number": token(meeting=84177662364),
    "a run that is a list": token(occurrence=["x"]),
    "no end": token(exp=None),
    "an end as text": token(exp=str(STAMP + 900)),
    "a life of a day": token(exp=STAMP + 86_400),
    "from the future": token(iat=STAMP + 60),
    "no id": token(jti=None),
    "a token of Zoom's SDK": signed(
        {"alg": "HS256", "typ": "JWT"}, {"appKey": "k", "mn": "841", "role": 1}, KEYS["o1"]
    ),
    "Zoom's app context": "DAAB" * 40,
}


@pytest.mark.parametrize("given", FORGED.values(), ids=FORGED)
def test_a_bent_token_is_refused(given: str) -> None:
    with pytest.raises(Unacceptable):
        named("zoom").who(given, KEYS, NOW)


def test_an_old_one_has_expired() -> None:
    with pytest.raises(Expired):
        named("zoom").who(token(iat=STAMP - 1000, exp=STAMP - 100), KEYS, NOW)
