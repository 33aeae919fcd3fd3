import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crash_platform.modelling.bootstrap import (
    Interval,
    differences,
    intervals,
    resample_weights,
)
from crash_platform.modelling.metrics import Metrics, MetricsError, measure
from crash_platform_tests.modelling.forecasts import Forecasts, forecasts, true_forecasts

METRICS = {"auc", "average_precision", "brier", "brier_skill", "log_loss", "ece", "f1"}
PAIRED = {"auc", "brier", "log_loss", "ece"}


def repeated(labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The row numbers of a resample, each as often as it was drawn."""
    return np.repeat(np.arange(len(labels)), weights.astype(int))


@given(forecasts(), st.integers(0, 1_000))
@settings(max_examples=25, deadline=None)
def test_intervals_are_those_of_a_plain_loop_that_repeats_the_rows(
    rows: Forecasts, seed: int
) -> None:
    labels, probabilities = rows
    found = intervals(labels, {"m": probabilities}, {"m": 0.5}, resamples=20, seed=seed)["m"]
    loop = [
        measure(labels[drawn], probabilities[drawn], 0.5)
        for drawn in (repeated(labels, each) for each in resample_weights(labels, 20, seed))
    ]
    whole = measure(labels, probabilities, 0.5)
    assert found.keys() == METRICS
    for name, interval in found.items():
        value = getattr(whole, name)
        estimates = np.array([getattr(each, name) for each in loop])
        if name == "ece":
            estimates += value - np.median(estimates)
        low, high = np.quantile(estimates, [0.025, 0.975])
        assert interval.value == pytest.approx(value)
        assert interval.low == pytest.approx(min(low, value), abs=1e-12)
        assert interval.high == pytest.approx(max(high, value), abs=1e-12)


def test_with_many_ties_auc_and_average_precision_are_scikit_learns_under_weights() -> None:
    from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

    labels, probabilities = true_forecasts(seed=1, rows=300, digits=1)
    probabilities = probabilities.clip(0.05, 0.95)
    loop = [
        (
            roc_auc_score(labels, probabilities, sample_weight=each),
            average_precision_score(labels, probabilities, sample_weight=each),
            log_loss(labels, probabilities, sample_weight=each),
        )
        for each in resample_weights(labels, 10, seed=5)
    ]
    low, high = np.quantile(np.array(loop), [0.05, 0.95], axis=0)
    found = intervals(labels, {"m": probabilities}, {"m": 0.5}, resamples=10, seed=5, level=0.9)
    for number, name in enumerate(("auc", "average_precision", "log_loss")):
        assert found["m"][name].low == pytest.approx(low[number])
        assert found["m"][name].high == pytest.approx(high[number])


@given(forecasts(), st.integers(0, 1_000))
@settings(max_examples=15, deadline=None)
def test_differences_are_those_of_a_plain_loop_over_the_same_rows(
    rows: Forecasts, seed: int
) -> None:
    labels, probabilities = rows
    baseline = probabilities[::-1]
    found = differences(labels, probabilities, baseline, resamples=10, seed=seed)
    loop: list[tuple[Metrics, Metrics]] = []
    for weights in resample_weights(labels, 10, seed):
        drawn = repeated(labels, weights)
        ours, theirs = (each[drawn] for each in (probabilities, baseline))
        loop.append((measure(labels[drawn], ours, 0.5), measure(labels[drawn], theirs, 0.5)))
    assert found.keys() == PAIRED
    for name in PAIRED - {"ece"}:
        estimates = [getattr(one, name) - getattr(other, name) for one, other in loop]
        low, high = np.quantile(estimates, [0.025, 0.975])
        value = found[name].value
        assert found[name].low == pytest.approx(min(low, value), abs=1e-9)
        assert found[name].high == pytest.approx(max(high, value), abs=1e-9)


def test_a_model_differs_from_itself_by_exactly_nothing() -> None:
    labels, probabilities = true_forecasts(seed=2, rows=500)
    found = differences(labels, probabilities, probabilities.copy(), seed=1)
    assert set(found.values()) == {Interval(0.0, 0.0, 0.0)}


def test_a_slightly_better_model_is_told_from_its_baseline_only_because_rows_are_paired() -> None:
    labels, probabilities = true_forecasts(seed=3, rows=3_000)
    noise = np.random.default_rng(4).normal(0.0, 0.1, 3_000)
    worse = (probabilities + noise).clip(0.0, 1.0)
    named = {"better": probabilities, "worse": worse}
    alone = intervals(labels, named, dict.fromkeys(named, 0.4), seed=1)
    assert alone["better"]["brier"].high > alone["worse"]["brier"].low
    paired = differences(labels, probabilities, worse, seed=1)
    assert paired["brier"].high < 0
    assert paired["auc"].low > 0


def test_every_candidate_sees_the_same_resamples_whoever_else_is_measured() -> None:
    labels, probabilities = true_forecasts(seed=5, rows=200)
    both = {"one": probabilities, "other": probabilities**2}
    together = intervals(labels, both, dict.fromkeys(both, 0.4), resamples=10, seed=9)
    alone = intervals(labels, {"other": both["other"]}, {"other": 0.4}, resamples=10, seed=9)
    assert together["other"] == alone["other"]
    assert together["one"]["auc"] == together["other"]["auc"]


def test_the_seed_alone_decides_the_intervals() -> None:
    labels, probabilities = true_forecasts(seed=6, rows=200)

    def drawn(seed: int) -> dict[str, Interval]:
        return intervals(labels, {"m": probabilities}, {"m": 0.4}, resamples=10, seed=seed)["m"]

    assert drawn(1) == drawn(1)
    assert drawn(1)["auc"] != drawn(2)["auc"]


def test_about_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    truth = measure(*true_forecasts(seed=7, rows=400_000), 0.4)
    held = dict.fromkeys(("auc", "brier", "log_loss", "f1"), 0)
    for seed in range(60):
        labels, probabilities = true_forecasts(seed + 100, rows=400)
        found = intervals(labels, {"m": probabilities}, {"m": 0.4}, resamples=100, seed=seed)["m"]
        for metric in held:
            held[metric] += found[metric].low <= getattr(truth, metric) <= found[metric].high
    assert min(held.values()) >= 51, held


def test_the_interval_of_a_calibration_error_holds_it_even_where_resampling_only_adds_to_it() -> (
    None
):
    labels, probabilities = true_forecasts(seed=8, rows=2_000)
    resampled = [
        measure(labels[drawn], probabilities[drawn], 0.5).ece
        for drawn in (repeated(labels, each) for each in resample_weights(labels, 50, seed=1))
    ]
    ece = intervals(labels, {"m": probabilities}, {"m": 0.5}, resamples=50, seed=1)["m"]["ece"]
    assert np.median(resampled) > ece.value
    assert ece.low < ece.value < ece.high


def test_a_draw_of_one_class_is_drawn_again() -> None:
    labels = np.array([True, False, False])
    weights = list(resample_weights(labels, 50, seed=1))
    assert len(weights) == 50
    assert all(each.sum() == 3 and 0 < each[0] < 3 for each in weights)


def test_what_gives_no_interval_is_refused() -> None:
    labels, probabilities = true_forecasts(seed=9, rows=20)
    named = {"m": probabilities}
    with pytest.raises(MetricsError, match="No threshold was given for m"):
        intervals(labels, named, {}, seed=1)
    with pytest.raises(MetricsError, match="1 resamples give no interval"):
        intervals(labels, named, {"m": 0.5}, resamples=1, seed=1)
    with pytest.raises(MetricsError, match=r"the level 1\.0"):
        intervals(labels, named, {"m": 0.5}, seed=1, level=1.0)
    with pytest.raises(MetricsError, match="All 20 labels are True"):
        differences(np.ones(20, dtype=bool), probabilities, probabilities, seed=1)
    with pytest.raises(MetricsError, match="first is nan in row 0"):
        differences(labels, probabilities, np.full(20, np.nan), seed=1)
