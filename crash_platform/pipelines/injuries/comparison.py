"""From answers to figures: the rows of ``model/comparison`` and ``model/test_predictions``.

Nothing is fitted here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from crash_platform.lake.contract import Table
from crash_platform.modelling.bootstrap import Interval, differences, intervals
from crash_platform.modelling.metrics import Metrics, measure
from crash_platform.pipelines.injuries.candidates import Answer
from crash_platform.pipelines.injuries.examples import Rows
from crash_platform.pipelines.injuries.tables import COMPARISON, TEST_PREDICTIONS
from crash_platform.pipelines.injuries.training import Trained

RESAMPLES = 200
WITH_INTERVALS = ("auc", "average_precision", "brier", "ece")
WITH_GAINS = ("auc", "brier")
CURVE_POINTS = 25
PREDICTING = ("models", "ladder", "split")
"""Experiments whose answers are kept row by row and get intervals."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """An answer within an experiment about a feature set, and the answer it is measured against.

    The baseline said something of the very same rows. Without one there are neither intervals nor
    predictions: only ``PREDICTING`` experiments have it.
    """

    feature_set: str
    experiment: str
    answer: Answer
    baseline: Answer | None = None


def comparison(
    findings: Sequence[Finding], trained: Mapping[str, Trained], rows: Rows, seed: int
) -> pa.Table:
    """Figures of every finding and of every model's early stopping, as ``COMPARISON`` says.

    Intervals (95 %) come from ``RESAMPLES`` resamples, the same for all answers about the same
    rows; gains over the baseline are paired.
    """
    made = [
        _of_day(trained[each.feature_set], each.feature_set, each.experiment)
        | _figures(each, rows, seed)
        for each in findings
    ]
    for feature_set, model in trained.items():
        made += [_of_day(model, feature_set, "trees") | row for row in curve_rows(model, rows)]
    return pa.Table.from_pylist(made, schema=COMPARISON.schema)


def _of_day(trained: Trained, feature_set: str, experiment: str) -> Row:
    return {
        "as_of_date": trained.model.as_of,
        "feature_set": feature_set,
        "experiment": experiment,
    }


def _figures(finding: Finding, rows: Rows, seed: int) -> Row:
    answer, baseline = finding.answer, finding.baseline
    labels = rows.labels[answer.places]
    row = {
        "candidate": answer.name,
        "parameters": json.dumps(dict(answer.parameters), sort_keys=True),
        "train_count": answer.train_count,
        **_plain(measure(labels, answer.probabilities, answer.threshold)),
        "fit_seconds": answer.fit_seconds,
        "size_bytes": answer.size_bytes,
    }
    return row if baseline is None else row | _spread(answer, baseline, labels, seed)


def _plain(metrics: Metrics) -> Row:
    figures = asdict(metrics)
    return {"test_count": figures.pop("rows"), **figures}


def _spread(answer: Answer, baseline: Answer, labels: Any, seed: int) -> Row:
    said, how = answer.probabilities, {"resamples": RESAMPLES, "seed": seed}
    around = intervals(labels, {"it": said}, {"it": answer.threshold}, **how)["it"]
    gains = differences(labels, said, baseline.probabilities, **how)
    row: Row = {f"{name}_gain": gains[name].value for name in WITH_GAINS}
    for name in WITH_INTERVALS:
        row |= _ends(name, around[name])
    for name in WITH_GAINS:
        row |= _ends(f"{name}_gain", gains[name])
    return row


def _ends(name: str, interval: Interval) -> Row:
    return {f"{name}_low": interval.low, f"{name}_high": interval.high}


def curve_rows(trained: Trained, rows: Rows) -> Iterator[Row]:
    """The product's early stopping at about 25 numbers of trees, the kept one among them.

    Judged on the calibration window while it was fitted, by AUC and log loss alone: trees that
    were not kept can be asked nothing else, and every other figure is null.
    """
    model, made = trained.model, trained.made
    held_out = rows.within(model.split.calibrate) & rows.in_scope(model.feature_set)
    labels, size = rows.labels[held_out], len(model.to_bytes())
    for trees in curve_points(len(made.curve["auc"]), trained.trees):
        yield {
            "candidate": f"{trees}",
            "parameters": json.dumps({"trees": trees}),
            "train_count": made.train_count,
            "test_count": len(labels),
            "base_rate": float(labels.mean()),
            "auc": made.curve["auc"][trees - 1],
            "log_loss": made.curve["logloss"][trees - 1],
            "fit_seconds": made.fit_seconds,
            "size_bytes": size,
        }


def curve_points(tried: int, kept: int) -> list[int]:
    """Numbers of trees to show, spread evenly from the first to the last that was tried."""
    spread = np.linspace(1, tried, min(tried, CURVE_POINTS)).round().astype(int)
    return sorted({*spread.tolist(), kept})


def test_predictions(
    findings: Sequence[Finding], trained: Mapping[str, Trained], rows: Rows
) -> pa.Table:
    """What was said of every test row in the experiments that are charted row by row."""
    kept = [each for each in findings if each.experiment in PREDICTING]
    schema = TEST_PREDICTIONS.schema
    tables = [_said(each, trained[each.feature_set].model.as_of, rows) for each in kept]
    return pa.concat_tables(tables) if tables else schema.empty_table()


def _said(finding: Finding, as_of: date, rows: Rows) -> pa.Table:
    answer, places = finding.answer, finding.answer.places
    same = {
        "as_of_date": as_of,
        "feature_set": finding.feature_set,
        "experiment": finding.experiment,
        "candidate": answer.name,
    }
    columns = {
        "collision_id": rows.collision_ids[places],
        "crash_date": rows.days[places],
        "is_injury_crash": rows.labels[places],
        "probability": answer.probabilities,
        "raw_probability": answer.raw,
        "borough": rows.boroughs[places],
        "hour": rows.hours[places],
        "vehicle_group": rows.vehicle_groups[places],
    }
    return _table(TEST_PREDICTIONS, same, columns, len(places))


def _table(
    table: Table, same: Mapping[str, object], columns: Mapping[str, Any], count: int
) -> pa.Table:
    """Columns of a table, those in ``same`` holding one value throughout."""
    arrays = [
        pa.repeat(pa.scalar(same[field.name], field.type), count)
        if field.name in same
        else pa.array(columns[field.name], field.type, from_pandas=True)
        for field in table.schema
    ]
    return pa.Table.from_arrays(arrays, schema=table.schema)
