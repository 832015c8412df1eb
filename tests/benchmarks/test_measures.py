"""The harness's own sums: a wrong percentile would make every figure in the documentation wrong."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.measures import Budget, Report, Round, middle, percentile
from benchmarks.printing import keep, table
from benchmarks.publish import page

ROUNDS: list[Round] = [
    {"floor": {"p50_us": 100.0}, "fermata": {"p50_us": 150.0, "rows": 10}},
    {"floor": {"p50_us": 400.0}, "fermata": {"p50_us": 500.0, "rows": 10}},
    {"floor": {"p50_us": 200.0}, "fermata": {"p50_us": 800.0, "rows": 10}},
]


def budget(limit: float = 2.0, ratios: tuple[float, ...] = (1.5, 1.25, 4.0)) -> Budget:
    return Budget("p50 beside the floor", limit, "at most", ratios)


def test_a_percentile_is_the_value_at_its_nearest_rank() -> None:
    hundred = [float(value) for value in range(100, 0, -1)]
    assert [percentile(hundred, share) for share in (0.01, 0.5, 0.99, 1)] == [1, 50, 99, 100]
    assert percentile([7.0], 0.99) == 7


@given(st.lists(st.floats(0, 1e9), min_size=1), st.floats(0.001, 1))
def test_a_percentile_is_reached_by_its_share_of_the_values_and_by_no_fewer(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    assert sum(value <= found for value in values) / len(values) >= share - 1e-9
    assert sum(value < found for value in values) / len(values) < share


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.5)])
def test_a_percentile_of_nothing_or_of_no_share_is_refused(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, share)


def test_the_median_of_the_ratios_decides_and_one_bad_round_does_not() -> None:
    assert budget().reached == 1.5
    assert budget().held
    assert not budget(limit=1.4).held


def test_a_budget_from_below_is_held_by_what_is_more() -> None:
    assert Budget("times faster", 4, "at least", [3.9, 4.1, 9]).held
    assert not Budget("times faster", 4, "at least", [3.9, 3.8, 9]).held


def test_a_figure_of_a_contestant_is_the_median_over_its_rounds() -> None:
    assert middle(ROUNDS, "fermata", "p50_us") == 500
    assert middle(ROUNDS, "floor", "p50_us") == 200


def test_the_table_shows_medians_and_leaves_empty_what_a_contestant_has_not() -> None:
    report = Report("P1", "pause", ROUNDS, [budget(limit=1.4)])
    lines = table(report).splitlines()
    assert lines[1].startswith("P1  pause, medians of 3 rounds")
    assert lines[2].split() == ["floor", "fermata"]
    assert lines[3].split() == ["p50_us", "200", "500"]
    assert lines[4].split() == ["rows", "10"]
    assert lines[5] == "MISSED  p50 beside the floor: 1.50 x (1.25-4.00), at most 1.4"


def test_the_kept_result_holds_every_round_and_every_ratio(tmp_path: Path) -> None:
    kept = json.loads(keep(Report("P1", "pause", ROUNDS, [budget()]), tmp_path).read_text())
    assert kept["rounds"] == ROUNDS
    assert kept["budgets"][0]["ratios"] == [1.5, 1.25, 4.0]
    assert kept["budgets"][0]["held"] is True
    assert kept["machine"]["cores"]


def test_the_page_says_of_each_budget_what_was_promised_reached_and_missed(tmp_path: Path) -> None:
    report = Report("P1", "pause", ROUNDS, [budget(limit=1.4)])
    written = page([json.loads(keep(report, tmp_path).read_text())])
    assert "| P1 | p50 beside the floor: at most 1.4 × | 1.50 × | 1.25 to 4.00 | **missed** |" in written
    assert "| p50 us | 200 | 500 |" in written
    assert "| rows |  | 10 |" in written
