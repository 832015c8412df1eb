import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.sandbox.record.offer import KINDS
from plugin.sandbox.record.scopes import allowed, granted


@pytest.mark.parametrize(
    ("scope", "letters"),
    [
        ("system/Task.cruds", "cruds"),
        ("system/Task.rs", "rs"),
        ("system/Task.c", "c"),
        ("system/Task.read", "rs"),
        ("system/Task.write", "cud"),
        ("system/Task.*", "cruds"),
        ("system/Task.sr", ""),
        ("system/Task.rr", ""),
        ("system/Task.", ""),
        ("system/Task", ""),
        ("system/Task.rs?category=survey", ""),
        ("system/Medication.rs", ""),
        ("system/task.rs", ""),
        ("user/Task.rs", ""),
        ("patient/Task.rs", ""),
        ("SYSTEM/Task.rs", ""),
        ("openid", ""),
        ("", ""),
    ],
)
def test_a_scope_allows_its_letters_and_nothing_else(scope: str, letters: str) -> None:
    assert allowed(scope) == {("Task", letter) for letter in letters}


@pytest.mark.parametrize("scope", ["system/*.cruds", "system/*.*"])
def test_a_star_stands_for_every_type_kept_here(scope: str) -> None:
    assert allowed(scope) == {(kind, letter) for kind in KINDS for letter in "cruds"}


@pytest.mark.parametrize(
    ("requested", "registered", "got"),
    [
        ("system/Task.rs", "system/Task.cruds", "system/Task.rs"),
        ("system/Task.read", "system/Task.rs", "system/Task.read"),
        ("system/Task.cruds", "system/Task.rs", "system/Task.rs"),
        ("system/Task.write", "system/Task.crs", "system/Task.c"),
        ("system/*.read", "system/Task.r system/Consent.cs", "system/Consent.s system/Task.r"),
        ("system/*.rs", "system/*.cruds", "system/*.rs"),
        ("system/Task.rs system/Task.rs", "system/Task.rs", "system/Task.rs"),
        ("system/Task.rs openid system/Medication.rs", "system/*.rs", "system/Task.rs"),
        ("system/Task.c", "system/Task.rs", ""),
        ("", "system/*.cruds", ""),
        ("system/*.cruds", "", ""),
    ],
)
def test_what_is_granted_is_the_part_of_the_request_that_is_registered(
    requested: str, registered: str, got: str
) -> None:
    assert granted(requested, registered) == got


letters = st.sampled_from(["c", "r", "rs", "cruds", "read", "write", "*", "sr", "ud"])
scopes = st.lists(
    st.builds("system/{}.{}".format, st.sampled_from([*KINDS, "*", "Medication"]), letters)
).map(" ".join)


@given(scopes, scopes)
def test_a_grant_is_exactly_what_was_both_asked_for_and_registered(requested: str, registered: str) -> None:
    assert allowed(granted(requested, registered)) == allowed(requested) & allowed(registered)
