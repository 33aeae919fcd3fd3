import dagster as dg
import pytest

from crash_platform.orchestration.calendar import days_definition
from crash_platform.orchestration.io_manager import DeltaIOManager
from crash_platform.orchestration.resources import EngineResource, LakeResource
from crash_platform.pipelines.crashes.definitions import crash_definitions
from crash_platform.pipelines.crashes.tables import TABLES

BRONZE, SILVER = "bronze/crash_records", "silver/crashes"
DEPS: dict[str, set[str]] = {
    BRONZE: set(),
    SILVER: {BRONZE},
    "silver/quarantined_crashes": {BRONZE},
    "silver/crash_revisions": {BRONZE},
    "gold/daily_crashes": {SILVER},
    "gold/hourly_crashes": {SILVER},
    "gold/crash_hotspots": {SILVER},
    "gold/crash_factors": {SILVER},
    "gold/crash_coverage": {
        BRONZE,
        SILVER,
        "silver/quarantined_crashes",
        "silver/crash_revisions",
        "gold/daily_crashes",
        "gold/hourly_crashes",
        "gold/crash_hotspots",
        "gold/crash_factors",
    },
    "report/crash_checks": {"gold/crash_coverage"},
}
KINDS = {
    "bronze": {"deltalake", "bronze", "duckdb"},
    "silver": {"deltalake", "silver", "sql"},
    "gold": {"deltalake", "gold", "sql"},
    "report": {"html"},
}
CHECKS = {
    BRONZE: {"every_version_is_there_once"},
    SILVER: {
        "every_crash_lives_in_one_day",
        "nothing_is_lost_between_bronze_and_silver",
        "most_records_are_clean",
        "every_borough_is_known",
        "every_coordinate_is_inside_the_city",
        "reported_values_are_readable",
        "totals_cover_their_kinds",
        "the_vocabulary_covers_the_data",
        "the_newest_day_is_recent",
    },
    "gold/daily_crashes": {
        "the_row_count_is_usual",
        "daily_crashes_add_up_to_silver",
        "it_stays_readable_by_bi_tools",
    },
    "gold/hourly_crashes": {"hours_add_up_to_the_day", "it_stays_readable_by_bi_tools"},
    "gold/crash_hotspots": {"hotspots_add_up_to_silver", "it_stays_readable_by_bi_tools"},
    "gold/crash_factors": {"factors_hold_every_crash", "it_stays_readable_by_bi_tools"},
    "gold/crash_coverage": {"every_day_is_current", "it_stays_readable_by_bi_tools"},
}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    """The pipeline with the resources that it asks for by name."""
    lake = LakeResource(root="nowhere")
    resources = {"lake": lake, "lake_io": DeltaIOManager(TABLES, lake), "engine": EngineResource()}
    return dg.Definitions.merge(crash_definitions(), dg.Definitions(resources=resources))


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {"/".join(spec.key.path): spec for spec in definitions.resolve_all_asset_specs()}


def test_everything_loads(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_the_tables_are_assets_and_their_keys_are_their_paths(
    specs: dict[str, dg.AssetSpec],
) -> None:
    assert set(specs) == set(DEPS)
    assert {table.path for table in TABLES} == set(specs) - {"report/crash_checks"}


def test_every_asset_depends_on_what_it_is_made_of(specs: dict[str, dg.AssetSpec]) -> None:
    deps = {
        path: {"/".join(dep.asset_key.path) for dep in spec.deps} for path, spec in specs.items()
    }
    assert deps == DEPS


def test_every_table_has_the_same_calendar_and_takes_a_range_in_one_run(
    definitions: dg.Definitions, specs: dict[str, dg.AssetSpec]
) -> None:
    graph = definitions.resolve_asset_graph()
    for path, spec in specs.items():
        node = graph.get(spec.key)
        assert node.backfill_policy == dg.BackfillPolicy.single_run()
        is_table = path != "report/crash_checks"
        assert node.partitions_def == (days_definition() if is_table else None)


def test_every_asset_says_what_it_is_and_whose(specs: dict[str, dg.AssetSpec]) -> None:
    for path, spec in specs.items():
        assert spec.group_name == "crashes"
        assert list(spec.owners) == ["team:crash-data"]
        assert spec.kinds == KINDS[path.split("/")[0]]
        assert str(spec.description).endswith(".")


def test_every_table_below_bronze_follows_what_changes_above_it(
    specs: dict[str, dg.AssetSpec],
) -> None:
    following = {path for path, spec in specs.items() if spec.automation_condition is not None}
    assert following == set(specs) - {BRONZE}


def test_every_table_is_held_to_its_promises(definitions: dg.Definitions) -> None:
    found: dict[str, set[str]] = {}
    for key in definitions.resolve_asset_graph().asset_check_keys:
        found.setdefault("/".join(key.asset_key.path), set()).add(key.name)
    assert found == CHECKS


def test_a_schedule_and_two_sensors_run_unless_they_are_stopped(
    definitions: dg.Definitions,
) -> None:
    [daily] = definitions.schedules or []
    assert isinstance(daily, dg.ScheduleDefinition)
    assert (daily.name, daily.cron_schedule) == ("daily_crashes", "30 6 * * *")
    assert daily.execution_timezone == "America/New_York"
    assert daily.default_status == dg.DefaultScheduleStatus.RUNNING
    sensors = {sensor.name: sensor.default_status for sensor in definitions.sensors or []}
    assert sensors == {
        "changed_crashes": dg.DefaultSensorStatus.RUNNING,
        "crash_automation": dg.DefaultSensorStatus.RUNNING,
    }
