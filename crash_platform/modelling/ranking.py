"""Rows ranked by probability once, and every metric as a sum over that ranking.

Under any row weights, so that a bootstrap resample costs no second sort. Choosing what to measure
belongs to metrics, resampling to bootstrap.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from crash_platform.errors import PlatformError

Labels = NDArray[np.bool_]
Probabilities = NDArray[np.float64]
Weights = NDArray[np.float64]

ECE_BINS = 15
LOG_FLOOR = 1e-15


class MetricsError(PlatformError):
    """Labels and probabilities from which no metric can be computed."""


@dataclass(frozen=True)
class Tally:
    """The sums that every metric needs, over (weighted) rows.

    ``probabilities`` holds each distinct probability once, falling; ``rows`` and ``positives`` are
    the weight of all rows, and of all positive rows, at or above each of them.
    """

    probabilities: Probabilities
    rows: NDArray[np.float64]
    positives: NDArray[np.float64]
    squared_error: float
    log_error: float

    @property
    def total(self) -> float:
        """The weight of all rows."""
        return float(self.rows[-1])

    @property
    def positive(self) -> float:
        """The weight of the positive rows."""
        return float(self.positives[-1])

    @property
    def base_rate(self) -> float:
        """The share of positive rows."""
        return self.positive / self.total

    @property
    def auc(self) -> float:
        """How often a positive row outranks a negative one; a tie counts half."""
        outranked = self.positives - self._gained / 2
        pairs = (self.total - self.positive) * self.positive
        return _dot(self._held - self._gained, outranked) / pairs

    @property
    def average_precision(self) -> float:
        """Precision at each distinct probability, weighted by the recall gained there."""
        # A resample may hold no row at the highest probabilities.
        precision = self.positives / np.maximum(self.rows, 1e-300)
        return _dot(self._gained, precision) / self.positive

    @property
    def brier(self) -> float:
        """Mean squared distance of probability and outcome."""
        return self.squared_error / self.total

    @property
    def brier_skill(self) -> float:
        """The share of the base rate's own Brier score that is saved; 0 is no skill."""
        return 1.0 - self.brier / (self.base_rate * (1.0 - self.base_rate))

    @property
    def log_loss(self) -> float:
        """Mean negative log-likelihood, probabilities kept 1e-15 away from 0 and 1."""
        return self.log_error / self.total

    def binned(
        self, bins: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Weight, sum of probabilities and positive weight of equal-mass bins, rising.

        Rows of one probability stay together, in the bin of their middle rank: the outcome does
        not depend on row order, and a bin may be empty.
        """
        middle = self.total - self.rows + self._held / 2
        number = np.minimum((bins * middle / self.total).astype(np.intp), bins - 1)
        forecast = self._held * self.probabilities
        return (
            np.bincount(number, self._held, minlength=bins).astype(np.float64),
            np.bincount(number, forecast, minlength=bins).astype(np.float64),
            np.bincount(number, self._gained, minlength=bins).astype(np.float64),
        )

    def ece(self, bins: int = ECE_BINS) -> float:
        """Expected calibration error: mean distance of forecast and outcome over the bins."""
        _, forecast, outcome = self.binned(bins)
        return float(np.abs(forecast - outcome).sum() / self.total)

    def flagged(self, thresholds: Probabilities) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weight of all rows, and of the positive rows, at or above each threshold."""
        rising = self.probabilities[::-1]
        reached = len(rising) - np.searchsorted(rising, thresholds, side="left")
        return np.append(0.0, self.rows)[reached], np.append(0.0, self.positives)[reached]

    def f1(self, threshold: float) -> float:
        """Harmonic mean of precision and recall at the threshold; 0 where nothing is found."""
        rows, positives = self.flagged(np.array([threshold]))
        return float(2 * positives[0] / (rows[0] + self.positive))

    @cached_property
    def _held(self) -> NDArray[np.float64]:
        """The weight of all rows at each distinct probability."""
        return np.diff(self.rows, prepend=0.0)

    @cached_property
    def _gained(self) -> NDArray[np.float64]:
        """The weight of the positive rows at each distinct probability."""
        return np.diff(self.positives, prepend=0.0)


@dataclass(frozen=True)
class Ranking:
    """Labelled rows in falling order of probability, ready to be tallied under any weights."""

    order: NDArray[np.intp]
    last: NDArray[np.intp]
    distinct: Probabilities
    is_positive: NDArray[np.float64]
    squared_errors: NDArray[np.float64]
    log_errors: NDArray[np.float64]

    @classmethod
    def of(cls, labels: Labels, probabilities: Probabilities) -> Self:
        """Sort the rows once.

        Raises:
            MetricsError: see ``checked``.
        """
        labels, probabilities = checked(labels, probabilities)
        order = np.argsort(-probabilities, kind="stable")
        falling, is_positive = probabilities[order], labels[order].astype(np.float64)
        last = np.append(np.flatnonzero(np.diff(falling)), len(falling) - 1)
        likelihood = np.where(labels[order], falling, 1.0 - falling)
        return cls(
            order=order,
            last=last,
            distinct=falling[last],
            is_positive=is_positive,
            squared_errors=(falling - is_positive) ** 2,
            log_errors=-np.log(np.clip(likelihood, LOG_FLOOR, 1.0 - LOG_FLOOR)),
        )

    def tally(self, weights: Weights | None = None) -> Tally:
        """Sum over the rows, each counting as often as its weight says (in the caller's order)."""
        held = np.ones(len(self.order)) if weights is None else weights[self.order]
        return Tally(
            probabilities=self.distinct,
            rows=np.cumsum(held)[self.last],
            positives=np.cumsum(held * self.is_positive)[self.last],
            squared_error=_dot(held, self.squared_errors),
            log_error=_dot(held, self.log_errors),
        )


def checked(labels: Labels, probabilities: Probabilities) -> tuple[Labels, Probabilities]:
    """The two columns as they are needed: booleans, and 64-bit numbers in 0..1.

    Raises:
        MetricsError: no rows, unequal lengths, labels that are not booleans, or a probability that
            is missing or outside 0..1.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if labels.ndim != 1 or labels.shape != probabilities.shape:
        raise MetricsError(
            f"Labels of shape {labels.shape} and probabilities of shape {probabilities.shape} do "
            "not belong together: pass one of each per row."
        )
    if not len(labels):
        raise MetricsError("There are no rows to measure: choose days that have some.")
    if labels.dtype != np.bool_:
        raise MetricsError(f"Labels must be booleans, not {labels.dtype}: compare them first.")
    wrong = ~((probabilities >= 0.0) & (probabilities <= 1.0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise MetricsError(
            f"{int(wrong.sum())} of {len(labels)} probabilities are missing or outside 0..1 (the "
            f"first is {probabilities[row]} in row {row}): mend the model that gave them."
        )
    return labels, probabilities


def require_both_classes(labels: Labels) -> None:
    """Refuse labels of one class, on which no ranking metric is defined.

    Raises:
        MetricsError: every label is the same.
    """
    if labels.all() or not labels.any():
        raise MetricsError(
            f"All {len(labels)} labels are {bool(labels[0])}, so nothing can be ranked: measure "
            "over days that hold both outcomes."
        )


def _dot(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    # BLAS (the @ operator) wakes all its threads for such sums and burns their time waiting.
    return float(np.einsum("i,i", one, other))
