"""How good probabilities of a yes/no outcome are: one set of numbers, and the points of charts.

Intervals around the numbers are made in bootstrap, the sums themselves in ranking.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crash_platform.modelling.ranking import (
    ECE_BINS,
    Labels,
    MetricsError,
    Probabilities,
    Ranking,
    Tally,
    checked,
    require_both_classes,
)

__all__ = [
    "Bins",
    "Labels",
    "Metrics",
    "MetricsError",
    "Points",
    "Probabilities",
    "by_threshold",
    "calibration_bins",
    "confusion",
    "gain_points",
    "measure",
    "precision_recall_points",
    "roc_points",
    "threshold_for_recall",
]

Points = dict[str, NDArray[np.float64]]

CHART_POINTS = 400


@dataclass(frozen=True)
class Metrics:
    """What a model is worth on some rows; all but ``rows`` are shares or plain numbers.

    A row is flagged when its probability is at or above ``threshold``; ``precision`` is 0 where
    nothing is flagged. ``ece`` is over 15 equal-mass bins.
    """

    rows: int
    base_rate: float
    auc: float
    average_precision: float
    brier: float
    brier_skill: float
    log_loss: float
    ece: float
    f1: float
    precision: float
    recall: float
    flagged_share: float
    threshold: float


@dataclass(frozen=True)
class Bins:
    """A reliability curve: one entry per filled bin, in rising order of probability."""

    mean_probability: NDArray[np.float64]
    observed_rate: NDArray[np.float64]
    count: NDArray[np.int64]


def measure(labels: Labels, probabilities: Probabilities, threshold: float) -> Metrics:
    """Every number we report about a model, on these rows and at this threshold.

    Raises:
        MetricsError: no rows, missing values, or only one class.
    """
    tally = _ranked(labels, probabilities)
    at = {name: float(values[0]) for name, values in _rates(tally, [threshold]).items()}
    return Metrics(
        rows=int(tally.total),
        base_rate=tally.base_rate,
        auc=tally.auc,
        average_precision=tally.average_precision,
        brier=tally.brier,
        brier_skill=tally.brier_skill,
        log_loss=tally.log_loss,
        ece=tally.ece(),
        f1=at["f1"],
        precision=at["precision"],
        recall=at["recall"],
        flagged_share=at["flagged_share"],
        threshold=float(threshold),
    )


def calibration_bins(labels: Labels, probabilities: Probabilities, bins: int = ECE_BINS) -> Bins:
    """Forecast and outcome over equal-mass bins; equal probabilities share a bin.

    Raises:
        MetricsError: no rows or missing values.
    """
    count, forecast, outcome = Ranking.of(labels, probabilities).tally().binned(bins)
    filled = count > 0
    return Bins(
        mean_probability=forecast[filled] / count[filled],
        observed_rate=outcome[filled] / count[filled],
        count=count[filled].astype(np.int64),
    )


def threshold_for_recall(labels: Labels, probabilities: Probabilities, recall: float) -> float:
    """The highest threshold at which at least this share of the positive rows is flagged.

    Raises:
        MetricsError: no rows, missing values, no positive row, or a recall outside (0, 1].
    """
    labels, probabilities = checked(labels, probabilities)
    if not 0.0 < recall <= 1.0:
        raise MetricsError(f"A recall of {recall} cannot be aimed at: choose one above 0, up to 1.")
    falling = np.sort(probabilities[labels])[::-1]
    if not len(falling):
        raise MetricsError("No row is positive, so no threshold has a recall: choose other days.")
    reached = np.arange(1, len(falling) + 1) / len(falling)
    return float(falling[np.searchsorted(reached, recall)])


def by_threshold(labels: Labels, probabilities: Probabilities, thresholds: Probabilities) -> Points:
    """Precision, recall, f1, flagged_share and accuracy at each threshold.

    Precision is 0 where nothing is flagged.

    Raises:
        MetricsError: no rows, missing values, only one class, or a missing threshold.
    """
    return _rates(_ranked(labels, probabilities), thresholds)


def confusion(
    labels: Labels, probabilities: Probabilities, threshold: float
) -> tuple[int, int, int, int]:
    """Rows rightly not flagged, wrongly flagged, wrongly not flagged, rightly flagged.

    Raises:
        MetricsError: no rows or missing values.
    """
    labels, probabilities = checked(labels, probabilities)
    is_flagged = probabilities >= _thresholds([threshold])[0]
    found, missed = int((labels & is_flagged).sum()), int((labels & ~is_flagged).sum())
    false_alarms = int(is_flagged.sum()) - found
    return len(labels) - found - missed - false_alarms, false_alarms, missed, found


def roc_points(labels: Labels, probabilities: Probabilities) -> Points:
    """false_positive_rate and true_positive_rate from (0, 0) to (1, 1), at most 400 points.

    Raises:
        MetricsError: no rows, missing values, or only one class.
    """
    tally = _ranked(labels, probabilities)
    wrong = tally.rows - tally.positives
    return _thinned(
        {
            "false_positive_rate": np.append(0.0, wrong / wrong[-1]),
            "true_positive_rate": np.append(0.0, tally.positives / tally.positive),
        }
    )


def precision_recall_points(labels: Labels, probabilities: Probabilities) -> Points:
    """Recall and precision from the highest probability down to recall 1, at most 400 points.

    Raises:
        MetricsError: no rows, missing values, or only one class.
    """
    tally = _ranked(labels, probabilities)
    return _thinned(
        {
            "recall": tally.positives / tally.positive,
            "precision": tally.positives / tally.rows,
        }
    )


def gain_points(labels: Labels, probabilities: Probabilities) -> Points:
    """flagged_share, found_share (of the positive rows) and lift, at most 400 points.

    Lift is found_share over flagged_share: how many times more positive rows than by chance.

    Raises:
        MetricsError: no rows, missing values, or only one class.
    """
    tally = _ranked(labels, probabilities)
    flagged, found = tally.rows / tally.total, tally.positives / tally.positive
    return _thinned({"flagged_share": flagged, "found_share": found, "lift": found / flagged})


def _ranked(labels: Labels, probabilities: Probabilities) -> Tally:
    tally = Ranking.of(labels, probabilities).tally()
    require_both_classes(labels)
    return tally


def _thresholds(values: Probabilities | list[float]) -> Probabilities:
    thresholds = np.asarray(values, dtype=np.float64)
    if np.isnan(thresholds).any():
        raise MetricsError("A threshold is missing (NaN): choose one, for example by its recall.")
    return thresholds


def _rates(tally: Tally, thresholds: Probabilities | list[float]) -> Points:
    rows, found = tally.flagged(_thresholds(thresholds))
    false_alarms, missed = rows - found, tally.positive - found
    return {
        "precision": found / np.maximum(rows, 1.0),
        "recall": found / tally.positive,
        "f1": 2 * found / (rows + tally.positive),
        "flagged_share": rows / tally.total,
        "accuracy": 1.0 - (false_alarms + missed) / tally.total,
    }


def _thinned(points: Points) -> Points:
    length = len(next(iter(points.values())))
    kept = np.unique(np.linspace(0, length - 1, min(length, CHART_POINTS)).round().astype(np.intp))
    return {name: values[kept] for name, values in points.items()}
