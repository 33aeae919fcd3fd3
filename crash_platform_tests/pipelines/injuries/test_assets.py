"""The whole graph of the injury model in Dagster, on a small lake, as people run it."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from crash_platform.definitions import build
from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Store
from crash_platform.modelling.registry import CHAMPION, open_registry
from crash_platform.orchestration.calendar import run_tags
from crash_platform.orchestration.lakes import open_store
from crash_platform.orchestration.tables import key_of
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform.pipelines.injuries import tables as t
from crash_platform.pipelines.injuries.automation import MADE
from crash_platform.pipelines.injuries.ledger import ledger
from crash_platform.pipelines.injuries.promotion import registered_name
from crash_platform.settings import Settings, load_settings
from crash_platform_tests.modelling.registries import registry_in
from crash_platform_tests.pipelines.injuries.small_model import (
    AS_OF,
    FIRST,
    crash_table,
    days_between,
    feature_table,
    small_crashes,
)

SCORED = (t.INJURY_PREDICTIONS, t.MONITORING)
WEEK = Window(AS_OF - timedelta(days=6), AS_OF)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home with two thirds of a year of crashes, and features of all of them."""
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path))
    monkeypatch.setenv("CRASH_PLATFORM_MODEL_MONTHS_FIRST_REPORT", "4")
    monkeypatch.setenv("CRASH_PLATFORM_MODEL_MONTHS_FULL_REPORT", "4")
    settings = load_settings()
    registry_in(settings.mlflow_folder)
    store = open_store(settings)
    crashes, labels = small_crashes(days_between(FIRST, AS_OF))
    store.replace(CRASHES, Window(FIRST, AS_OF), Frame.of(crash_table(crashes, labels)))
    store.replace(t.CRASH_FEATURES, Window(FIRST, AS_OF), Frame.of(feature_table(crashes)))
    return settings


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as ephemeral:
        yield ephemeral


def run(
    settings: Settings, instance: dg.DagsterInstance, window: Window, *tables: Table
) -> dg.ExecuteInProcessResult:
    """The assets of some tables materialised for a window, their checks included."""
    job = build(settings).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        instance=instance,
        asset_selection=[key_of(table) for table in tables],
        tags=dict(run_tags(window)),
        raise_on_error=False,
    )


def rows(store: Store, table: Table) -> list[dict]:  # type: ignore[type-arg]
    return list(store.slice(table).read().to_pylist())


@pytest.mark.slow
def test_a_model_is_made_compared_drawn_promoted_and_put_to_use(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    made = run(settings, instance, Window(AS_OF, AS_OF), *MADE)
    assert made.success
    kept = {each.check_name for each in made.get_asset_check_evaluations() if each.passed}
    assert {"auc_not_too_good", "no_leaking_columns", "is_calibrated"} <= kept

    store, registry = open_store(settings), open_registry(settings)
    models = {row["feature_set"]: row for row in rows(store, t.INJURY_MODEL)}
    assert models.keys() == {"first_report", "full_report"}
    for feature_set, row in models.items():
        held = registry.holder(registered_name(feature_set), CHAMPION)
        assert held is not None
        assert (held.version, held.sha256) == (row["model_version"], row["artefact_sha256"])
        assert held.tags["as_of_date"] == AS_OF.isoformat()
        assert all(verdict["passed"] for verdict in json.loads(row["gates"]).values())
    assert [decision.action for decision in ledger(store)] == ["promoted", "promoted"]

    compared = rows(store, t.COMPARISON)
    names = {row["candidate"] for row in compared if row["experiment"] == "models"}
    assert names == {"majority", "logistic", "random_forest", "hist_boosting", "xgboost"}
    product = next(
        row
        for row in compared
        if (row["experiment"], row["feature_set"], row["candidate"])
        == ("models", "full_report", "xgboost")
    )
    assert product["auc"] == pytest.approx(models["full_report"]["auc"])

    charts = rows(store, t.EVALUATION_CHARTS)
    assert {"ranking", "calibration", "ladder", "contributions"} <= {row["chart"] for row in charts}
    assert all(row["png"].startswith(b"\x89PNG") for row in charts)
    page = settings.reports / "injury_model" / AS_OF.isoformat() / "full_report.html"
    assert "as of 15 Sep 2023" in page.read_text(encoding="utf-8")

    scored = run(settings, instance, WEEK, *SCORED)
    assert scored.success
    predictions = rows(store, t.INJURY_PREDICTIONS)
    crashes = [row for row in rows(store, CRASHES) if row["crash_date"] in WEEK]
    expected = {(row["collision_id"], name) for row in crashes for name in models}
    assert {(row["collision_id"], row["feature_set"]) for row in predictions} == expected
    assert len(predictions) == len(expected)
    assert not any(row["is_in_sample"] for row in predictions)
    watched = rows(store, t.MONITORING)
    assert {row["monitored_date"] for row in watched} == set(days_between(WEEK.first, WEEK.last))

    # The same day again: not better than itself, so the champion stays and the run is no failure.
    again = run(settings, instance, Window(AS_OF, AS_OF), t.INJURY_MODEL, t.PROMOTIONS)
    assert again.success
    broken = {each.check_name for each in again.get_asset_check_evaluations() if not each.passed}
    assert broken == {"is_better_than_the_champion"}
    assert [decision.action for decision in ledger(store)][2:] == ["kept", "kept"]
    held = registry.holder(registered_name("first_report"), CHAMPION)
    assert held is not None
    assert held.version == models["first_report"]["model_version"]


def test_a_day_that_carries_no_model_is_refused_and_changes_nothing(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    day = FIRST + timedelta(days=40)
    refused = run(settings, instance, Window(day, day), t.INJURY_MODEL, t.PROMOTIONS)
    assert not refused.success
    (failure,) = [event.step_failure_data for event in refused.all_events if event.is_step_failure]
    assert failure.user_failure_data is not None
    assert "labelled crashes, at least" in str(failure.user_failure_data.description)
    assert rows(open_store(settings), t.INJURY_MODEL) == []


@pytest.mark.slow
def test_on_the_way_of_a_run_over_the_tables_a_refusal_is_a_warning(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    day = FIRST + timedelta(days=40)
    tables = (t.CRASH_FEATURES, *MADE, *SCORED)
    done = run(settings, instance, Window(day, day), *tables)
    assert done.success
    (told,) = done.asset_materializations_for_node("model__injury_model")
    assert "labelled crashes, at least" in str(told.metadata["refused"].value)
    assert rows(open_store(settings), t.INJURY_PREDICTIONS) == [], "nobody is champion"


def test_a_model_of_a_day_without_crashes_is_refused(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    day = date(2020, 1, 1)
    refused = run(settings, instance, Window(day, day), t.INJURY_MODEL)
    assert not refused.success
    (failure,) = [event.step_failure_data for event in refused.all_events if event.is_step_failure]
    assert failure.user_failure_data is not None
    assert "materialise it for these days" in str(failure.user_failure_data.description)
