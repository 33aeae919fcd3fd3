import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crash_platform.modelling.drift import (
    DriftError,
    bin_counts,
    prior_shift,
    psi,
    psi_categorical,
    psi_line,
    psi_of_category_counts,
    psi_of_counts,
    quantile_edges,
)

NAN = float("nan")
COLUMN = st.lists(
    st.one_of(st.integers(-3, 12).map(float), st.floats(-1e6, 1e6), st.just(NAN)),
    min_size=1,
    max_size=80,
).map(np.array)


def test_five_rows_give_the_index_worked_out_by_hand() -> None:
    expected, observed = np.array([1.0, 1.0, 2.0, 2.0, NAN]), np.array([1.0, 2.0, 2.0, 2.0, NAN])
    by_hand = (0.2 - 0.4) * np.log(0.2 / 0.4) + (0.6 - 0.4) * np.log(0.6 / 0.4)
    assert psi(expected, observed, np.array([2.0])) == pytest.approx(by_hand)


def test_a_bin_that_only_one_side_fills_counts_as_half_a_row_on_the_other() -> None:
    index = psi_of_counts(np.array([4.0, 0.0, 0.0]), np.array([3.0, 1.0, 0.0]))
    one, other = np.array([4.0, 0.5]) / 4.5, np.array([3.0, 1.0]) / 4
    assert index == pytest.approx(np.sum((other - one) * np.log(other / one)))


def test_values_that_go_missing_are_drift() -> None:
    values = np.arange(1_000.0)
    half_missing = np.where(values % 2 == 0, values, NAN)
    edges = quantile_edges(values)
    assert psi(values, values, edges) == 0.0
    assert psi(values, half_missing, edges) > 1.0


@given(COLUMN, COLUMN, st.integers(1, 9))
@settings(deadline=None)
def test_the_index_is_never_negative_the_same_both_ways_and_blind_to_size(
    one: np.ndarray, other: np.ndarray, times: int
) -> None:
    edges = np.array([-1.0, 0.0, 5.5])
    assert psi(one, other, edges) >= 0.0
    assert psi(one, other, edges) == pytest.approx(psi(other, one, edges))
    assert psi(one, np.tile(one, times), edges) == pytest.approx(0.0, abs=1e-12)


@given(COLUMN.filter(lambda values: not np.isnan(values).all()), st.integers(2, 12))
@settings(deadline=None)
def test_edges_rise_and_leave_no_bin_of_their_own_values_empty(
    values: np.ndarray, bins: int
) -> None:
    edges = quantile_edges(values, bins)
    counts = bin_counts(values, edges)
    assert len(edges) < bins
    assert (np.diff(edges) > 0).all()
    assert counts.sum() == len(values)
    assert counts[-1] == np.isnan(values).sum()
    assert (counts[:-1] > 0).all()


def test_a_thousand_distinct_values_are_cut_into_ten_equal_bins() -> None:
    values = np.random.default_rng(1).permutation(1_000).astype(float)
    assert bin_counts(values, quantile_edges(values)).tolist() == [100.0] * 10 + [0.0]


@pytest.mark.parametrize("common", [0.0, 5.0, 9.0])
def test_a_value_that_nearly_every_row_has_still_shows_how_many_differ(common: float) -> None:
    values = np.concatenate([np.full(9_000, common), np.tile(np.linspace(0.0, 9.0, 19), 10)])
    changed = np.concatenate([np.full(8_000, common), np.tile(np.linspace(0.0, 9.0, 19), 60)])
    assert psi(values, changed, quantile_edges(values)) > 0.1


def test_few_distinct_values_get_a_bin_each() -> None:
    assert quantile_edges(np.array([0.0, 0.0, 0.0, 1.0, NAN])).tolist() == [1.0]
    assert quantile_edges(np.array([7.0, 7.0])).tolist() == []


def test_a_category_never_seen_before_is_drift_and_a_missing_one_is_a_category() -> None:
    expected = ["Sedan"] * 50 + ["Taxi"] * 40 + [None] * 10
    assert psi_categorical(expected, list(reversed(expected)) * 3) == 0.0
    assert psi_categorical(expected, ["Sedan"] * 50 + ["Taxi"] * 40 + ["Moped"] * 10) > 0.3
    counts = {"Sedan": 50, "Taxi": 40, None: 10}
    assert psi_of_category_counts(counts, {"Sedan": 5, "Taxi": 4, None: 1}) == 0.0


@pytest.mark.parametrize(("rows", "bins"), [(1_000, 10), (300, 3)])
def test_one_in_a_hundred_samples_without_drift_exceeds_the_line(rows: int, bins: int) -> None:
    generator = np.random.default_rng(7)
    edges = np.arange(1, bins) / bins
    line, samples = psi_line(5_000, rows, bins), 1_500
    above = sum(
        psi(generator.random(5_000), generator.random(rows), edges) > line for _ in range(samples)
    )
    assert 0.003 * samples < above < 0.02 * samples


def test_the_line_is_the_chi_square_quantile_over_the_rows() -> None:
    assert psi_line(100, 100, 2) == pytest.approx(0.02 * 6.6349, rel=1e-4)
    assert psi_line(50_000, 50_000, 10) == pytest.approx(0.0009, abs=5e-5)
    assert psi_line(100, 100, 2, level=0.95) == pytest.approx(0.02 * 3.8415, rel=1e-4)


@given(
    st.lists(st.floats(0.0, 1.0), min_size=2, max_size=20).map(np.array),
    st.floats(0.01, 0.99),
    st.floats(0.01, 0.99),
)
def test_a_shift_of_the_base_rate_keeps_the_order_and_can_be_taken_back(
    probabilities: np.ndarray, old: float, new: float
) -> None:
    shifted = prior_shift(probabilities, old, new)
    assert ((shifted >= 0) & (shifted <= 1)).all()
    assert (np.diff(shifted[np.argsort(probabilities)]) >= -1e-12).all()
    np.testing.assert_allclose(prior_shift(shifted, new, old), probabilities, atol=1e-9)


def test_a_shift_of_the_base_rate_moves_the_mean_to_it() -> None:
    # One feature, the same within each class; only the classes' shares change.
    is_high = np.array([0.8, 0.3])
    old, new = np.array([0.2, 0.8]), np.array([0.35, 0.65])
    before = old[0] * is_high[0] / (old @ is_high)
    after = new[0] * is_high[0] / (new @ is_high)
    assert prior_shift(np.array([before]), 0.2, 0.35)[0] == pytest.approx(after)


def test_what_has_no_drift_is_refused() -> None:
    values, edges = np.array([1.0, 2.0]), np.array([1.5])
    with pytest.raises(DriftError, match="one has none"):
        psi(values, values[:0], edges)
    with pytest.raises(DriftError, match="one has none"):
        psi_categorical([], ["a"])
    with pytest.raises(DriftError, match="known and rise"):
        psi(values, values, np.array([2.0, 1.0]))
    with pytest.raises(DriftError, match="2 and 3 bins"):
        psi_of_counts(np.ones(2), np.ones(3))
    with pytest.raises(DriftError, match="0 known values"):
        quantile_edges(np.array([NAN]))
    with pytest.raises(DriftError, match="no line for 0 and 5 rows"):
        psi_line(0, 5, 10)
    with pytest.raises(DriftError, match=r"from a base rate of 0\.0 to 0\.3"):
        prior_shift(values, 0.0, 0.3)
