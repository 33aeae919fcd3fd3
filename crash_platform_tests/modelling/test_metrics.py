import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crash_platform.modelling.metrics import (
    Labels,
    MetricsError,
    Probabilities,
    by_threshold,
    calibration_bins,
    confusion,
    gain_points,
    measure,
    precision_recall_points,
    roc_points,
    threshold_for_recall,
)
from crash_platform_tests.modelling.forecasts import Forecasts, forecasts, true_forecasts

LABELS = np.array([False, False, True, False, True])
PROBABILITIES = np.array([0.1, 0.4, 0.4, 0.6, 0.9])


def test_five_rows_give_the_numbers_worked_out_by_hand() -> None:
    measured = measure(LABELS, PROBABILITIES, threshold=0.4)
    assert (measured.rows, measured.base_rate, measured.threshold) == (5, 0.4, 0.4)
    # Of the six pairs the 0.9 wins three; the 0.4 wins one, loses one and ties one.
    assert measured.auc == pytest.approx(4.5 / 6)
    assert measured.average_precision == pytest.approx(0.5 * 1 + 0.5 * 2 / 4)
    assert measured.brier == pytest.approx((0.01 + 0.16 + 0.36 + 0.36 + 0.01) / 5)
    assert measured.brier_skill == pytest.approx(1 - 0.18 / 0.24)
    assert measured.log_loss == pytest.approx(-np.log([0.9, 0.6, 0.4, 0.4, 0.9]).mean())
    # Bins: 0.1, the two 0.4 together, 0.6, 0.9.
    assert measured.ece == pytest.approx((0.1 + abs(0.8 - 1) + 0.6 + 0.1) / 5)
    assert (measured.precision, measured.recall) == (0.5, 1.0)
    assert measured.f1 == pytest.approx(2 / 3)
    assert measured.flagged_share == 0.8


@given(forecasts(), st.floats(0.0, 1.0))
@settings(max_examples=20, deadline=None)
def test_every_number_is_scikit_learns(rows: Forecasts, threshold: float) -> None:
    from sklearn import metrics as oracle

    labels, probabilities = rows
    measured, flagged = measure(labels, probabilities, threshold), probabilities >= threshold
    precision, recall, f1, _ = oracle.precision_recall_fscore_support(
        labels, flagged, average="binary", zero_division=0.0
    )
    assert measured.auc == pytest.approx(oracle.roc_auc_score(labels, probabilities))
    assert measured.average_precision == pytest.approx(
        oracle.average_precision_score(labels, probabilities)
    )
    assert measured.brier == pytest.approx(oracle.brier_score_loss(labels, probabilities))
    clipped = np.clip(probabilities, 1e-15, 1 - 1e-15)
    assert measured.log_loss == pytest.approx(oracle.log_loss(labels, clipped), rel=1e-4)
    assert measured.precision == pytest.approx(precision)
    assert measured.recall == pytest.approx(recall)
    assert measured.f1 == pytest.approx(f1)
    assert measured.flagged_share == pytest.approx(flagged.mean())


@given(forecasts())
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_does_not_matter(rows: Forecasts) -> None:
    labels, probabilities = rows
    shuffled = np.random.default_rng(len(labels)).permutation(len(labels))
    one = measure(labels, probabilities, 0.5)
    other = measure(labels[shuffled], probabilities[shuffled], 0.5)
    assert [*vars(one).values()] == pytest.approx([*vars(other).values()])


def test_a_score_that_ranks_the_wrong_way_round_is_seen_below_a_half() -> None:
    labels, probabilities = true_forecasts(seed=1, rows=400)
    right, wrong = measure(labels, probabilities, 0.5), measure(labels, 1 - probabilities, 0.5)
    assert right.auc > 0.6
    assert wrong.auc == pytest.approx(1 - right.auc)


def test_a_constant_forecast_has_no_skill_and_one_bin() -> None:
    measured = measure(LABELS, np.full(5, 0.4), threshold=0.5)
    assert (measured.auc, measured.average_precision) == (0.5, 0.4)
    assert (measured.brier_skill, measured.ece) == pytest.approx((0.0, 0.0))
    assert (measured.precision, measured.f1, measured.flagged_share) == (0.0, 0.0, 0.0)
    assert calibration_bins(LABELS, np.full(5, 0.4)).count.tolist() == [5]


@pytest.mark.parametrize(
    ("labels", "probabilities", "said"),
    [
        (LABELS[:0], PROBABILITIES[:0], "no rows"),
        (LABELS, np.array([0.1, 0.2, np.nan, 0.3, 0.4]), "the first is nan in row 2"),
        (LABELS, np.array([0.1, 0.2, 0.3, 0.4, 1.2]), "the first is 1.2 in row 4"),
        (np.ones(5, dtype=bool), PROBABILITIES, "All 5 labels are True"),
        (np.zeros(5, dtype=bool), PROBABILITIES, "All 5 labels are False"),
        (LABELS[:4], PROBABILITIES, "do not belong together"),
        (LABELS.astype(float), PROBABILITIES, "must be booleans, not float64"),
    ],
)
def test_rows_that_cannot_be_measured_are_refused_in_one_sentence(
    labels: Labels, probabilities: Probabilities, said: str
) -> None:
    with pytest.raises(MetricsError, match=said):
        measure(labels, probabilities, 0.5)


def test_a_missing_threshold_is_refused() -> None:
    with pytest.raises(MetricsError, match="threshold is missing"):
        measure(LABELS, PROBABILITIES, float("nan"))


