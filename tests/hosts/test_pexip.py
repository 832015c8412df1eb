"""Pexip's web app hands out no token, so the page's own is read, and there is nobody to ask."""

import pytest

from plugin.hosts import named, pexip
from plugin.hosts.host import Askable
from plugin.signed import Unacceptable
from tests.forged import KEYS, NOW, STAMP, signed
from webhooks.events import Role


def token(**changes: object) -> str:
    whole = {
        "iss": "pexip",
        "aud": "fermata",
        "sub": "client-ben",
        "meeting": "room-1",
        "role": "client",
        "iat": STAMP,
        "exp": STAMP + 900,
        "jti": "j1",
        **changes,
    }
    return signed({"alg": "HS256", "typ": "JWT", "kid": "o1"}, whole, KEYS["o1"])


def test_the_page_s_token_names_its_participant() -> None:
    found = pexip.who(token(), KEYS, NOW)

    assert (found.meeting, found.occurrence, found.person, found.role) == (
        "room-1",
        None,
        "client-ben",
        Role.CLIENT,
    )


@pytest.mark.parametrize(
    "changes", [{"iss": "sandbox"}, {"aud": "pexip"}, {"exp": STAMP + 86400}, {"sub": ""}]
)
def test_a_bent_token_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Unacceptable):
        pexip.who(token(**changes), KEYS, NOW)


def test_it_cannot_be_asked() -> None:
    assert not isinstance(named("pexip"), Askable)
