import base64

import pytest

from plugin.journal.masters import WeakKey, masters_from, masters_of
from tests.journal.making import secret


def test_the_first_key_seals_and_all_of_them_open() -> None:
    first, second = secret(), secret()
    read = masters_from(f" a={first} , b={second},")
    assert read.current == "a"
    assert read.keys == {"a": base64.b64decode(first), "b": base64.b64decode(second)}
    assert masters_of({"a": first, "b": second}) == read


def test_keys_in_the_alphabet_for_urls_are_read_too() -> None:
    raw = bytes(range(220, 252))
    assert masters_from("a=" + base64.urlsafe_b64encode(raw).decode()).keys["a"] == raw


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "there is no master key"),
        (" , ", "there is no master key"),
        ("justakey", "master key 1 is not written id=base64"),
        ("a b=" + "x" * 44, "the id of a master key"),
        ("a=%%%", "'a' is not base64"),
        ("a=" + base64.b64encode(b"short").decode(), "'a' has 5 bytes"),
        ("a=" + base64.b64encode(bytes(range(33))).decode(), "'a' has 33 bytes"),
        ("a=" + base64.b64encode(bytes(32)).decode(), "'a' is not random"),
        ("a=" + base64.b64encode(b"0123456789abcdef" * 2).decode(), "'a' is not random"),
        ("a=" + base64.b64encode(b"correct horse battery staple 123").decode(), "'a' is not random"),
    ],
)
def test_a_weak_or_unreadable_key_is_refused_in_one_line(written: str, says: str) -> None:
    with pytest.raises(WeakKey, match=says) as refused:
        masters_from(written)
    assert "\n" not in str(refused.value)


def test_the_same_id_twice_is_refused() -> None:
    with pytest.raises(WeakKey, match="twice"):
        masters_from(f"a={secret()},a={secret()}")


def test_no_key_is_ever_shown() -> None:
    written = secret()
    assert written not in repr(masters_from(f"a={written}"))
    with pytest.raises(WeakKey) as refused:
        masters_from(f"a={written[:-4]}")
    assert written[:8] not in str(refused.value)
