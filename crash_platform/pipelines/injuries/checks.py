"""What is promised about the injury model: its gates, its tables, and its health once in use."""

import json
from collections.abc import Sequence
from datetime import date
from importlib.resources import files
from typing import Any

import dagster as dg

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.store import Store
from crash_platform.orchestration.calendar import run_window
from crash_platform.orchestration.promises import Promise, promise_check, readable_by_bi
from crash_platform.orchestration.resources import LakeResource
from crash_platform.orchestration.tables import key_of
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.injuries import tables as t
from crash_platform.pipelines.injuries.alerts import alerts

GATES = {
    "auc_not_too_good": "Skill beyond what this data can hold is a leak until it is explained.",
    "no_leaking_columns": "No column follows from the outcome or tells how a report was filed.",
    "is_calibrated": "Among crashes given 30 %, about 30 % have injuries.",
    "slices_are_calibrated": "So it is in every borough, time of day and group of vehicles.",
    "is_fast_enough": "One crash is scored fast enough for an API.",
}
"""Gates that every model must keep: a run stops where one is broken."""
COMPARED = {
    "is_not_older_than_the_champion": "A backtest does not replace the model of a later day.",
    "is_better_than_the_champion": "A lower Brier score on the same crashes, beyond chance.",
}
"""Gates that only keep a challenger from promotion: a champion that stays is no failure."""

ALERTS = {
    "volume_is_usual": "The week has about as many crashes as the weeks before it.",
    "base_rate_in_band": "The share with injuries is that of the eight weeks before.",
    "mean_score_matches_base_rate": "What the model says is, on average, what happens.",
    "calibration_holds": "So it is at every height of the probability.",
    "scores_have_not_shifted": "The scores are spread as they were in the weeks before.",
}
"""What is watched once labels are mature, first things first: drift of scores comes last."""


def promises() -> tuple[Promise, ...]:
    """What is kept or broken by the rows of features and scores."""
    features, scores = ("crash_features", t.CRASH_FEATURES, 0), t.INJURY_PREDICTIONS
    return (
        Promise(
            "features_hold_every_crash",
            t.CRASH_FEATURES,
            "Every crash of silver has features, once, on its day, and nothing else has.",
            _sql("check_features_hold_every_crash"),
            (features, ("crashes", CRASHES, 0)),
        ),
        Promise(
            "every_crash_is_scored_once",
            scores,
            "Every crash has one probability (0-1) by every feature set in use.",
            _sql("check_every_crash_is_scored_once"),
            (("injury_predictions", scores, 0), features),
        ),
    )


def _sql(name: str) -> str:
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")


def checks() -> list[dg.AssetChecksDefinition]:
    """Every asset check of the pipeline."""
    gates = [_gate(name, told, is_blocking=True) for name, told in GATES.items()]
    gates += [_gate(name, told, is_blocking=False) for name, told in COMPARED.items()]
    readable = [readable_by_bi(table) for table in t.TABLES if table.layer == "gold"]
    watched = [_alert(name, told) for name, told in ALERTS.items()]
    return [*(promise_check(promise) for promise in promises()), *gates, *readable, *watched]


def _gate(name: str, description: str, *, is_blocking: bool) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        name=name, asset=key_of(t.INJURY_MODEL), description=description, blocking=is_blocking
    )
    def check(context: dg.AssetCheckExecutionContext, lake: LakeResource) -> dg.AssetCheckResult:
        rows = newest_rows(
            lake.store(), t.INJURY_MODEL, _last_day(context), ["feature_set", "gates"]
        )
        return gate_result(name, rows, is_blocking=is_blocking)

    return check


def gate_result(
    name: str, rows: Sequence[dict[str, Any]], *, is_blocking: bool
) -> dg.AssetCheckResult:
    """One gate over the models of a day; a gate nobody was held to is kept."""
    verdicts = {row["feature_set"]: json.loads(row["gates"]).get(name) for row in rows}
    told = {key: verdict["description"] for key, verdict in verdicts.items() if verdict}
    passed = all(verdict["passed"] for verdict in verdicts.values() if verdict)
    said = "; ".join(f"{key}: {text}" for key, text in told.items())
    return dg.AssetCheckResult(
        passed=passed,
        severity=dg.AssetCheckSeverity.ERROR if is_blocking else dg.AssetCheckSeverity.WARN,
        description=said or "There is no model, or no champion, to hold to this gate.",
        metadata=told,
    )


def _alert(name: str, description: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(name=name, asset=key_of(t.MONITORING), description=description, blocking=False)
    def check(context: dg.AssetCheckExecutionContext, lake: LakeResource) -> dg.AssetCheckResult:
        return alert_result(name, newest_rows(lake.store(), t.MONITORING, _last_day(context)))

    return check


def alert_result(name: str, rows: Sequence[dict[str, Any]]) -> dg.AssetCheckResult:
    """One alert over the feature sets' newest rows of ``model/monitoring``."""
    found = {
        row["feature_set"]: alert for row in rows for alert in alerts(row) if alert.name == name
    }
    told = {key: alert.description for key, alert in found.items()}
    return dg.AssetCheckResult(
        passed=all(alert.passed for alert in found.values()),
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{key}: {text}" for key, text in told.items())
        or "Nothing to watch.",
        metadata=told,
    )


def _last_day(context: dg.AssetCheckExecutionContext) -> date | None:
    run = context.op_execution_context
    return run_window(run).last if run.has_partitions else None


def newest_rows(
    store: Store, table: Table, day: date | None, columns: list[str] | None = None
) -> list[dict[str, Any]]:
    """The rows of a day; without one, of the newest day that has any."""
    newest = day or max(store.slice(table).distinct_days(), default=None)
    if newest is None:
        return []
    rows: list[dict[str, Any]] = (
        store.slice(table, Window(newest, newest)).read(columns).to_pylist()
    )
    return rows
