import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from plugin.journal import chain
from plugin.journal.sealing import Place, Unsealable, derived, framed, new_key, seal, unseal

KEY = AESGCM(new_key())
PLACE: Place = ("records", "session", 1, "pause")
places = st.lists(st.text(max_size=6) | st.integers(0, 300) | st.binary(max_size=6), max_size=5).map(tuple)


@given(st.binary(max_size=2_000), places)
def test_what_is_sealed_opens_at_its_place(plain: bytes, place: Place) -> None:
    sealed = seal(KEY, plain, place)
    assert unseal(KEY, sealed, place) == plain
    assert len(sealed) == len(plain) + 29


@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_different_parts_never_look_the_same(one: list[bytes], other: list[bytes]) -> None:
    assert (framed(tuple(one)) == framed(tuple(other))) == (one == other)


@pytest.mark.parametrize(
    "place",
    [
        ("records", "session", 2, "pause"),
        ("records", "another", 1, "pause"),
        ("records", "session", 1, "score"),
        ("notes", "session", 1, "pause"),
        ("records", "session", 1),
        ("records", "session1", "", "pause"),
    ],
)
def test_moved_elsewhere_it_does_not_open(place: Place) -> None:
    with pytest.raises(Unsealable):
        unseal(KEY, seal(KEY, b"words", PLACE), place)


def test_any_flipped_or_missing_byte_is_noticed() -> None:
    sealed = seal(KEY, b"words", PLACE)
    for at in range(len(sealed)):
        with pytest.raises(Unsealable):
            unseal(KEY, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], PLACE)
        with pytest.raises(Unsealable):
            unseal(KEY, sealed[:at], PLACE)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(Unsealable):
        unseal(AESGCM(new_key()), seal(KEY, b"words", PLACE), PLACE)


def test_no_nonce_comes_twice() -> None:
    assert len({seal(KEY, b"", ())[1:13] for _ in range(200_000)}) == 200_000


def test_derived_keys_differ_by_purpose_and_are_stable() -> None:
    key = new_key()
    assert derived(key, "index") == derived(key, "index")
    assert len({derived(key, "index"), derived(key, "notes"), derived(new_key(), "index"), key}) == 4


def test_a_link_depends_on_all_that_it_binds() -> None:
    digest = chain.digest(b"sealed")
    base = chain.link(chain.origin("a"), 1, "call", digest)
    others = {
        chain.link(chain.origin("b"), 1, "call", digest),
        chain.link(chain.origin("a"), 2, "call", digest),
        chain.link(chain.origin("a"), 1, "text", digest),
        chain.link(chain.origin("a"), 1, "call", chain.digest(b"other")),
    }
    assert len(others | {base}) == 5
