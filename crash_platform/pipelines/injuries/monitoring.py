"""The model's health day by day, in figures: volume, base rate, calibration, drift.

Rows of ``model/monitoring``, from what was said and what happened; when to worry is for ``alerts``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.modelling.drift import bin_counts, psi_line, psi_of_counts, quantile_edges
from crash_platform.modelling.metrics import measure
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.injuries.by_day import (
    ALL,
    HURT,
    LABELLED,
    Calendar,
    Counts,
    Said,
    weeks,
)
from crash_platform.pipelines.injuries.features import FEATURE_SETS
from crash_platform.pipelines.injuries.tables import CRASH_FEATURES, INJURY_PREDICTIONS, MONITORING
from crash_platform.pipelines.injuries.words import Words

LOOKBACK_DAYS = 90
MATURITY_DAYS = 14
USUAL_WEEKS, REFERENCE_WEEKS = 4, 8
FEWEST = 50
"""Rows that ECE, AUC, Brier score and drift need on each side."""
MOST_VEHICLES = 4
SAID = ["crash_date", "collision_id", "feature_set", "probability", "model_version", "is_in_sample"]
KNOWN = [
    "crash_date",
    "hour",
    "borough",
    "latitude",
    "street_kind",
    "vehicle_types",
    "contributing_factors",
]
HAPPENED = ["crash_date", "collision_id", "is_injury_crash"]
COMPARED = {
    "hour_band": "hour",
    "borough": "borough",
    "street_kind": "street_kind",
    "coordinates": "latitude",
    "vehicle_count": "vehicle_types",
    "vehicle_type": "vehicle_types",
    "vehicle_group": "vehicle_types",
    "second_vehicle_group": "vehicle_types",
    "factor": "contributing_factors",
    "second_factor": "contributing_factors",
}
"""What is compared with the weeks before, by the feature it is taken from.

