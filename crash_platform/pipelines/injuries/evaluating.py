"""Everything known about a model of a day, gathered from the lake for its charts.

What the charts look like is said in ``charts``; nothing is trained here.
"""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.store import Store
from crash_platform.modelling import boosting
from crash_platform.modelling.drift import psi_line, psi_of_category_counts
from crash_platform.modelling.metrics import measure
from crash_platform.modelling.ranking import MetricsError
from crash_platform.pipelines.crashes.tables import CRASHES, DAILY_CRASHES
from crash_platform.pipelines.injuries.charts.evaluation import Contributions, Evaluation
from crash_platform.pipelines.injuries.examples import with_labels
from crash_platform.pipelines.injuries.making import Row
from crash_platform.pipelines.injuries.model import InjuryModel
from crash_platform.pipelines.injuries.rows import features_of
from crash_platform.pipelines.injuries.tables import (
    COMPARISON,
    CRASH_FEATURES,
    TEST_PREDICTIONS,
)
from crash_platform.pipelines.injuries.words import Words

EXPLAINED = 2000
WEEKS = pa.schema(
    [("week", pa.date32()), ("rows", pa.int64())]
    + [(name, pa.float64()) for name in ("base_rate", "mean_probability", "ece", "auc")]
)
PSI = pa.schema(
    [("week", pa.date32()), ("feature", pa.string()), ("psi", pa.float64()), ("line", pa.float64())]
)
WEEK = np.timedelta64(7, "D")


def evaluation_of(
    store: Store, as_of: date, feature_set: str, row: Row, model: InjuryModel
) -> Evaluation:
    """What the charts of one model are drawn from."""
    split = model.split
    seen = _labelled(store, Window(split.calibrate.first, split.test.last))
    learnt = store.slice(CRASH_FEATURES, Window(split.train.first, split.train.last))
    drifting = list(drifting_columns(feature_set))
    return Evaluation(
        as_of,
        feature_set,
        row,
        _of_model(store, TEST_PREDICTIONS, as_of, feature_set),
        _of_model(store, COMPARISON, as_of, feature_set),
        months(store),
        weeks(model, seen),
        drift_by_week(learnt.read(drifting), seen, feature_set, model.encoder.words),
        contributions(model, seen),
    )


def _of_model(store: Store, table: Table, as_of: date, feature_set: str) -> pa.Table:
    rows = store.slice(table, Window(as_of, as_of)).read()
    return rows.filter(pc.equal(rows["feature_set"], feature_set))


def _labelled(store: Store, window: Window) -> pa.Table:
    features = store.slice(CRASH_FEATURES, window).read()
    crashes = store.slice(CRASHES, window).read(["collision_id", "is_injury_crash"])
    return with_labels(features, crashes)


def months(store: Store) -> pa.Table:
    """Crashes and their injury share by month, over all days there are."""
    days = store.slice(DAILY_CRASHES).read(["crash_date", "crash_count", "injury_crash_count"])
    month = pc.floor_temporal(days["crash_date"], unit="month").cast(pa.date32())
    sums = (
        days.append_column("month", month)
        .group_by("month")
        .aggregate([("crash_count", "sum"), ("injury_crash_count", "sum")])
        .sort_by("month")
    )
    counts = sums["crash_count_sum"]
    share = pc.divide(sums["injury_crash_count_sum"].cast(pa.float64()), counts.cast(pa.float64()))
    return pa.table({"month": sums["month"], "crash_count": counts, "injury_share": share})


def week_starts(rows: pa.Table) -> NDArray[np.datetime64]:
    """The Monday of every row's ``crash_date``."""
    days = rows["crash_date"].to_numpy().astype("datetime64[D]")
    since_monday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    starts: NDArray[np.datetime64] = days - since_monday.astype("timedelta64[D]")
    return starts


def weeks(model: InjuryModel, seen: pa.Table) -> pa.Table:
    """How the model did in every whole week it was calibrated or tested on."""
    starts, labels = week_starts(seen), seen["is_injury_crash"].to_numpy().astype(np.bool_)
    said, found = model.score(features_of(seen), seen.num_rows), []
    for start in _whole_weeks(seen, starts):
        mask = starts == start
        try:
            told = measure(labels[mask], said[mask], model.threshold)
        except MetricsError:
            continue  # a week of one outcome has no AUC; the chart shows the gap
        found.append(
            {
                "week": start.astype(date),
                "rows": told.rows,
                "base_rate": told.base_rate,
                "mean_probability": float(said[mask].mean()),
                "ece": told.ece,
                "auc": told.auc,
            }
        )
    return pa.Table.from_pylist(found, schema=WEEKS)


def _whole_weeks(rows: pa.Table, starts: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    days = rows["crash_date"].to_numpy().astype("datetime64[D]")
    distinct = np.unique(starts)
    whole: NDArray[np.datetime64] = distinct[
        (distinct >= days.min()) & (distinct + WEEK - np.timedelta64(1, "D") <= days.max())
    ]
    return whole


def drifting_columns(feature_set: str) -> tuple[str, ...]:
    """The features whose shares are watched; those of the calendar move by construction."""
    columns = ("hour", "borough", "street_kind", "vehicle_types")
    return columns if feature_set == "first_report" else (*columns, "contributing_factors")


def drift_by_week(learnt: pa.Table, seen: pa.Table, feature_set: str, words: Words) -> pa.Table:
    """The population stability index of every watched feature, week by week against training."""
    starts, found = week_starts(seen), []
    for start in _whole_weeks(seen, starts):
        week = seen.filter(pa.array(starts == start))
        for name in drifting_columns(feature_set):
            expected = category_counts(learnt[name], name, words)
            observed = category_counts(week[name], name, words)
            line = psi_line(learnt.num_rows, week.num_rows, max(2, len(expected)))
            psi = psi_of_category_counts(expected, observed)
            found.append({"week": start.astype(date), "feature": name, "psi": psi, "line": line})
    return pa.Table.from_pylist(found, schema=PSI)


def category_counts(values: pa.ChunkedArray, name: str, words: Words) -> dict[str, int]:
    """How often each category occurs: hours in bands of six, vehicles in their groups."""
    if pa.types.is_list(values.type):
        values = pc.list_flatten(values)
    counts: dict[str, int] = {}
    for each in pc.value_counts(values).to_pylist():
        category = _category(each["values"], name, words)
        counts[category] = counts.get(category, 0) + each["counts"]
    return counts


def _category(value: object, name: str, words: Words) -> str:
    if value is None:
        return "missing"
    if name == "hour":
        start = int(str(value)) // 6 * 6
        return f"{start:02d}-{start + 5:02d} h"
    return words.vehicle_group(str(value)) if name == "vehicle_types" else str(value)


def contributions(model: InjuryModel, seen: pa.Table, seed: int = 0) -> Contributions:
    """What every column added to the predictions of a sample of the test crashes."""
    first = pa.scalar(model.split.test.first, pa.date32())
    tested = seen.filter(pc.greater_equal(seen["crash_date"], first))
    count = min(EXPLAINED, tested.num_rows)
    chosen = np.sort(np.random.default_rng(seed).choice(tested.num_rows, count, replace=False))
    sample = tested.take(pa.array(chosen))
    matrix = model.encoder.matrix(features_of(sample), count)
    return Contributions(
        model.encoder.columns,
        matrix,
        boosting.contributions(model.booster, matrix),
        model.probabilities(matrix),
        sample["collision_id"].to_numpy(),
    )