def test_equal_mass_bins_without_ties_hold_equally_many_rows() -> None:
    labels, probabilities = true_forecasts(seed=2, rows=3_000)
    bins = calibration_bins(labels, probabilities)
    assert bins.count.tolist() == [200] * 15
    blocks = np.argsort(probabilities).reshape(15, 200)
    np.testing.assert_allclose(bins.mean_probability, probabilities[blocks].mean(axis=1))
    np.testing.assert_allclose(bins.observed_rate, labels[blocks].mean(axis=1))
    gap = np.abs(bins.mean_probability - bins.observed_rate).mean()
    assert measure(labels, probabilities, 0.5).ece == pytest.approx(gap)


@given(forecasts(), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_bins_hold_every_row_once_and_rise(rows: Forecasts, count: int) -> None:
    labels, probabilities = rows
    bins = calibration_bins(labels, probabilities, bins=count)
    assert bins.count.sum() == len(labels)
    assert bins.count.min() >= 1
    assert bins.count @ bins.mean_probability == pytest.approx(probabilities.sum())
    assert bins.count @ bins.observed_rate == pytest.approx(labels.sum())
    assert (np.diff(bins.mean_probability) > 0).all()


@given(forecasts(), st.floats(0.01, 1.0))
@example((np.array([True, True, True, False]), np.array([0.3, 0.2, 0.1, 0.0])), 2 / 3)
@settings(max_examples=60, deadline=None)
def test_the_threshold_for_a_recall_is_the_highest_that_keeps_it(
    rows: Forecasts, recall: float
) -> None:
    labels, probabilities = rows
    threshold = threshold_for_recall(labels, probabilities, recall)
    assert measure(labels, probabilities, threshold).recall >= recall
    assert measure(labels, probabilities, np.nextafter(threshold, 2.0)).recall < recall


@pytest.mark.parametrize("recall", [0.0, -0.1, 1.01, float("nan")])
def test_a_recall_that_cannot_be_aimed_at_is_refused(recall: float) -> None:
    with pytest.raises(MetricsError, match="cannot be aimed at"):
        threshold_for_recall(LABELS, PROBABILITIES, recall)


def test_no_threshold_has_a_recall_without_positive_rows() -> None:
    with pytest.raises(MetricsError, match="No row is positive"):
        threshold_for_recall(np.zeros(5, dtype=bool), PROBABILITIES, 0.8)


@given(forecasts(), st.lists(st.floats(-0.5, 1.5), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_rates_by_threshold_are_those_of_the_confusion_matrix(
    rows: Forecasts, thresholds: list[float]
) -> None:
    labels, probabilities = rows
    rates = by_threshold(labels, probabilities, np.array(thresholds))
    for number, threshold in enumerate(thresholds):
        tn, fp, fn, tp = confusion(labels, probabilities, threshold)
        assert tn + fp + fn + tp == len(labels)
        expected = {
            "precision": tp / max(tp + fp, 1),
            "recall": tp / (tp + fn),
            "f1": 2 * tp / (2 * tp + fp + fn),
            "flagged_share": (tp + fp) / len(labels),
            "accuracy": (tp + tn) / len(labels),
        }
        assert {name: values[number] for name, values in rates.items()} == pytest.approx(expected)


def test_a_row_at_the_threshold_is_flagged() -> None:
    assert confusion(LABELS, PROBABILITIES, 0.6) == (2, 1, 1, 1)
    assert confusion(LABELS, PROBABILITIES, np.nextafter(0.6, 1.0)) == (3, 0, 1, 1)


def test_charts_of_five_rows_pass_through_every_distinct_probability() -> None:
    roc = roc_points(LABELS, PROBABILITIES)
    assert roc["false_positive_rate"].tolist() == pytest.approx([0, 0, 1 / 3, 2 / 3, 1])
    assert roc["true_positive_rate"].tolist() == [0, 0.5, 0.5, 1, 1]
    curve = precision_recall_points(LABELS, PROBABILITIES)
    assert curve["recall"].tolist() == [0.5, 0.5, 1, 1]
    assert curve["precision"].tolist() == [1, 0.5, 0.5, 0.4]
    gain = gain_points(LABELS, PROBABILITIES)
    assert gain["flagged_share"].tolist() == [0.2, 0.4, 0.8, 1.0]
    assert gain["found_share"].tolist() == [0.5, 0.5, 1.0, 1.0]
    assert gain["lift"].tolist() == [2.5, 1.25, 1.25, 1.0]


def test_charts_of_many_rows_are_thinned_to_400_points_and_keep_their_ends_and_area() -> None:
    labels, probabilities = true_forecasts(seed=3, rows=20_000)
    for curve in (roc_points, precision_recall_points, gain_points):
        assert {len(values) for values in curve(labels, probabilities).values()} == {400}
    roc = roc_points(labels, probabilities)
    wrong, right = roc["false_positive_rate"], roc["true_positive_rate"]
    assert (wrong[0], right[0], wrong[-1], right[-1]) == (0, 0, 1, 1)
    area = float(np.sum(np.diff(wrong) * (right[1:] + right[:-1]) / 2))
    assert area == pytest.approx(measure(labels, probabilities, 0.5).auc, abs=1e-3)
    assert precision_recall_points(labels, probabilities)["recall"][-1] == 1
    assert gain_points(labels, probabilities)["lift"][-1] == 1
