"""Correcting probabilities that are systematically too high or too low, and whether to do so.

Measuring how well probabilities are calibrated belongs to metrics.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from crash_platform.errors import PlatformError
from crash_platform.modelling.ranking import (
    Labels,
    MetricsError,
    Probabilities,
    checked,
    require_both_classes,
)

Kind = Literal["none", "platt", "isotonic"]

KINDS: tuple[Kind, ...] = get_args(Kind)
FEWEST_ROWS: Mapping[Kind, int] = {"none": 1, "platt": 100, "isotonic": 1_000}
PARTS: Mapping[Kind, frozenset[str]] = {
    "none": frozenset({"kind"}),
    "platt": frozenset({"kind", "slope", "intercept"}),
    "isotonic": frozenset({"kind", "xs", "ys"}),
}
RAREST = 1e-6  # rarer odds are not told apart
FURTHEST = math.log((1.0 - RAREST) / RAREST)


class CalibrationError(PlatformError):
    """A correction that cannot be fitted, or that is written down wrongly."""


@dataclass(frozen=True)
class Calibrator:
    """A correction of probabilities that never changes which of two is higher (but may tie them).

    ``none`` leaves them alone; ``platt`` is a line on the log-odds, ``slope`` and ``intercept``,
    which stops at one in a million; ``isotonic`` joins the points (``xs``, ``ys``) by straight
    lines and is flat outside them.

    Raises:
        CalibrationError: an unknown kind, or parameters that are missing, not finite, or would
            turn the order of probabilities round.
    """

    kind: Kind
    xs: tuple[float, ...] = ()
    ys: tuple[float, ...] = ()
    slope: float = 1.0
    intercept: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise CalibrationError(
                f"There is no calibration {self.kind!r}: use one of {', '.join(KINDS)}."
            )
        if not (math.isfinite(self.intercept) and math.isfinite(self.slope) and self.slope >= 0):
            raise CalibrationError(
                f"A Platt calibration needs a finite intercept and a slope of 0 or more, not "
                f"{self.intercept} and {self.slope}: fit it again."
            )
        if self.kind == "isotonic" and not _is_rising(self.xs, self.ys):
            raise CalibrationError(
                "An isotonic calibration needs as many xs as ys, the xs rising, the ys never "
                "falling, and all within 0..1: fit it again."
            )

    def apply(self, probabilities: Probabilities) -> Probabilities:
        """The corrected probabilities, same shape; a missing one stays missing (NaN)."""
        if self.kind == "platt":
            return _sigmoid(self.slope * _logit(probabilities) + self.intercept)
        if self.kind == "isotonic":
            return np.interp(probabilities, *self._points)
        return probabilities

    def to_dict(self) -> dict[str, Any]:
        """The kind and its parameters, ready for JSON."""
        values = {
            "kind": self.kind,
            "xs": list(self.xs),
            "ys": list(self.ys),
            "slope": self.slope,
            "intercept": self.intercept,
        }
        return {name: value for name, value in values.items() if name in PARTS[self.kind]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """What ``to_dict`` wrote.

        Raises:
            CalibrationError: parts are missing, unknown, of the wrong type or impossible.
        """
        kind = values.get("kind")
        if kind not in KINDS or values.keys() != PARTS[kind]:
            raise CalibrationError(
                f"A calibration cannot be read from kind {kind!r} with the parts "
                f"{', '.join(sorted(map(str, values)))}: write it with to_dict."
            )
        numbers = {name: _numbers(name, part) for name, part in values.items() if name != "kind"}
        return cls(kind, **numbers)

    @cached_property
    def _points(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.array(self.xs), np.array(self.ys)


def fit(kind: Kind, labels: Labels, probabilities: Probabilities) -> Calibrator:
    """The correction of this kind that suits these rows best.

    Platt aims at 1 / (negatives + 2) and (positives + 1) / (positives + 2) instead of 0 and 1 (its
    author's rule) and isotonic stays between them: a stretch of rows with one outcome is not
    certainty.

    Raises:
        CalibrationError: too few rows for the kind, missing values, or only one class.
    """
    if kind not in KINDS or kind == "none":
        return Calibrator(kind)
    labels, probabilities = _both(labels, probabilities)
    if len(labels) < FEWEST_ROWS[kind]:
        raise CalibrationError(
            f"A {kind} calibration needs {FEWEST_ROWS[kind]} rows and got {len(labels)}: "
            "calibrate on more months."
        )
    return (_fit_platt if kind == "platt" else _fit_isotonic)(labels, probabilities)


def choose(labels: Labels, probabilities: Probabilities, is_later: NDArray[np.bool_]) -> Calibrator:
    """The kind of correction that proves itself on later rows, fitted on all of them.

    Each kind for which there are rows enough is fitted on the earlier rows and judged by its Brier
    score on the later ones; no correction at all is one of them, and wins a tie. No margin is asked
    for: measured on real months, a correction that won by little did little harm where it was
    noise, and halved the calibration error where rates were moving.

    Raises:
        CalibrationError: no earlier or no later rows, missing values, or only one class.
    """
    labels, probabilities = _both(labels, probabilities)
    is_later = np.asarray(is_later, dtype=np.bool_)
    if is_later.shape != labels.shape or is_later.all() or not is_later.any():
        raise CalibrationError(
            "A calibration is chosen on earlier and later rows and got only one of them: "
            "calibrate on two months or more."
        )
    earlier = labels[~is_later], probabilities[~is_later]
    later = labels[is_later], probabilities[is_later]
    fitted = [fit(kind, *earlier) for kind in KINDS if _is_fit_for(kind, earlier[0])]
    return fit(_winner(fitted, *later), labels, probabilities)


def _winner(fitted: list[Calibrator], labels: Labels, probabilities: Probabilities) -> Kind:
    """The kind with the lowest Brier score; of equals the simplest."""
    briers = {
        each.kind: float(((each.apply(probabilities) - labels) ** 2).mean()) for each in fitted
    }
    return min(KINDS, key=lambda kind: briers.get(kind, math.inf))


def _is_fit_for(kind: Kind, labels: Labels) -> bool:
    if kind == "none":
        return True
    return len(labels) >= FEWEST_ROWS[kind] and bool(labels.any()) and not bool(labels.all())


def _fit_platt(labels: Labels, probabilities: Probabilities) -> Calibrator:
    from sklearn.linear_model import LogisticRegression

    logits, (low, high) = _logit(probabilities), _certainty(labels)
    target = np.where(labels, high, low)
    if np.ptp(logits) > 0.0:
        # Each row counts as a positive by its target, and as a negative by the rest.
        model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8)
        model.fit(
            np.concatenate([logits, logits])[:, None],
            np.repeat([True, False], len(logits)),
            sample_weight=np.concatenate([target, 1.0 - target]),
        )
        slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
        if slope > 0.0:
            return Calibrator("platt", slope=slope, intercept=intercept)
    # No line that keeps the order beats the base rate.
    return Calibrator("platt", slope=0.0, intercept=float(_logit(target.mean())))


def _fit_isotonic(labels: Labels, probabilities: Probabilities) -> Calibrator:
    from sklearn.isotonic import IsotonicRegression

    low, high = _certainty(labels)
    model = IsotonicRegression(y_min=low, y_max=high).fit(probabilities, labels.astype(np.float64))
    xs, ys = model.X_thresholds_.tolist(), model.y_thresholds_.tolist()
    return Calibrator("isotonic", xs=tuple(xs), ys=tuple(ys))


def _certainty(labels: Labels) -> tuple[float, float]:
    """The lowest and the highest probability that so many rows of each class can support."""
    positive = int(labels.sum())
    return 1.0 / (len(labels) - positive + 2), (positive + 1.0) / (positive + 2)


def _both(labels: Labels, probabilities: Probabilities) -> tuple[Labels, Probabilities]:
    try:
        labels, probabilities = checked(labels, probabilities)
        require_both_classes(labels)
    except MetricsError as error:
        raise CalibrationError(f"No calibration can be fitted: {error}") from error
    return labels, probabilities


def _is_rising(xs: tuple[float, ...], ys: tuple[float, ...]) -> bool:
    if not xs or len(xs) != len(ys):
        return False
    points = np.array([xs, ys])
    steps = np.diff(points)
    # A NaN fails every comparison.
    return bool(
        ((points >= 0) & (points <= 1)).all() and (steps[0] > 0).all() and (steps[1] >= 0).all()
    )


def _numbers(name: str, part: object) -> Any:
    """A number, or for xs and ys a list of them, as the calibrator holds it."""
    listed = part if name in ("xs", "ys") else [part]
    if not isinstance(listed, list) or not all(type(each) in (int, float) for each in listed):
        raise CalibrationError(
            f"The part {name} of a calibration is not made of numbers: write it with to_dict."
        )
    numbers = tuple(float(each) for each in listed)
    return numbers if listed is part else numbers[0]


def _logit(probabilities: Probabilities) -> Probabilities:
    # numpy.clip costs ten times as much on a single row.
    clipped = np.minimum(np.maximum(probabilities, RAREST), 1.0 - RAREST)
    return np.asarray(np.log(clipped / (1.0 - clipped)))


def _sigmoid(logits: Probabilities) -> Probabilities:
    within = np.minimum(np.maximum(logits, -FURTHEST), FURTHEST)
    return np.asarray(1.0 / (1.0 + np.exp(-within)))
