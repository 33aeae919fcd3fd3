"""How far a metric would move on other rows of the same kind: bootstrap intervals.

Resampling only; the metrics themselves are ranking's.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crash_platform.modelling.ranking import (
    Labels,
    MetricsError,
    Probabilities,
    Ranking,
    Tally,
    Weights,
    require_both_classes,
)

CURVE_METRICS: Mapping[str, Callable[[Tally], float]] = {
    "auc": lambda tally: tally.auc,
    "average_precision": lambda tally: tally.average_precision,
    "brier": lambda tally: tally.brier,
    "brier_skill": lambda tally: tally.brier_skill,
    "log_loss": lambda tally: tally.log_loss,
    "ece": lambda tally: tally.ece(),
}
PAIRED_METRICS = ("auc", "brier", "log_loss", "ece")
FEWEST_RESAMPLES = 2


@dataclass(frozen=True)
class Interval:
    """A metric on all rows, and the range that holds it with the confidence asked for.

    ``low <= value <= high`` always.
    """

    value: float
    low: float
    high: float


def intervals(  # noqa: PLR0913
    labels: Labels,
    probabilities_by_name: Mapping[str, Probabilities],
    threshold_by_name: Mapping[str, float],
    *,
    resamples: int = 200,
    seed: int,
    level: float = 0.95,
) -> dict[str, dict[str, Interval]]:
    """Every candidate's metrics with intervals, all from the same resamples of the rows.

    The metrics are auc, average_precision, brier, brier_skill, log_loss, ece, and f1 at the
    candidate's threshold.

    Raises:
        MetricsError: no rows, missing values, only one class, a candidate without a threshold,
            fewer than two resamples, or a level outside (0, 1).
    """
    missing = sorted(set(probabilities_by_name) - set(threshold_by_name))
    if missing:
        raise MetricsError(f"No threshold was given for {', '.join(missing)}: name one for each.")
    rankings = {name: Ranking.of(labels, each) for name, each in probabilities_by_name.items()}
    estimates: dict[str, list[dict[str, float]]] = {name: [] for name in rankings}
    for weights in _resampled(labels, resamples, seed):
        for name, ranking in rankings.items():
            tally = ranking.tally(weights)
            f1 = tally.f1(threshold_by_name[name])
            estimates[name].append(_curve_metrics(tally) | {"f1": f1})
    return {name: _summed_up(each, level) for name, each in estimates.items()}


def differences(  # noqa: PLR0913
    labels: Labels,
    probabilities: Probabilities,
    baseline: Probabilities,
    *,
    resamples: int = 200,
    seed: int,
    level: float = 0.95,
) -> dict[str, Interval]:
    """Auc, brier, log_loss and ece of the probabilities minus the baseline's, row by row paired.

    A better candidate has a positive auc and a negative brier, log_loss and ece difference.

    Raises:
        MetricsError: as ``intervals``.
    """
    one, other = Ranking.of(labels, probabilities), Ranking.of(labels, baseline)
    estimates = []
    for weights in _resampled(labels, resamples, seed):
        ours, theirs = _curve_metrics(one.tally(weights)), _curve_metrics(other.tally(weights))
        estimates.append({name: ours[name] - theirs[name] for name in PAIRED_METRICS})
    return _summed_up(estimates, level)


def resample_weights(labels: Labels, resamples: int, seed: int) -> Iterator[Weights]:
    """How often each row was drawn, for each of the resamples (rows drawn with replacement).

    A draw without both classes has no metrics and is drawn again, which happens only on a handful
    of rows or with a very rare class.
    """
    generator, rows, drawn = np.random.default_rng(seed), len(labels), 0
    while drawn < resamples:
        weights = np.bincount(generator.integers(0, rows, rows), minlength=rows).astype(np.float64)
        if 0.0 < weights[labels].sum() < rows:
            drawn += 1
            yield weights


def _resampled(labels: Labels, resamples: int, seed: int) -> Iterator[Weights | None]:
    """All rows once (None), then the resamples."""
    if resamples < FEWEST_RESAMPLES:
        raise MetricsError(
            f"{resamples} resamples give no interval: ask for {FEWEST_RESAMPLES} or more."
        )
    require_both_classes(labels)
    yield None
    yield from resample_weights(labels, resamples, seed)


def _curve_metrics(tally: Tally) -> dict[str, float]:
    return {name: metric(tally) for name, metric in CURVE_METRICS.items()}


def _summed_up(estimates: list[dict[str, float]], level: float) -> dict[str, Interval]:
    """The first estimate is that of all rows."""
    if not 0.0 < level < 1.0:
        raise MetricsError(f"An interval cannot have the level {level}: choose one such as 0.95.")
    names = estimates[0]
    columns = {name: np.array([each[name] for each in estimates]) for name in names}
    return {name: _interval(name, column, level) for name, column in columns.items()}


def _interval(name: str, estimates: NDArray[np.float64], level: float) -> Interval:
    value, resampled = float(estimates[0]), estimates[1:]
    if name == "ece":
        # A resample's noise adds to the error it measures: its plain percentiles lie above the
        # value, for a well calibrated model wholly. Only their spread is used.
        resampled = resampled - np.median(resampled) + value
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, min(float(low), value), max(float(high), value))
