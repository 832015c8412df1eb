from datetime import UTC, datetime

import pytest

from plugin.hosts import NAMES, named
from plugin.signed import Unacceptable
from tests.forged import KEYS, NOW, STAMP, signed
from webhooks.events import Role


def sandbox_token(**changes: object) -> str:
    whole = {
        "iss": "sandbox",
        "aud": "fermata",
        "sub": "person-1",
        "meeting": "room-1",
        "occurrence": "run-1",
        "role": "client",
        "iat": STAMP,
        "exp": STAMP + 900,
        "jti": "j1",
        **changes,
    }
    document = {name: value for name, value in whole.items() if value is not None}
    return signed({"alg": "HS256", "typ": "JWT", "kid": "o1"}, document, KEYS["o1"])


def livekit_token(grants: dict[str, object] | None = None, **changes: object) -> str:
    whole = {
        "iss": "o1",
        "sub": "person-1",
        "nbf": STAMP,
        "exp": STAMP + 6 * 3600,
        "attributes": {"role": "therapist"},
        "video": {"roomJoin": True, "room": "room-1", **(grants or {})},
        **changes,
    }
    document = {name: value for name, value in whole.items() if value is not None}
    return signed({"alg": "HS256", "typ": "JWT"}, document, KEYS["o1"])


def test_the_sandbox_names_its_participant() -> None:
    found = named("sandbox").who(sandbox_token(), KEYS, NOW)
    assert (found.meeting, found.occurrence, found.person) == ("room-1", "run-1", "person-1")
    assert found.role is Role.CLIENT


@pytest.mark.parametrize("role", [None, "admin", 7, ["client"], "Client"])
def test_a_role_that_is_none_of_ours_gives_none(role: object) -> None:
    assert named("sandbox").who(sandbox_token(role=role), KEYS, NOW).role is None


SANDBOX_ATTACKS: dict[str, dict[str, object]] = {
    "other issuer": {"iss": "livekit"},
    "other audience": {"aud": "somebody"},
    "audience list": {"aud": ["fermata"]},
    "no subject": {"sub": None},
    "no meeting": {"meeting": None},
    "no occurrence": {"occurrence": None},
    "no jti": {"jti": None},
    "no exp": {"exp": None},
    "expired": {"iat": STAMP - 1000, "exp": STAMP - 100},
    "lives a day": {"exp": STAMP + 86400},
    "future": {"iat": STAMP + 600},
}


@pytest.mark.parametrize("changes", SANDBOX_ATTACKS.values(), ids=SANDBOX_ATTACKS)
def test_a_bent_sandbox_token_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Unacceptable):
        named("sandbox").who(sandbox_token(**changes), KEYS, NOW)


def test_livekit_s_own_library_makes_tokens_that_are_understood() -> None:
    from livekit.api import AccessToken, VideoGrants

    token = (
        AccessToken("o1", KEYS["o1"])
        .with_identity("person-1")
        .with_attributes({"role": "client"})
        .with_grants(VideoGrants(room_join=True, room="room-1"))
        .to_jwt()
    )
    found = named("livekit").who(token, KEYS, datetime.now(UTC))
    assert (found.meeting, found.occurrence, found.person, found.role) == (
        "room-1",
        None,
        "person-1",
        Role.CLIENT,
    )


def test_who_may_change_their_own_attributes_has_no_role_by_them() -> None:
    token = livekit_token({"canUpdateOwnMetadata": True})
    assert named("livekit").who(token, KEYS, NOW).role is None


LIVEKIT_ATTACKS: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "hidden": ({"hidden": True}, {}),
    "an agent": ({}, {"kind": "agent"}),
    "no join": ({"roomJoin": False}, {}),
    "no room": ({"room": ""}, {}),
    "room list": ({"room": ["room-1"]}, {}),
    "no identity": ({}, {"sub": None}),
    "no video": ({}, {"video": None}),
    "no exp": ({}, {"exp": None}),
    "no start": ({}, {"nbf": None}),
    "expired": ({}, {"nbf": STAMP - 9000, "exp": STAMP - 60}),
    "for a week": ({}, {"exp": STAMP + 7 * 86400}),
    "unknown key": ({}, {"iss": "o9"}),
}


@pytest.mark.parametrize(("video", "changes"), LIVEKIT_ATTACKS.values(), ids=LIVEKIT_ATTACKS)
def test_a_bent_livekit_token_is_refused(video: dict[str, object], changes: dict[str, object]) -> None:
    with pytest.raises(Unacceptable):
        named("livekit").who(livekit_token(video, **changes), KEYS, NOW)


def test_every_host_that_is_named_can_be_spoken_to() -> None:
    assert all(callable(named(name).who) for name in NAMES)
    with pytest.raises(KeyError):
        named("os")
