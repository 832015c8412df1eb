"""A short run of the fuzzer on every host; ``make soak`` runs a long one with a seed of its own."""

import pytest

from tests.attacks import fuzzing
from tests.webhooks.known import HOSTS


@pytest.mark.parametrize("name", HOSTS)
def test_three_hundred_changed_bodies_raise_nothing_but_refusals(name: str) -> None:
    ends, failures = fuzzing.run(name, "make test", range(300))

    assert failures == []
    assert ends.total() == 300
    assert min(ends["accepted"], ends["unreadable"] + ends["refused"]) > 30, (
        "what all ends alike tries little"
    )


@pytest.mark.parametrize("name", HOSTS)
def test_a_body_of_a_seed_is_the_same_each_time(name: str) -> None:
    deliveries = [[fuzzing.delivery_of(name, seed, n) for n in range(20)] for seed in ("a", "a", "b")]

    assert deliveries[0] == deliveries[1] != deliveries[2]


def test_a_failure_is_told_with_the_command_that_shows_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str, delivery: object) -> str:
        raise KeyError("surprise")

    monkeypatch.setattr(fuzzing, "tried", broken)
    _, (failure,) = fuzzing.run("sandbox", "s1", range(7, 9))

    assert "KeyError: 'surprise'" in failure
    assert "--seed s1 --host sandbox --only 7" in failure
