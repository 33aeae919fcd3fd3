import json
from datetime import date
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.lake.contract import Table
from crash_platform.orchestration.promises import Promise, examine
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.injuries import tables as t
from crash_platform.pipelines.injuries.checks import alert_result, gate_result, promises

DAY = date(2022, 3, 16)
PROMISES = {promise.name: promise for promise in promises()}


def table(contract: Table, *rows: dict[str, Any]) -> pa.Table:
    """Rows of a table; what they do not name is null."""
    schema = pa.schema([field.with_nullable(True) for field in contract.schema])
    return pa.Table.from_pylist(list(rows), schema=schema)


def crash(number: int, contract: Table = CRASHES, day: date = DAY) -> dict[str, Any]:
    del contract
    return {"collision_id": number, "crash_date": day}


def score(number: int, feature_set: str = "first_report", **changes: Any) -> dict[str, Any]:
    told = {"probability": 0.6, "threshold": 0.3, "is_predicted_injury": True}
    return crash(number) | {"feature_set": feature_set} | told | changes


def offending(promise: Promise, **inputs: pa.Table) -> list[int]:
    found = examine(promise, DuckDBEngine("200MB"), inputs)
    return sorted(row["collision_id"] for row in found.sample.to_pylist())


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ([crash(1), crash(2)], []),
        ([crash(1)], [2]),
        ([crash(1), crash(2), crash(3)], [3]),
        ([crash(1), crash(2), crash(2)], [2]),
        ([crash(1), crash(2, day=date(2022, 3, 17))], [2]),
    ],
)
def test_features_hold_every_crash(features: list[dict[str, Any]], expected: list[int]) -> None:
    found = offending(
        PROMISES["features_hold_every_crash"],
        crashes=table(CRASHES, crash(1), crash(2)),
        crash_features=table(t.CRASH_FEATURES, *features),
    )
    assert found == expected


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([], []),
        ([score(1), score(2)], []),
        ([score(1)], [2]),
        ([score(1), score(2), score(2)], [2]),
        ([score(1), score(2), score(3)], [3]),
        ([score(1), score(2), score(1, "full_report")], [2]),
        ([score(1), score(2, probability=1.2)], [2]),
        ([score(1), score(2, is_predicted_injury=False)], [2]),
    ],
)
def test_every_crash_is_scored_once(scores: list[dict[str, Any]], expected: list[int]) -> None:
    found = offending(
        PROMISES["every_crash_is_scored_once"],
        injury_predictions=table(t.INJURY_PREDICTIONS, *scores),
        crash_features=table(t.CRASH_FEATURES, crash(1), crash(2)),
    )
    assert found == expected


def judged(*, passed: bool, feature_set: str = "first_report") -> dict[str, Any]:
    verdict = {"passed": passed, "is_required": True, "description": "AUC 0.7"}
    return {"feature_set": feature_set, "gates": json.dumps({"auc_not_too_good": verdict})}


def test_a_gate_is_broken_by_either_model_and_says_by_which() -> None:
    rows = [judged(passed=True), judged(passed=False, feature_set="full_report")]
    kept = gate_result("auc_not_too_good", rows[:1], is_blocking=True)
    assert (kept.passed, kept.description) == (True, "first_report: AUC 0.7")
    broken = gate_result("auc_not_too_good", rows, is_blocking=True)
    assert (broken.passed, broken.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "full_report: AUC 0.7" in str(broken.description)
    warned = gate_result("auc_not_too_good", rows, is_blocking=False)
    assert warned.severity == dg.AssetCheckSeverity.WARN


def test_a_gate_nobody_was_held_to_is_kept() -> None:
    assert gate_result(
        "is_better_than_the_champion", [judged(passed=True)], is_blocking=False
    ).passed
    assert gate_result("auc_not_too_good", [], is_blocking=True).passed


def watched(mean: float) -> dict[str, Any]:
    row = dict.fromkeys(column.name for column in t.MONITORING.columns)
    return row | {
        "monitored_date": DAY,
        "feature_set": "first_report",
        "crash_count": 2000,
        "matured_from": date(2022, 2, 24),
        "matured_to": date(2022, 3, 2),
        "matured_count": 2000,
        "matured_base_rate": 0.4,
        "matured_mean_probability": mean,
    }


def test_an_alert_warns_when_what_is_said_is_not_what_happens() -> None:
    name = "mean_score_matches_base_rate"
    assert alert_result(name, [watched(0.38)]).passed
    found = alert_result(name, [watched(0.30)])
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "first_report: 30.0% was said" in str(found.description)
    assert alert_result(name, []).description == "Nothing to watch."
