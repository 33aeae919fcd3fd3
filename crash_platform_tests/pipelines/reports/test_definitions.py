from typing import Any

import dagster as dg

from crash_platform.definitions import build
from crash_platform.orchestration.tables import key_of
from crash_platform.pipelines.crashes.loading import followers
from crash_platform.pipelines.reports.definitions import report_definitions
from crash_platform.pipelines.reports.tables import CRASH_EVENTS, CRASHES_NOW, TABLES
from crash_platform.settings import load_settings
from crash_platform.streams.tables import DEAD_LETTERS


def keys(assets: Any) -> set[dg.AssetKey]:
    return {key for each in assets for key in (each.keys if hasattr(each, "keys") else [each.key])}


def test_every_table_is_an_asset_and_every_stream_has_a_sensor() -> None:
    made = report_definitions()
    assert keys(made.assets) == {key_of(table) for table in (*TABLES, DEAD_LETTERS)}
    assert {sensor.name for sensor in made.sensors or []} == {
        "crash_reports_stream",
        "report_automation",
    }


def test_the_checks_of_a_table_written_beside_runs_have_a_job_of_their_own() -> None:
    job = build(load_settings()).resolve_job_def("check_live_predictions")
    names = {check.name for check in job.asset_layer.asset_graph.asset_check_keys}
    assert {"every_report_is_scored_once", "every_report_is_scored"} <= names


def test_a_loaded_day_reaches_the_view_of_now_and_never_asks_the_hub() -> None:
    followed = followers(build(load_settings()))
    assert key_of(CRASHES_NOW) in followed
    assert key_of(CRASH_EVENTS) not in followed
    assert not any(key.path[0] == "model" for key in followed)
