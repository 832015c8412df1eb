"""Each check of a host file matters: with it taken out, some attack of the table ends in another way."""

from collections.abc import Iterator
from functools import cache

import pytest

from tests.attacks.mutants import edits, trees_of, without, world
from tests.attacks.table import attacks_on
from tests.attacks.target import target
from tests.attacks.trying import World, outcome
from tests.webhooks.known import HOSTS
from webhooks.delivery import Reason

_ALONE = {
    Reason.TOO_OLD,
    Reason.TOO_EARLY,
    Reason.OTHER_BODY,
    Reason.DOUBLED_HEADER,
    Reason.WRONG_CREDENTIAL,
}
"""Behind these checks stands no other one: without them something is let in."""

REASONS = [
    pytest.param(name, reason, id=f"{name}-without_{reason.value}")
    for name in HOSTS
    for step in target(name).host.steps
    for reason in step.reasons
]
CHECKS = [
    pytest.param(name, what, id=f"{name}-{what}") for name in HOSTS for what, _ in edits(name, trees_of(name))
]


def _outcomes(name: str, changed: World) -> Iterator[tuple[str, str]]:
    for attack in attacks_on(name):
        if attack.reaches_the_host_file:
            yield attack.name, outcome(changed, target(name), attack)


@cache
def _as_it_is(name: str) -> dict[str, str]:
    return dict(_outcomes(name, World(target(name).host)))


def _told_apart(name: str, changed: World, *, let_in: bool = False) -> str | None:
    """An attack that ends in another way than with the host file as it is: only verified, if it must be let in."""
    ends = ("accepted", "unreadable") if let_in else ""
    usual = _as_it_is(name)
    return next(
        (word for word, end in _outcomes(name, changed) if end != usual[word] and end.startswith(ends)), None
    )


@pytest.mark.parametrize("name", HOSTS)
def test_no_attack_is_accepted_or_makes_an_unknown_exception(name: str) -> None:
    refusals = ("Unsigned", "Stale", "Malformed", "unreadable")

    assert {attack: end for attack, end in _as_it_is(name).items() if not end.startswith(refusals)} == {}


@pytest.mark.parametrize("name", HOSTS)
def test_a_host_file_made_anew_and_not_changed_is_the_same(name: str) -> None:
    assert _told_apart(name, world(name, trees_of(name))) is None


@pytest.mark.parametrize("name", HOSTS)
def test_checks_are_found_in_every_host_file(name: str) -> None:
    found = [what for what, _ in edits(name, trees_of(name))]

    assert len(found) == len(set(found)) >= 3
    assert any("anyone for same(" in what for what in found)
    assert any("without raise " in what for what in found)


@pytest.mark.parametrize(("name", "reason"), REASONS)
def test_each_reason_refuses_some_attack_that_nothing_else_refuses_so(name: str, reason: Reason) -> None:
    trees = trees_of(name)
    without(reason, trees)

    assert _told_apart(name, world(name, trees), let_in=reason in _ALONE) is not None


@pytest.mark.parametrize(("name", "what"), CHECKS)
def test_each_check_on_the_way_through_verify_matters(name: str, what: str) -> None:
    trees = trees_of(name)
    dict(edits(name, trees))[what]()

    assert _told_apart(name, world(name, trees), let_in="anyone for" in what) is not None