Never the calendar, which drifts by itself: the month scored 8.8 where nothing had happened.
"""

Row = dict[str, Any]


@dataclass(frozen=True)
class Inputs:
    """What days are judged by: three tables, each from ``LOOKBACK_DAYS`` before the first of them.

    ``predictions`` has the columns ``SAID``, ``features`` those of ``KNOWN``, ``crashes`` those of
    ``HAPPENED``.
    """

    predictions: pa.Table
    features: pa.Table
    crashes: pa.Table

    @classmethod
    def read(cls, store: Store, days: Sequence[date]) -> "Inputs":
        """Read each table once for all the days.

        Raises:
            LakeError: a table cannot be read.
        """
        window = window_for(days)
        return cls(
            store.slice(INJURY_PREDICTIONS, window).read(SAID),
            store.slice(CRASH_FEATURES, window).read(KNOWN),
            store.slice(CRASHES, window).read(HAPPENED),
        )

    def within(self, window: Window) -> "Inputs":
        """The rows of some days only."""
        day = pc.field("crash_date")
        chosen = (day >= pa.scalar(window.first)) & (day <= pa.scalar(window.last))
        tables = (self.predictions, self.features, self.crashes)
        return Inputs(*(table.filter(chosen) for table in tables))


def window_for(days: Sequence[date]) -> Window:
    """The days whose crashes are needed to monitor days."""
    return Window(min(days) - timedelta(days=LOOKBACK_DAYS), max(days))


def monitor(days: Sequence[date], inputs: Inputs, words: Words) -> pa.Table:
    """Rows of ``model/monitoring``, one per day and feature set.

    A day whose week holds no prediction of a feature set gives no row for it. A row depends on the
    ``LOOKBACK_DAYS`` before its day only, not on which other days are asked for.
    """
    window = window_for(days)
    inputs = inputs.within(window)
    calendar = Calendar(window.first, (window.last - window.first).days + 1)
    crashes = calendar.crashes(inputs.crashes)
    categories = _categories(inputs.features, words)
    known = {name: calendar.counts(inputs.features, cells) for name, cells in categories.items()}
    rows = []
    for feature_set, names in FEATURE_SETS.items():
        said = calendar.said(inputs.predictions, inputs.crashes, feature_set)
        seen = {name: known[name] for name, column in COMPARED.items() if column in names}
        for day in sorted(set(days)):
            row = _row((day - window.first).days, crashes, said, seen)
            if row is not None:
                rows.append({"feature_set": feature_set, **_dates(day), **row})
    return pa.Table.from_pylist(rows, schema=MONITORING.schema)


def _dates(day: date) -> Row:
    mature = day - timedelta(days=MATURITY_DAYS)
    return {
        "monitored_date": day,
        "matured_from": mature - timedelta(days=6),
        "matured_to": mature,
    }


def _categories(features: pa.Table, words: Words) -> dict[str, pa.ChunkedArray]:
    """What is compared, of each crash."""
    vehicles, factors = features["vehicle_types"], features["contributing_factors"]
    first, second = _nth(vehicles, 0), _nth(vehicles, 1)
    count = pc.min_element_wise(pc.fill_null(pc.list_value_length(vehicles), 0), MOST_VEHICLES)
    return {
        "hour_band": pc.divide(features["hour"], 6),
        "borough": features["borough"],
        "street_kind": features["street_kind"],
        "coordinates": pc.is_valid(features["latitude"]),
        "vehicle_count": count,
        "vehicle_type": first,
        "vehicle_group": _groups(first, words),
        "second_vehicle_group": _groups(second, words),
        "factor": _nth(factors, 0),
        "second_factor": _nth(factors, 1),
    }


def _nth(lists: pa.ChunkedArray, n: int) -> pa.ChunkedArray:
    padded = pc.list_slice(lists, n, n + 1, return_fixed_size_list=True)
    return pc.list_element(padded, 0)


def _groups(names: pa.ChunkedArray, words: Words) -> pa.ChunkedArray:
    known = names.unique().drop_null()
    groups = pa.array([words.vehicle_group(name) for name in known.to_pylist()], pa.string())
    return pc.take(groups, pc.index_in(names, known))


def _row(day: int, crashes: Counts, said: Said, known: Mapping[str, Counts]) -> Row | None:
    week, mature = said.over(weeks(day)), said.over(weeks(day - MATURITY_DAYS))
    versions, counts = np.unique(said.versions[week], return_counts=True)
    if not len(versions):
        return None
    version = int(versions[counts == counts.max()].max())
    score_psi, line = _score_drift(said, week, said.over(weeks(day - 7, REFERENCE_WEEKS)), version)
    return {
        "model_version": version,
        "crash_count": int(crashes.over(weeks(day))[ALL]),
        "usual_count": _usual_count(day, crashes),
        "mean_probability": float(said.probabilities[week].mean()),
        "score_psi": score_psi,
        "score_psi_line": line,
        "feature_psi": _feature_drift(day, known),
        **_matured(said, mature),
        "usual_base_rate": _usual_base_rate(day, crashes),
        "is_in_sample": bool(said.is_in_sample[week].any() or said.is_in_sample[mature].any()),
    }


def _usual_count(day: int, crashes: Counts) -> float | None:
    before = weeks(day - 7, USUAL_WEEKS)
    by_day = np.diff(crashes.up_to[before.start : before.stop + 1, ALL])
    # A day without a record is one that is missing, which would make the others look like many.
    return float(by_day.sum() / USUAL_WEEKS) if by_day.all() else None


def _usual_base_rate(day: int, crashes: Counts) -> float | None:
    ends = [day - MATURITY_DAYS - 7 * n for n in range(1, REFERENCE_WEEKS + 1)]
    before = np.array([crashes.over(weeks(end)) for end in ends])
    is_known = before[:, LABELLED].all()
    return float(before[:, HURT].sum() / before[:, LABELLED].sum()) if is_known else None


def _score_drift(
    said: Said, week: slice, before: slice, version: int
) -> tuple[float | None, float | None]:
    """Of one model's scores: another version says other things of the same crashes."""
    now = said.probabilities[week][said.versions[week] == version]
    then = said.probabilities[before][said.versions[before] == version]
    if min(len(now), len(then)) < FEWEST:
        return None, None
    edges = quantile_edges(then)
    expected, observed = bin_counts(then, edges), bin_counts(now, edges)
    bins = int((expected + observed > 0).sum())
    line = psi_line(len(then), len(now), bins) if bins > 1 else None
    return psi_of_counts(expected, observed), line


def _feature_drift(day: int, known: Mapping[str, Counts]) -> str | None:
    week, before = weeks(day), weeks(day - 7, REFERENCE_WEEKS)
    told = {}
    for name, counts in known.items():
        expected, observed = counts.over(before), counts.over(week)
        if min(expected.sum(), observed.sum()) >= FEWEST:
            told[name] = round(psi_of_counts(expected, observed), 4)
    return json.dumps(told) if told else None


def _matured(said: Said, week: slice) -> Row:
    is_labelled = said.is_labelled[week]
    labels, probabilities = said.labels[week][is_labelled], said.probabilities[week][is_labelled]
    count = len(labels)
    is_enough = count >= FEWEST and labels.any() and not labels.all()
    told = measure(labels, probabilities, 0.5) if is_enough else None
    return {
        "matured_count": count,
        "matured_base_rate": float(labels.mean()) if count else None,
        "matured_mean_probability": float(probabilities.mean()) if count else None,
        "matured_ece": told.ece if told else None,
        "matured_auc": told.auc if told else None,
        "matured_brier": told.brier if told else None,
    }
