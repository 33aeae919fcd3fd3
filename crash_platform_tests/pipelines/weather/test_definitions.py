from datetime import date, timedelta
from typing import Any

import dagster as dg
import pytest

from crash_platform.lake.frame import Frame
from crash_platform.orchestration.tables import key_of
from crash_platform.pipelines.weather.definitions import weather_definitions
from crash_platform.pipelines.weather.feed import weather_feed
from crash_platform.pipelines.weather.tables import (
    QUARANTINED_READINGS,
    TABLES,
    WEATHER_HOURS,
    WEATHER_READINGS,
    WEATHER_WINDOWS,
)
from crash_platform.settings import load_settings
from crash_platform.streams.tables import DEAD_LETTERS
from crash_platform_tests.orchestration.feeds.feed_lake import FeedLake
from crash_platform_tests.pipelines.weather.readings import DAY, NOON, sent

NEXT_DAY, DAY_BEFORE = DAY + timedelta(days=1), DAY - timedelta(days=1)
A_DAY = 24 * 60


def windows(lake: FeedLake) -> list[tuple[Any, ...]]:
    return lake.rows(WEATHER_WINDOWS, "observed_date", "city", "reading_count", "late_count")


def land_and_make(lake: FeedLake) -> list[date]:
    """Land and make all that is behind, in runs; the days that were behind."""
    assert lake.run_landing().run_id
    days = lake.behind()
    for day in days:
        assert lake.run(day).broken == ()
    assert lake.behind() == []
    return days


def test_the_pipeline_is_five_tables_a_sensor_and_its_checks() -> None:
    made = weather_definitions()
    keys = {key for asset in made.assets or [] for key in asset.keys}  # type: ignore[union-attr]
    assert keys == {key_of(table) for table in TABLES}
    assert [sensor.name for sensor in made.sensors or []] == ["weather_stream"]
    assert len(list(made.asset_checks or [])) == 11
    assert weather_feed().stream.hub(load_settings()) == "weather-readings"


def test_times_of_tables_for_readers_have_a_zone() -> None:
    types = {str(field.type) for table in TABLES for field in table.schema}
    assert not any(name.startswith("timestamp") and "UTC" not in name for name in types)


def test_readings_become_hours_and_windows(weather: FeedLake) -> None:
    weather.publish(sent("a"), sent("b", 4, temperature=20.5), sent("c", 6, city=" Albany "))
    outcome = weather.run_landing()
    assert (outcome.kept, outcome.broken) == (3, ())
    outcome = weather.run(DAY)
    assert (outcome.kept, outcome.broken) == (8, ())
    names = ("city", "observed_hour", "reading_count", "temperature_avg")
    assert weather.rows(WEATHER_HOURS, *names) == [
        ("Albany", 12, 1, 10.5),
        ("New York", 12, 2, 15.5),
    ]
    assert windows(weather) == [(DAY, "Albany", 1, 0), (DAY, "New York", 2, 0)]


@pytest.mark.slow
def test_each_of_what_can_come_ends_where_it_belongs(weather: FeedLake) -> None:
    weather.publish(
        sent("a"),
        sent("a"),
        b"junk",
        sent("hot", temperature=600),
        sent("b", event_version=2, temperature=2.0),
        sent("b", temperature=1.0),
        sent("no time", observed_at="2024-03-10T12:00:00"),
        sent("long ago", observed_at="2012-06-30T23:59:59Z"),
    )
    assert land_and_make(weather) == [DAY]
    assert weather.rows(WEATHER_READINGS, "event_id", "event_version", "temperature") == [
        ("a", 1, 10.5),
        ("b", 2, 2.0),
    ]
    assert weather.rows(QUARANTINED_READINGS, "event_id", "broken_rules") == [
        ("hot", "temperature_is_possible")
    ]
    dead = weather.rows(DEAD_LETTERS, "sequence_number", "error_class")
    assert dead == [(2, "not_json"), (6, "invalid"), (7, "outside_calendar")]
    assert windows(weather) == [(DAY, "New York", 2, 0)]


@pytest.mark.slow
def test_a_reading_that_comes_late_reaches_its_window_and_is_counted_there(
    weather: FeedLake,
) -> None:
    weather.publish(sent("a"))
    assert land_and_make(weather) == [DAY]
    weather.now = NOON + timedelta(days=3)
    weather.publish(sent("b", 1), sent("c", 3 * A_DAY))
    assert land_and_make(weather) == [DAY, DAY + timedelta(days=3)]
    assert windows(weather) == [
        (DAY, "New York", 2, 1),
        (DAY + timedelta(days=3), "New York", 1, 0),
    ]


@pytest.mark.slow
def test_a_correction_moves_a_reading_to_another_day_and_leaves_nothing_behind(
    weather: FeedLake,
) -> None:
    weather.publish(sent("a"))
    land_and_make(weather)
    weather.publish(sent("a", -A_DAY, event_version=2))
    assert land_and_make(weather) == [DAY_BEFORE, DAY]
    assert windows(weather) == [(DAY_BEFORE, "New York", 1, 1)]
    assert weather.rows(WEATHER_HOURS, "observed_date") == [(DAY_BEFORE,)]


@pytest.mark.slow
def test_a_reading_of_tomorrow_is_no_error(weather: FeedLake) -> None:
    weather.publish(sent("a", A_DAY))
    weather.run_landing()
    assert weather.behind() == [NEXT_DAY]
    assert weather.run(NEXT_DAY).broken == ()


@pytest.mark.slow
def test_repeating_a_run_changes_no_row(weather: FeedLake) -> None:
    weather.publish(*(sent(str(number), number * 1.3) for number in range(20)))
    land_and_make(weather)
    tables = (WEATHER_READINGS, WEATHER_HOURS, WEATHER_WINDOWS)
    before = [weather.rows(table, *table.schema.names) for table in tables]
    weather.run_landing()
    weather.run(DAY)
    assert [weather.rows(table, *table.schema.names) for table in tables] == before


@pytest.mark.slow
def test_gold_that_is_not_what_silver_says_stops_a_run(weather: FeedLake) -> None:
    weather.publish(sent("a"))
    weather.run_landing()
    weather.run(DAY)
    rows = weather.store.slice(WEATHER_HOURS).read()
    weather.store.append_once(WEATHER_HOURS, Frame.of(rows), "damage", 1)
    alone = [check for check in weather.checks if key_of(WEATHER_HOURS) in _subjects(check)]
    job = dg.Definitions(
        asset_checks=alone, resources=weather.definitions.resources
    ).resolve_implicit_global_asset_job_def()
    found = job.execute_in_process(instance=weather.instance, raise_on_error=False)
    broken = {e.check_name for e in found.get_asset_check_evaluations() if not e.passed}
    assert broken == {"it_adds_up_to_silver", "recomputation_changes_nothing"}
    assert weather.behind() == [DAY]


def _subjects(check: dg.AssetChecksDefinition) -> set[dg.AssetKey]:
    return {spec.asset_key for spec in check.check_specs}
