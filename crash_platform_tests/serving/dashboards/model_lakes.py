"""Rows of the model's tables for the tests of its dashboard."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from crash_platform.lake.store import Store
from crash_platform.serving.dashboards.model import model
from crash_platform_tests.serving.dashboards.figures import lake

MODEL = model()
AS_OF = date(2022, 12, 31)
PERIOD = {"first_day": date(2022, 1, 1), "last_day": date(2022, 12, 31)}
FIRST = {"feature_set": "first_report"}
HEALTHY = {
    **FIRST,
    "monitored_date": date(2022, 12, 30),
    "model_version": 2,
    "crash_count": 2000,
    "usual_count": 2000.0,
    "mean_probability": 0.4,
    "score_psi": 0.01,
    "score_psi_line": 0.012,
    "feature_psi": json.dumps({"hour_band": 0.01, "vehicle_type": 0.05}),
    "matured_from": date(2022, 12, 10),
    "matured_to": date(2022, 12, 16),
    "matured_count": 2000,
    "matured_base_rate": 0.40,
    "usual_base_rate": 0.39,
    "matured_mean_probability": 0.41,
    "matured_ece": 0.03,
    "matured_auc": 0.7,
    "matured_brier": 0.2,
}


def candidate(name: str, experiment: str = "models", **more: Any) -> dict[str, Any]:
    named = {"experiment": experiment, "candidate": name, "parameters": '{"depth": 6, "l2": 2.0}'}
    return {**FIRST, "as_of_date": AS_OF, **named, **more}


MEASURED = (
    candidate("logistic", auc=0.67, auc_low=0.66, auc_high=0.68, brier=0.21, fit_seconds=1.0),
    candidate("xgboost", auc=0.69, auc_low=0.68, auc_high=0.70, brier=0.20, fit_seconds=8.0),
    candidate("10000", "rows", auc=0.66),
    candidate("2500", "rows", auc=0.65),
    candidate("random", "split", auc=0.75, feature_set="full_report"),
    candidate("1", "trees", auc=0.6, log_loss=0.6),
)


def held(folder: Path, **tables: Sequence[dict[str, Any]]) -> Store:
    names = {name.replace("__", "/"): rows for name, rows in tables.items()}
    return lake(folder, names, MODEL.tables)
