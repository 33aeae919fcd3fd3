"""One meaning in both engines: every crash table and every promise, cell by cell."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copytree

import dagster as dg
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from crash_platform.definitions import build
from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.spark_engine import SparkEngine
from crash_platform.lake.contract import Window
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.orchestration.promises import examine
from crash_platform.pipelines.crashes.bronze import land
from crash_platform.pipelines.crashes.checks import promises
from crash_platform.pipelines.crashes.deliveries import file_delivery
from crash_platform.pipelines.crashes.recipes import recipes
from crash_platform.pipelines.crashes.tables import CRASHES, DAILY_CRASHES, TABLES
from crash_platform.settings import FIRST_DAY, load_settings
from crash_platform_tests.engine.spark import spark_or_skip
from crash_platform_tests.pipelines.crashes.nasty_crashes import first_delivery, second_delivery
from crash_platform_tests.pipelines.crashes.parity import (
    damage,
    differing_cells,
    inputs_of,
    made,
    offenders,
    write,
)
from crash_platform_tests.pipelines.crashes.raw_crashes import DAY, PULLED_AT

pytestmark = pytest.mark.spark

NASTY_WINDOW = Window(FIRST_DAY, PULLED_AT.date())
REAL_WINDOW = Window(date(2018, 7, 1), date(2024, 7, 6))
WEEK = Window(date(2024, 6, 30), date(2024, 7, 6))
DUCKDB = DuckDBEngine()
BOROUGHS = ("BRONX", "BROOKLYN", "MANHATTAN", "QUEENS", "STATEN ISLAND")

Report = Callable[[str], None]


@pytest.fixture(scope="module")
def spark() -> SparkEngine:
    return spark_or_skip()


@pytest.fixture(scope="module")
def nasty_lake(tmp_path_factory: pytest.TempPathFactory, spark: SparkEngine) -> Store:
    """Two deliveries of nasty records in bronze; the tables below are written as they are made."""
    del spark
    store = Store(Location(str(tmp_path_factory.mktemp("nasty") / "lake")))
    land(store, first_delivery())
    land(store, second_delivery(), accept_mass_change=True)
    for recipe in recipes():
        write(recipe, made(recipe, DUCKDB, store, NASTY_WINDOW), store, NASTY_WINDOW)
    return store


@pytest.fixture(scope="module")
def real_lake(
    real_data: Path, tmp_path_factory: pytest.TempPathFactory, spark: SparkEngine
) -> Store:
    """Two years of the real history, and one week as it was exported at two times, in bronze."""
    del spark
    folder = tmp_path_factory.mktemp("real")
    records = pq.ParquetFile(real_data / "crashes" / "history_2012-07_2020-07.parquet").read()
    kept = records.filter(pc.greater_equal(records["CRASH DATE"], REAL_WINDOW.first.isoformat()))
    pq.write_table(kept, folder / "history.parquet")
    store = Store(Location(str(folder / "lake")))
    moment = datetime(2020, 8, 1, tzinfo=UTC)
    land(store, file_delivery([folder / "history.parquet"], moment, is_snapshot=False))
    for day in (date(2024, 9, 16), date(2025, 2, 12)):
        path = real_data / "crashes" / "csv" / f"week_2024-06-30_exported_{day}.csv"
        pulled_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        land(store, replace(file_delivery([path], pulled_at, is_snapshot=False), complete=WEEK))
    return store


def assert_parity(store: Store, window: Window, spark: SparkEngine) -> dict[str, int]:
    """Make every table on both engines; the rows of each, where nothing differs."""
    rows, seconds = {}, {"duckdb": 0.0, "spark": 0.0}
    for recipe in recipes():
        answers = []
        for engine in (DUCKDB, spark):
            started = time.perf_counter()
            answers.append(made(recipe, engine, store, window))
            seconds[engine.name] += time.perf_counter() - started
        ours, theirs = answers
        assert differing_cells(ours, theirs) == {}, recipe.table.path
        write(recipe, ours, store, window)
        rows[recipe.table.name] = ours.num_rows
    print({name: round(value, 1) for name, value in seconds.items()}, rows)
    return rows


def assert_equal_findings(store: Store, window: Window, spark: SparkEngine) -> dict[str, int]:
    """Examine every promise on both engines; how often each was broken, where they agree."""
    broken = {}
    for promise in promises():
        inputs = inputs_of(promise, store, window)
        ours, theirs = examine(promise, DUCKDB, inputs), examine(promise, spark, inputs)
        assert (ours.offending, ours.looked_at) == (theirs.offending, theirs.looked_at)
        if ours.offending:
            mine = offenders(promise, DUCKDB, inputs)
            assert mine == offenders(promise, spark, inputs), promise.name
            assert len(mine) == ours.offending
        broken[promise.name] = ours.offending
    return broken


def test_nasty_records_make_the_same_tables(nasty_lake: Store, spark: SparkEngine) -> None:
    rows = assert_parity(nasty_lake, NASTY_WINDOW, spark)
    assert all(rows.values()), rows
    silver = nasty_lake.slice(CRASHES).read()
    for flag in ("is_in_dst_gap", "is_in_dst_fold", "is_time_unreadable", "is_borough_unknown"):
        assert pc.any(silver[flag]).as_py(), flag
    assert set(silver["borough_located"].unique().to_pylist()) == {None, *BOROUGHS}


def test_broken_promises_are_found_alike(
    nasty_lake: Store, spark: SparkEngine, tmp_path: Path
) -> None:
    copytree(nasty_lake.location.root, tmp_path / "lake")
    store = Store(Location(str(tmp_path / "lake")))
    damage(store, {table.name: table for table in TABLES}, DAY, date(2024, 11, 3))
    broken = assert_equal_findings(store, Window(DAY, DAY), spark)
    kept = {name for name, count in broken.items() if not count}
    assert kept <= {"the_row_count_is_usual"}, kept


@pytest.mark.real_data
def test_real_records_make_the_same_tables(real_lake: Store, spark: SparkEngine) -> None:
    rows = assert_parity(real_lake, REAL_WINDOW, spark)
    assert rows["crashes"] > 350_000
    assert rows["crash_revisions"] > 30


@pytest.mark.real_data
def test_promises_about_real_records_are_kept_alike(real_lake: Store, spark: SparkEngine) -> None:
    broken = assert_equal_findings(real_lake, Window(date(2020, 2, 1), date(2020, 4, 30)), spark)
    assert broken["the_row_count_is_usual"], "the streets emptied in March 2020"
    assert not broken["every_crash_lives_in_one_day"]


# Dagster's own word on how Dagster sets up a resource inside a resource.
@pytest.mark.filterwarnings("ignore:InitResourceContext.dagster_run:DeprecationWarning")
def test_dagster_makes_a_day_with_spark_from_bronze_to_gold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark: SparkEngine
) -> None:
    del spark
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path))
    monkeypatch.setenv("CRASH_PLATFORM_ENGINE", "spark")
    monkeypatch.setenv("CRASH_PLATFORM_SOURCE", "sample")
    monkeypatch.delenv("CRASH_PLATFORM_LAKE", raising=False)
    settings = load_settings()
    job = build(settings).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        run = job.execute_in_process(partition_key="2022-01-15", instance=instance)
    assert run.success
    failed = [check.check_name for check in run.get_asset_check_evaluations() if not check.passed]
    assert failed == []
    store, window = (
        Store(Location(settings.lake_root)),
        Window(date(2022, 1, 15), date(2022, 1, 15)),
    )
    assert store.slice(CRASHES, window).read().num_rows == 236
    daily = store.slice(DAILY_CRASHES, window).read()
    assert sum(daily["crash_count"].to_pylist()) == 236
