"""Whereby: the participant is who the embedding page says, in a token of its own."""

import pytest

from plugin.hosts import named, whereby
from plugin.hosts.host import Askable
from plugin.signed import Unacceptable
from tests.forged import KEYS, NOW, STAMP, signed
from webhooks.events import Role


def token(**changes: object) -> str:
    claims = {
        "iss": "whereby",
        "aud": "fermata",
        "sub": "person-1",
        "meeting": "room-1",
        "role": "client",
        "iat": STAMP,
        "exp": STAMP + 900,
        "jti": "j1",
        **changes,
    }
    return signed({"alg": "HS256", "typ": "JWT", "kid": "o1"}, claims, KEYS["o1"])


def test_the_page_names_its_participant() -> None:
    found = named("whereby").who(token(), KEYS, NOW)

    assert (found.meeting, found.occurrence, found.person, found.role) == (
        "room-1",
        None,
        "person-1",
        Role.CLIENT,
    )


@pytest.mark.parametrize(
    "changes", [{"iss": "sandbox"}, {"aud": "whereby"}, {"exp": STAMP - 60}, {"meeting": ""}]
)
def test_a_bent_token_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Unacceptable):
        named("whereby").who(token(**changes), KEYS, NOW)


def test_nobody_can_be_asked() -> None:
    assert not isinstance(whereby, Askable)
