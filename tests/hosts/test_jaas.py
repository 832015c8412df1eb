"""The token of a JaaS page, checked with the public half of the practice's own key."""

import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from plugin.hosts import jaas, named
from plugin.hosts.host import Askable
from plugin.keys import strong
from plugin.signed import Expired, Unacceptable
from tests.forged import NOW, STAMP, encoded, signed
from webhooks.events import Role

APP = "vpaas-magic-cookie-0001"


def _pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


(PRIVATE, PUBLIC), (OTHER_PRIVATE, OTHER_PUBLIC) = _pair(), _pair()
KEYS = {f"{APP}/4f4910": PUBLIC, "vpaas-magic-cookie-0002/4f4910": OTHER_PUBLIC}
USER = {"id": "person-1", "name": "Ana Example", "email": "ana@example.com", "moderator": "true"}


def token(
    *, key: str = PRIVATE, kid: object = f"{APP}/4f4910", user: object = USER, **changes: object
) -> str:
    whole = {
        "aud": "jitsi",
        "iss": "chat",
        "sub": APP,
        "room": "Room-1",
        "context": {"user": user, "features": {"recording": False}, "room": {"regex": False}},
        "nbf": STAMP - 10,
        "exp": STAMP + 7200,
        **changes,
    }
    document = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(document, key, "RS256", {"kid": kid} if kid is not None else {})


def test_it_names_its_participant_and_the_room_as_webhooks_write_it() -> None:
    found = named("jaas").who(token(), KEYS, NOW)

    assert (found.meeting, found.occurrence, found.person, found.role) == (
        "room-1",
        None,
        "person-1",
        Role.THERAPIST,
    )
    assert found.until == NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("moderator", "role"),
    [
        (True, Role.THERAPIST),
        ("true", Role.THERAPIST),
        (False, Role.CLIENT),
        ("false", Role.CLIENT),
        (None, Role.CLIENT),
        (1, Role.CLIENT),
        ("yes", Role.CLIENT),
    ],
)
def test_a_moderator_is_a_therapist_as_truth_and_as_word(moderator: object, role: Role) -> None:
    assert named("jaas").who(token(user={**USER, "moderator": moderator}), KEYS, NOW).role is role


def test_a_token_without_nbf_is_counted_from_when_it_was_made() -> None:
    bare = token(nbf=None, nbfTime=STAMP, iat=STAMP)

    assert named("jaas").who(bare, KEYS, NOW).person == "person-1"


BENT: dict[str, dict[str, object]] = {
    "another issuer": {"iss": "somebody"},
    "another audience": {"aud": "fermata"},
    "an audience list": {"aud": ["jitsi"]},
    "another app": {"sub": "vpaas-magic-cookie-0002"},
    "no app": {"sub": None},
    "every room": {"room": "*"},
    "a pattern": {"context": {"user": USER, "room": {"regex": True}}},
    "a pattern in words": {"context": {"user": USER, "room": {"regex": "true"}}},
    "no room": {"room": None},
    "a room list": {"room": ["room-1"]},
    "a console token": {"room": None, "admin": True, "context": None},
    "no context": {"context": None},
    "a context that is a list": {"context": []},
    "no user": {"user": None},
    "no id": {"user": {"name": "Ana Example"}},
    "an id that is a number": {"user": {**USER, "id": 7}},
    "no exp": {"exp": None},
    "an exp that is a text": {"exp": str(STAMP + 60)},
    "for two days": {"exp": STAMP + 2 * 86400},
    "no beginning": {"nbf": None},
    "not valid yet": {"nbf": STAMP + 600},
    "another key": {"key": OTHER_PRIVATE},
    "an unknown key": {"kid": f"{APP}/000000"},
    "another app's key": {"key": OTHER_PRIVATE, "kid": "vpaas-magic-cookie-0002/4f4910"},
    "no key id": {"kid": None},
}


@pytest.mark.parametrize("changes", BENT.values(), ids=BENT)
def test_a_bent_token_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Unacceptable):
        named("jaas").who(token(**changes), KEYS, NOW)  # type: ignore[arg-type]


def test_an_old_token_is_expired_and_not_forged() -> None:
    with pytest.raises(Expired):
        named("jaas").who(token(nbf=STAMP - 7200, exp=STAMP - 3600), KEYS, NOW)


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    """Who knows the public key, and that is everybody, must not be able to make a token with it."""
    claims = jwt.decode(token(), options={"verify_signature": False})
    for algorithm in ("HS256", "RS256"):
        forged = signed({"alg": algorithm, "typ": "JWT", "kid": f"{APP}/4f4910"}, claims, PUBLIC)
        with pytest.raises(Unacceptable):
            named("jaas").who(forged, KEYS, NOW)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "PS256", "RS512", "ES256"])
def test_no_other_algorithm_counts(algorithm: str) -> None:
    _, claims, signature = token().split(".")
    head = encoded(json.dumps({"alg": algorithm, "typ": "JWT", "kid": f"{APP}/4f4910"}).encode())
    with pytest.raises(Unacceptable):
        named("jaas").who(f"{head}.{claims}.{signature}", KEYS, NOW)


@pytest.mark.parametrize("key", ["k" * 40, PUBLIC.replace("A", "B"), PRIVATE])
def test_a_key_that_is_no_public_pem_of_its_own_refuses_and_does_not_fall_over(key: str) -> None:
    strange = token(key=OTHER_PRIVATE)
    with pytest.raises(Unacceptable):
        named("jaas").who(strange, {f"{APP}/4f4910": key}, NOW)


def test_a_pem_passes_as_a_strong_key_of_the_settings_and_nobody_can_be_asked() -> None:
    assert strong(KEYS) == KEYS
    assert not isinstance(jaas, Askable)
