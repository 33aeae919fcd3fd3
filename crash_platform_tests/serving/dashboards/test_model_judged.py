"""Predictions against what official records then said."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crash_platform_tests.serving.dashboards.figures import note_of, rows_of
from crash_platform_tests.serving.dashboards.model_lakes import FIRST, MODEL, held


def judged_day(day: int, **more: Any) -> dict[str, Any]:
    counts = {"prediction_count": 4, "labelled_count": 0, "mean_probability": None, "brier": None}
    return {**FIRST, "crash_date": date(2026, 3, day), "model_version": 1, **counts, **more}


PREDICTED = [
    {**FIRST, "event_id": f"e{n}", "event_version": v, "crash_date": date(2026, 3, 1)}
    for n, v in [(1, 1), (1, 2), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1)]
]


def test_live_accuracy_weighs_days_by_their_official_records(tmp_path: Path) -> None:
    first = {"labelled_count": 1, "injury_count": 1, "flagged_count": 1, "hit_count": 1}
    second = {"labelled_count": 3, "injury_count": 1, "flagged_count": 2, "hit_count": 0}
    days = [
        judged_day(1, **first, mean_probability=0.5, brier=0.25),
        judged_day(2, **second, mean_probability=0.3, brier=0.05, feature_set="full_report"),
        judged_day(3),
    ]
    tables = {"gold__live_accuracy": days, "gold__live_predictions": PREDICTED}
    store = held(tmp_path, **tables)
    [row] = rows_of(MODEL, "live_accuracy", store)
    assert row == {
        "prediction_count": 8,
        "labelled_count": 4,
        "labelled_share": 0.5,
        "brier": pytest.approx(0.1),
        "recall": 0.5,
        "precision": pytest.approx(1 / 3),
        "expected_count": pytest.approx(1.4),
        "injury_count": 2,
    }
    assert note_of(MODEL, "live_accuracy", store) == (
        "4 of 8 reports have an official record so far."
    )
    by_day = rows_of(MODEL, "live_days", store)
    assert [(row["expected_count"], row["injury_count"], row["precision"]) for row in by_day] == [
        (0.5, 1, 1.0),
        (pytest.approx(0.9), 1, 0.0),
        (None, None, None),
    ]


def test_without_official_records_nothing_is_said_of_accuracy(tmp_path: Path) -> None:
    store = held(tmp_path, gold__live_predictions=PREDICTED)
    [row] = rows_of(MODEL, "live_accuracy", store)
    assert (row["prediction_count"], row["labelled_count"]) == (8, 0)
    assert {row[name] for name in ("brier", "recall", "precision", "injury_count")} == {None}
    assert note_of(MODEL, "live_accuracy", store) == (
        "0 of 8 reports have an official record so far. How right they were, nobody can say yet."
    )
