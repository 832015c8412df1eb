"""The lanes that are in memory."""

from plugin.lanes import Lanes
from plugin.ports import Head
from tests.runner.conftest import START


def test_of_a_session_that_is_let_go_nothing_stays() -> None:
    lanes = Lanes()
    lane = lanes.opened(Head("s", "practice", "sandbox", "m", "o"), START)
    other = lanes.opened(Head("s2", "practice", "sandbox", "m", "o2"), START)
    lanes.drop(lane)
    assert list(lanes) == [other]
    lanes.drop(other)
    lanes.drop(other)

    assert not any(vars(lanes).values())
