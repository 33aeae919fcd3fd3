from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pyarrow as pa
import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Engine
from crash_platform.lake.contract import Table
from crash_platform.lake.frame import conform
from crash_platform.pipelines.weather.feed import weather_feed
from crash_platform.pipelines.weather.tables import (
    WEATHER_HOURS,
    WEATHER_READINGS,
    WEATHER_WINDOWS,
)
from crash_platform_tests.engine.spark import spark_or_skip
from crash_platform_tests.orchestration.feeds.examined import Row, rows_of
from crash_platform_tests.pipelines.weather.readings import DAY, NOON, held

RECIPES = {recipe.table: recipe for recipe in weather_feed().recipes}
A_BIT = 1 / 60_000_000
"""A microsecond, in minutes."""


def made(table: Table, readings: Sequence[Row], engine: Engine | None = None) -> pa.Table:
    """A gold table of readings, in the contract's types and in order."""
    rows = {"weather_readings": rows_of(WEATHER_READINGS, readings)}
    names = table.schema.names
    answer = (engine or DuckDBEngine()).stream(rows, RECIPES[table].steps(), names)
    fitting = [conform(batch, table.schema, table.path) for batch in answer]
    return pa.Table.from_batches(fitting, table.schema).sort_by(
        [(name, "ascending") for name in table.key]
    )


def cells(table: Table, readings: Sequence[Row], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in made(table, readings).to_pylist()]


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_gold_of_five_readings_is_what_one_would_count_by_hand() -> None:
    readings = [
        held(0, temperature=10.0, humidity=40.0),
        held(59, temperature=20.0, humidity=45.5),
        held(61, temperature=30.0),
        held(0, city="Albany", temperature=-4.25),
        held(24 * 60, temperature=1.0),
    ]
    assert made(WEATHER_HOURS, readings).to_pylist()[1] == {
        "observed_date": DAY,
        "city": "New York",
        "observed_hour": 12,
        "reading_count": 2,
        "temperature_avg": 15.0,
        "temperature_min": 10.0,
        "temperature_max": 20.0,
        "humidity_avg": 42.75,
        "humidity_min": 40.0,
        "humidity_max": 45.5,
    }
    said = cells(WEATHER_HOURS, readings, "observed_date", "city", "observed_hour", "reading_count")
    assert said == [
        (DAY, "Albany", 12, 1),
        (DAY, "New York", 12, 2),
        (DAY, "New York", 13, 1),
        (DAY + timedelta(days=1), "New York", 12, 1),
    ]


def test_a_window_is_five_minutes_long_and_closes_ten_minutes_after() -> None:
    [row] = cells(WEATHER_WINDOWS, [held(7)], "window_start", "window_end", "closes_at")
    assert row == (at(5), at(10), at(20))


def test_a_reading_on_a_boundary_begins_a_window() -> None:
    readings = [held(5 - A_BIT), held(5), held(10 - A_BIT), held(10), held(59.99), held(60)]
    assert cells(WEATHER_WINDOWS, readings, "window_start", "reading_count") == [
        (at(0), 1),
        (at(5), 2),
        (at(10), 1),
        (at(55), 1),
        (at(60), 1),
    ]


def test_no_window_reaches_into_another_day() -> None:
    midnight = 12 * 60
    readings = [held(midnight - A_BIT), held(midnight)]
    assert cells(WEATHER_WINDOWS, readings, "observed_date", "window_start", "window_end") == [
        (DAY, at(midnight - 5), at(midnight)),
        (DAY + timedelta(days=1), at(midnight), at(midnight + 5)),
    ]


def test_what_arrives_after_closing_still_counts_and_is_counted_as_late() -> None:
    readings = [
        held(0, after=0),
        held(0, after=15, temperature=20.0),
        held(0, after=15 + A_BIT, temperature=30.0),
        held(4, after=60 * 24, temperature=40.0),
    ]
    names = ("reading_count", "late_count", "temperature_avg", "temperature_max")
    assert cells(WEATHER_WINDOWS, readings, *names) == [(4, 2, 25.0, 40.0)]


def test_cities_do_not_mix() -> None:
    readings = [held(0), held(0, city="Albany"), held(0, city="ALBANY")]
    assert cells(WEATHER_WINDOWS, readings, "city", "reading_count") == [
        ("ALBANY", 1),
        ("Albany", 1),
        ("New York", 1),
    ]


def test_a_mean_does_not_depend_on_the_order_in_which_readings_are_read() -> None:
    tenths = [0.1, 0.2, 0.3, -59.7, 59.9]
    means = {
        cells(WEATHER_HOURS, [held(0, temperature=each) for each in order], "temperature_avg")[0]
        for order in list(permutations(tenths))[::11]
    }
    assert means == {(0.16,)}


def test_no_readings_make_no_gold() -> None:
    assert made(WEATHER_HOURS, []).num_rows == made(WEATHER_WINDOWS, []).num_rows == 0


@pytest.mark.spark
def test_both_engines_make_the_same_gold_to_the_last_bit() -> None:
    odd = (0.1, -0.0, 33.333333, 1 / 3, -89.9999995, 0.0000005, 59.9)
    readings = [
        held(
            number * 1.7 - 800, after=number % 40, temperature=odd[number % 7], humidity=number / 7
        )
        for number in range(600)
    ]
    spark = spark_or_skip()
    for table in RECIPES:
        ours = made(table, readings)
        assert ours.equals(made(table, readings, spark)), table.path
        assert ours.num_rows >= 18
