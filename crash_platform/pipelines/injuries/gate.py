"""What a model must keep to become champion: one verdict per gate, from its test rows.

Who becomes champion is decided in ``promotion``.
"""

import math
import time
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from crash_platform.modelling.bootstrap import differences
from crash_platform.modelling.metrics import calibration_bins
from crash_platform.pipelines.injuries.alerts import ECE_OF_CHANCE
from crash_platform.pipelines.injuries.examples import Rows
from crash_platform.pipelines.injuries.features import VICTIM_FACTORS
from crash_platform.pipelines.injuries.model import InjuryModel, Probabilities
from crash_platform.pipelines.injuries.promotion import Verdict
from crash_platform.pipelines.injuries.training import Trained

TOO_GOOD = {"first_report": 0.78, "full_report": 0.83}
"""AUC from which a leak is likelier than skill; with victims among the columns it is 0.85."""
LARGEST_ECE = 0.05
LARGEST_SLICE_ECE = 0.10
SMALLEST_SLICE = 500
SLICE_BINS = 5
LARGEST_AUC_LOSS = 0.003
SLOWEST = 0.005
LEAKS = (
    "injured",
    "killed",
    "victim",
    "severity",
    "minute",
    "collision_id",
    "landing",
    "pulled",
    "updated",
    "version",
    "filled",
    "year",
)
"""Parts of a column's name that give the outcome, or the way of filing, away."""


@dataclass(frozen=True)
class Rival:
    """The champion on the challenger's test rows."""

    model: InjuryModel
    version: int
    probabilities: Probabilities


def judge(trained: Trained, rows: Rows, champion: Rival | None, seed: int = 0) -> list[Verdict]:
    """The verdict of every gate; without a champion, those that need none."""
    verdicts = [
        not_too_good(trained.model.feature_set, trained.metrics.auc),
        no_leaks(trained.model.encoder.columns),
        calibrated(trained.metrics.ece, trained.metrics.rows),
        slices_calibrated(trained, rows),
        fast_enough(trained, rows),
    ]
    if champion is not None:
        labels = rows.labels[trained.tested]
        verdicts.append(newer(trained.model, champion))
        verdicts.append(better(labels, trained.probabilities, champion, seed))
    return verdicts


def not_too_good(feature_set: str, auc: float) -> Verdict:
    """Skill beyond what this data can hold is a leak until it is explained."""
    limit = TOO_GOOD[feature_set]
    said = f"AUC {auc:.3f}; from {limit:.2f} on a leak is likelier than skill"
    return Verdict("auc_not_too_good", auc < limit, True, said)


def no_leaks(columns: tuple[str, ...]) -> Verdict:
    """No column follows from the outcome or tells how the report was filed."""
    factors = {f"factor={name}" for name in VICTIM_FACTORS}
    leaking = [
        name
        for name in columns
        if name in factors or any(part in name.split("=")[0] for part in LEAKS)
    ]
    said = f"leaking: {', '.join(leaking)}" if leaking else f"none of {len(columns)} columns leaks"
    return Verdict("no_leaking_columns", not leaking, True, said)


def calibrated(ece: float, rows: int) -> Verdict:
    """Among crashes given 30 %, about 30 % have injuries; few crashes miss that by chance."""
    limit = max(LARGEST_ECE, ECE_OF_CHANCE / math.sqrt(rows))
    said = f"expected calibration error {ece:.3f}, at most {limit:.3f}"
    return Verdict("is_calibrated", ece <= limit, True, said)


def slices_calibrated(trained: Trained, rows: Rows) -> Verdict:
    """The same in every borough, time of day and group of vehicles with enough crashes."""
    labels, said = rows.labels[trained.tested], trained.probabilities
    errors = {
        name: slice_ece(labels[mask], said[mask])
        for name, mask in slices(rows, trained.tested).items()
        if mask.sum() >= SMALLEST_SLICE
    }
    if not errors:
        return Verdict("slices_are_calibrated", True, True, "no slice has enough crashes to judge")
    worst = max(errors, key=lambda name: errors[name])
    told = f"worst slice {worst}: {errors[worst]:.3f}, at most {LARGEST_SLICE_ECE:.2f}"
    return Verdict("slices_are_calibrated", errors[worst] <= LARGEST_SLICE_ECE, True, told)


def slice_ece(labels: NDArray[np.bool_], probabilities: Probabilities) -> float:
    """Calibration error over few bins, so that a small slice is not all noise."""
    bins = calibration_bins(labels, probabilities, SLICE_BINS)
    gaps = np.abs(bins.mean_probability - bins.observed_rate)
    return float((gaps * bins.count).sum() / bins.count.sum())


def slices(rows: Rows, tested: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """The test rows by borough, six-hour band and group of the first vehicle."""
    found: dict[str, NDArray[np.bool_]] = {}
    for values in (rows.boroughs[tested], rows.vehicle_groups[tested]):
        for value in sorted({value for value in values if value is not None}):
            found[str(value)] = values == value
    hours = np.array([-1 if hour is None else hour for hour in rows.hours[tested]])
    for start in range(0, 24, 6):
        found[f"{start:02d}-{start + 5:02d} h"] = (hours >= start) & (hours < start + 6)
    return found


def fast_enough(trained: Trained, rows: Rows) -> Verdict:
    """One crash is scored fast enough for an API to answer in milliseconds."""
    width = len(trained.model.encoder.columns)
    row, seconds = rows.matrix[:1, :width], []
    for _ in range(50):
        started = time.perf_counter()
        trained.model.probabilities(row)
        seconds.append(time.perf_counter() - started)
    typical = median(seconds)
    said = f"one crash in {typical * 1000:.2f} ms, at most {SLOWEST * 1000:.0f} ms"
    return Verdict("is_fast_enough", typical <= SLOWEST, True, said)


def newer(model: InjuryModel, champion: Rival) -> Verdict:
    """A backtest of a past day does not replace the model of a later one."""
    said = f"as of {model.as_of}, the champion as of {champion.model.as_of}"
    return Verdict(
        "is_not_older_than_the_champion", model.as_of >= champion.model.as_of, True, said
    )


def better(
    labels: NDArray[np.bool_], probabilities: Probabilities, champion: Rival, seed: int
) -> Verdict:
    """A lower Brier score than the champion's, beyond chance, and no worse order (AUC)."""
    told = differences(labels, probabilities, champion.probabilities, seed=seed)
    brier, auc = told["brier"], told["auc"]
    passed = brier.high < 0 and auc.value >= -LARGEST_AUC_LOSS
    said = (
        f"Brier {brier.value:+.4f} ({brier.low:+.4f} to {brier.high:+.4f}) and AUC "
        f"{auc.value:+.4f} against version {champion.version} on the same {len(labels):,} crashes"
    )
    return Verdict("is_better_than_the_champion", passed, True, said)
