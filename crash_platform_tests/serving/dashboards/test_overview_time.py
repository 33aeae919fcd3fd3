"""The overview's figures over time: what is covered in part, not at all, or at an unknown hour."""

from datetime import date
from pathlib import Path

import pytest

from crash_platform.pipelines.tables import TABLES
from crash_platform.serving.dashboards.overview import overview
from crash_platform_tests.serving.dashboards.covered_days import (
    EVERYWHERE,
    YEAR,
    covered,
    daily,
    days,
    hourly,
    small,
)
from crash_platform_tests.serving.dashboards.figures import lake, note_of, rows_of

OVERVIEW = overview()


def test_a_month_that_has_just_begun_is_an_average_and_a_gap_is_no_zero(tmp_path: Path) -> None:
    january = [
        daily(day, crashes=4, persons_injured=2, persons_killed=1)
        for day in days(date(2021, 1, 1), 31)
    ]
    march = [daily(day, crashes=4, persons_killed=1) for day in days(date(2021, 3, 1), 2)]
    store = small(tmp_path, [*january, *march], [date(2021, 3, 3)])
    found = rows_of(OVERVIEW, "trend", store, **YEAR, **EVERYWHERE)
    names = ("period", "crashes_per_day", "injured_per_day", "crash_count", "day_count")
    assert [tuple(row[name] for name in names) for row in found] == [
        ("2021-01", 4.0, 2.0, 124, 31),
        ("2021-02", None, None, None, 0),
        ("2021-03", pytest.approx(8 / 3), 0.0, 8, 3),
    ]
    killed = rows_of(OVERVIEW, "killed", store, **YEAR, **EVERYWHERE)
    assert [(row["killed_in_whole"], row["killed_in_part"]) for row in killed] == [
        (31, None),
        (None, None),
        (None, 2),
    ]
    assert note_of(OVERVIEW, "killed", store, **YEAR, **EVERYWHERE) == (
        "From 2021-02, 0 of 28 days are covered. From 2021-03, 3 of 31 days are covered."
    )


@pytest.mark.parametrize(
    ("per", "periods", "lengths"),
    [
        ("day", ["2021-01-01", "2021-01-02", "2021-01-03", "2021-01-04"], [1, 1, 1, 1]),
        ("week", ["2020-12-28", "2021-01-04"], [7, 7]),
        ("month", ["2021-01"], [31]),
        ("year", ["2021"], [365]),
    ],
)
def test_a_trend_has_the_steps_asked_for(
    tmp_path: Path, per: str, periods: list[str], lengths: list[int]
) -> None:
    store = small(tmp_path, [daily(day) for day in days(date(2021, 1, 1), 4)])
    found = rows_of(OVERVIEW, "trend", store, **YEAR, boroughs=[], per=per)
    assert [row["period"] for row in found] == periods
    assert [row["period_day_count"] for row in found] == lengths
    assert sum(row["crash_count"] for row in found) == 4


def test_many_periods_in_part_are_counted_not_named(tmp_path: Path) -> None:
    store = small(tmp_path, [daily(date(2021, month, 1)) for month in range(1, 6)])
    assert note_of(OVERVIEW, "trend", store, **YEAR, **EVERYWHERE) == (
        "5 of 5 periods are covered only in part."
    )


def test_hours_are_averages_of_their_weekday_and_unknown_ones_stand_apart(tmp_path: Path) -> None:
    monday, next_monday, tuesday = date(2021, 3, 1), date(2021, 3, 8), date(2021, 3, 2)
    rows = [
        hourly(monday, 8, 3, injury_crash_count=1, persons_injured=2),
        hourly(next_monday, 8, 1),
        hourly(tuesday, 0, 2, persons_killed=1),
        hourly(tuesday, None, 2),
        {**hourly(monday, 8, 100), "borough": "BRONX"},
        hourly(date(2020, 1, 6), 8, 1000),
    ]
    store = small(tmp_path, [], [monday, next_monday, tuesday], hourly_crashes=rows)
    asked = {**YEAR, "boroughs": ["QUEENS"], "per": "month"}
    found = rows_of(OVERVIEW, "hours", store, **asked)
    assert [row["hour"] for row in found] == [*(f"{n:02}" for n in range(24)), "unknown"] * 2
    assert [row["weekday"] for row in found] == ["Mon"] * 25 + ["Tue"] * 25
    seen = {(row["weekday"], row["hour"]): row for row in found if row["crash_count"]}
    assert {key: row["crashes_per_day"] for key, row in seen.items()} == {
        ("Mon", "08"): 2.0,
        ("Tue", "00"): 2.0,
        ("Tue", "unknown"): 2.0,
    }
    assert seen["Mon", "08"]["injury_share"] == 0.25
    assert (seen["Mon", "08"]["persons_injured"], seen["Tue", "00"]["persons_killed"]) == (2, 1)
    assert note_of(OVERVIEW, "hours", store, **asked) == (
        "2 of 8 crashes (25.0%) have no known time."
    )


def test_hours_without_unknown_ones_have_no_row_for_them(tmp_path: Path) -> None:
    day = date(2021, 3, 1)
    store = small(tmp_path, [], [day], hourly_crashes=[hourly(day, 23)])
    assert len(rows_of(OVERVIEW, "hours", store, **YEAR, **EVERYWHERE)) == 24
    assert note_of(OVERVIEW, "hours", store, **YEAR, **EVERYWHERE) == "All 1 crashes have a time."


def test_a_day_with_nothing_but_refused_records_is_not_covered(tmp_path: Path) -> None:
    coverage = [covered(date(2021, 1, 1)), covered(date(2021, 1, 2), crashes=0)]
    tables = {"daily_crashes": [daily(date(2021, 1, 1))], "crash_coverage": coverage}
    store = lake(tmp_path, {f"gold/{name}": rows for name, rows in tables.items()}, TABLES)
    [row] = rows_of(OVERVIEW, "trend", store, **YEAR, **EVERYWHERE)
    assert (row["day_count"], row["crashes_per_day"]) == (1, 1.0)
