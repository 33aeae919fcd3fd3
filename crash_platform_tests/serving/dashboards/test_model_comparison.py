"""Candidates by an experiment and a metric of the reader's choice."""

from pathlib import Path
from typing import Any

from crash_platform.lake.store import Store
from crash_platform.serving.dashboards.model_comparison import METRICS, label, settings
from crash_platform_tests.serving.dashboards.figures import note_of, rows_of
from crash_platform_tests.serving.dashboards.model_lakes import (
    FIRST,
    MEASURED,
    MODEL,
    candidate,
    held,
)


def compared(store: Store, experiment: str, metric: str, **more: Any) -> list[dict[str, Any]]:
    asked = {**FIRST, "as_of_date": "2022-12-31", "experiment": experiment, "metric": metric}
    return rows_of(MODEL, "comparison", store, **{**asked, **more})


def test_candidates_come_best_first_with_their_intervals(tmp_path: Path) -> None:
    store = held(tmp_path, model__comparison=MEASURED)
    by_auc = compared(store, "models", "auc")
    assert [(row["label"], row["value"], row["low"], row["high"]) for row in by_auc] == [
        ("XGBoost", 0.69, 0.68, 0.70),
        ("logistic regression", 0.67, 0.66, 0.68),
    ]
    assert by_auc[0]["settings"] == "depth 6, l2 2"
    by_brier = compared(store, "models", "brier")
    assert [(row["label"], row["value"], row["low"]) for row in by_brier] == [
        ("XGBoost", 0.20, None),
        ("logistic regression", 0.21, None),
    ]
    quickest = compared(store, "models", "fit_seconds")[0]
    assert (quickest["label"], quickest["value"]) == ("logistic regression", 1.0)


def test_curves_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    store = held(tmp_path, model__comparison=MEASURED)
    labels = [row["label"] for row in compared(store, "rows", "auc")]
    assert labels == ["2,500 crashes", "10,000 crashes"]


def test_an_experiment_of_one_feature_set_is_shown_for_that_one(tmp_path: Path) -> None:
    store = held(tmp_path, model__comparison=MEASURED)
    [row] = compared(store, "split", "auc")
    assert (row["label"], row["feature_set"]) == ("split at random", "full report")


def test_what_was_not_measured_is_not_shown(tmp_path: Path) -> None:
    store = held(tmp_path, model__comparison=MEASURED)
    assert compared(store, "trees", "brier") == []
    assert compared(store, "models", "auc; DROP TABLE x") == []
    assert compared(store, "models", "auc", as_of_date="no day") == []
    assert compared(store, "models", "auc", as_of_date=None) == []


def test_every_metric_is_measured_somewhere(tmp_path: Path) -> None:
    every: dict[str, Any] = {
        name: 0.5 for name in METRICS if name not in ("fit_seconds", "size_megabytes")
    }
    row = candidate("xgboost", **every, fit_seconds=2.0, size_bytes=3_000_000)
    store = held(tmp_path, model__comparison=[row])
    values = {name: compared(store, "models", name)[0]["value"] for name in METRICS}
    assert values == {**every, "fit_seconds": 2.0, "size_megabytes": 3.0}


def test_how_to_read_says_which_end_is_better(tmp_path: Path) -> None:
    store = held(tmp_path, model__comparison=MEASURED)
    asked = {**FIRST, "as_of_date": "2022-12-31", "experiment": "trees", "metric": "log_loss"}
    assert note_of(MODEL, "comparison", store, **asked) == (
        "Early stopping, first report, judged on the calibration window. Log loss: lower is better."
    )


def test_candidates_have_readable_names() -> None:
    told = label("parameters", "depth=4 learning_rate=0.03")
    assert told == "depth 4, learning rate 0.03"
    assert label("window", "1") == "1 month"
    assert label("trees", "217") == "217 trees"
    assert label("ladder", "time_place") == "time and place"
    assert label("ladder", "leak") == "leak (no skill)"
    assert settings('{"learning_rate": 0.08, "missing": "median"}') == (
        "learning rate 0.08, missing median"
    )
