"""The table itself: enough attacks on every host, of every kind, by names that can be read in a list."""

import re

import pytest
from pydantic import ValidationError

from plugin.settings import HostSettings
from tests.attacks.table import KINDS, attacks_on
from tests.attacks.target import target
from tests.webhooks.known import HOSTS

_FEWEST = {True: 100, False: 75}
"""Attacks on a host whose proof covers the body, and on one with words that are the same each time."""


@pytest.mark.parametrize("name", HOSTS)
def test_each_host_is_attacked_in_many_ways(name: str) -> None:
    assert len(attacks_on(name)) >= _FEWEST[target(name).covers_bodies]
    assert all(any(kind(target(name))) for kind in KINDS[:4]), "these apply to all"


def test_there_are_hundreds_of_attacks_with_readable_names() -> None:
    names = [f"{name}-{attack.name}" for name in HOSTS for attack in attacks_on(name)]

    assert len(set(names)) == len(names) >= 200
    assert [name for name in names if not re.fullmatch(r"[a-z]+-[a-z0-9_]+", name)] == []


@pytest.mark.parametrize("name", HOSTS)
def test_whether_a_proof_covers_the_body_is_told_by_its_reasons_too(name: str) -> None:
    assert target(name).covers_bodies == target(name).known.signs_bodies


@pytest.mark.parametrize("name", HOSTS)
def test_no_service_starts_with_an_empty_secret(name: str) -> None:
    keys = {"t1": "participant-key-0123456789-abcdefghij"}
    here = {"tenant": "north", "host": name, "url": "http://127.0.0.1:1", "token_keys": keys}

    for secrets in ({"w1": ""}, {"w1": " "}, {**target(name).keys, "w1": ""}, {}):
        with pytest.raises(ValidationError):
            HostSettings.model_validate({**here, "webhook_keys": secrets})
    assert HostSettings.model_validate({**here, "webhook_keys": target(name).keys})
