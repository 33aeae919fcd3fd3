"""The overview: official counts over covered days, live reports apart from them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crash_platform.lake.contract import Window
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes import tables as crash_tables
from crash_platform.pipelines.crashes.bronze import land
from crash_platform.pipelines.crashes.deliveries import sample_delivery
from crash_platform.pipelines.tables import TABLES
from crash_platform.serving.dashboards.overview import overview
from crash_platform_tests.pipelines.crashes.built_days import build_days
from crash_platform_tests.serving.dashboards.covered_days import (
    EVERYWHERE,
    YEAR,
    daily,
    days,
    small,
)
from crash_platform_tests.serving.dashboards.figures import (
    Row,
    asked_by_default,
    lake,
    note_of,
    rows_of,
)

OVERVIEW = overview()


@pytest.fixture
def two_years(tmp_path: Path) -> Store:
    """The first ten days of May, 2020 and 2021; one more crash each time, and a hole in 2020."""
    last_year = [day for day in days(date(2020, 5, 1), 10) if day.day != 3]
    rows = [
        *(daily(day, crashes=2, injury_crash_count=1, located_count=1) for day in last_year),
        *(
            daily(day, crashes=3, injury_crash_count=2, located_count=3, persons_injured=4)
            for day in days(date(2021, 5, 1), 10)
        ),
        daily(date(2021, 5, 4), "BRONX", 7, persons_killed=2, located_count=0),
    ]
    return small(tmp_path, rows)


def test_the_headline_compares_the_same_days_of_both_years(two_years: Store) -> None:
    [row] = rows_of(OVERVIEW, "totals", two_years, **YEAR, **EVERYWHERE)
    assert (row["crash_count"], row["persons_injured"], row["persons_killed"]) == (37, 40, 2)
    # 3 May 2020 is not covered: nine days of each year are compared, 27 + 7 crashes with 18.
    assert row["crash_change"] == pytest.approx(34 / 18 - 1)
    assert (row["injured_change"], row["killed_change"]) == (None, None), "nobody was hurt before"
    assert row["injury_share"] == pytest.approx(20 / 37)
    assert (row["injury_share_before"], row["located_share_before"]) == (0.5, 0.5)
    assert row["located_share"] == pytest.approx(30 / 37)
    assert note_of(OVERVIEW, "totals", two_years, **YEAR, **EVERYWHERE) == (
        "Official records cover 10 of the 365 days asked for. "
        "Compared are the 9 that are covered a year before as well."
    )


def test_the_headline_is_of_the_boroughs_asked_for(two_years: Store) -> None:
    [row] = rows_of(OVERVIEW, "totals", two_years, **YEAR, boroughs=["BRONX"], per="month")
    assert (row["crash_count"], row["persons_killed"], row["crash_change"]) == (7, 2, None)
    [none] = rows_of(OVERVIEW, "totals", two_years, **YEAR, boroughs=["UNKNOWN"], per="month")
    assert (none["crash_count"], none["injury_share"]) == (0, None)


def test_without_a_year_before_nothing_is_compared(two_years: Store) -> None:
    asked = {"first_day": date(2020, 5, 1), "last_day": date(2020, 5, 10), **EVERYWHERE}
    [row] = rows_of(OVERVIEW, "totals", two_years, **asked)
    assert (row["crash_count"], row["crash_change"], row["injury_share_before"]) == (18, None, None)
    assert "nothing is compared" in note_of(OVERVIEW, "totals", two_years, **asked)


def test_a_leap_day_is_not_compared_with_the_28th_twice(tmp_path: Path) -> None:
    rows = [daily(date(2023, 2, 28), crashes=5)]
    rows += [daily(date(2024, 2, 28), crashes=10), daily(date(2024, 2, 29), crashes=90)]
    asked = {"first_day": date(2024, 2, 28), "last_day": date(2024, 2, 29), **EVERYWHERE}
    [row] = rows_of(OVERVIEW, "totals", small(tmp_path, rows), **asked)
    assert (row["crash_count"], row["crash_change"]) == (100, 1.0)


def test_days_nobody_covered_give_no_headline_rather_than_zeros(two_years: Store) -> None:
    asked = {"first_day": date(2019, 1, 1), "last_day": date(2019, 12, 31), **EVERYWHERE}
    for figure in OVERVIEW.figures:
        if figure.name not in ("preliminary", "years"):
            assert rows_of(OVERVIEW, figure.name, two_years, **asked) == [], figure.name
            assert note_of(OVERVIEW, figure.name, two_years, **asked) == ""


def test_years_stand_beside_each_other_by_month_whatever_the_first_day(two_years: Store) -> None:
    asked = {"first_day": date(2021, 5, 4), "last_day": date(2021, 5, 4), **EVERYWHERE}
    found = rows_of(OVERVIEW, "years", two_years, **asked)
    names = ("month", "year", "crashes_per_day", "crash_count", "day_count", "month_day_count")
    assert [tuple(row[name] for name in names) for row in found] == [
        ("May", "2020", 2.0, 18, 9, 31),
        ("May", "2021", 19 / 4, 19, 4, 31),
    ]
    assert note_of(OVERVIEW, "years", two_years, **asked) == (
        "Of 2 months, 2 are covered only in part."
    )
    later = {**asked, "last_day": date(2026, 1, 1)}
    assert {row["year"] for row in rows_of(OVERVIEW, "years", two_years, **later)} == {"2021"}


def test_boroughs_come_by_their_crashes_with_the_unknown_among_them(two_years: Store) -> None:
    found = rows_of(OVERVIEW, "boroughs", two_years, **YEAR, **EVERYWHERE)
    names = ("borough", "crash_count", "injury_share", "persons_injured", "persons_killed")
    assert [tuple(row[name] for name in names) for row in found] == [
        ("QUEENS", 30, pytest.approx(2 / 3), 40, 0),
        ("BRONX", 7, 0.0, 0, 2),
    ]
    assert [row["crash_share"] for row in found] == pytest.approx([30 / 37, 7 / 37])


def test_others_are_the_persons_no_kind_counts_and_may_be_below_zero(tmp_path: Path) -> None:
    injured = {"persons": 10, "motorists": 5, "pedestrians": 2, "cyclists": 1}
    hurt = {f"{kind}_injured": count for kind, count in injured.items()}
    dead = {"persons_killed": 2, "cyclists_killed": 3}
    store = small(tmp_path, [{**daily(date(2021, 1, 1)), **hurt, **dead}])
    found = rows_of(OVERVIEW, "injured_by_kind", store, **YEAR, **EVERYWHERE)
    assert [tuple(row.values()) for row in found] == [
        ("Motorists", 5, 0.5),
        ("Pedestrians", 2, 0.2),
        ("Cyclists", 1, 0.1),
        ("Others", 2, 0.2),
    ]
    found = rows_of(OVERVIEW, "killed_by_kind", store, **YEAR, **EVERYWHERE)
    assert [(row["kind"], row["killed"]) for row in found][2:] == [("Cyclists", 3), ("Others", -1)]


def test_live_reports_stand_alone_and_say_which_are_made_up(tmp_path: Path) -> None:
    day, noon = date(2021, 6, 1), datetime(2021, 6, 2, 12, tzinfo=UTC)

    def report(key: str, **cells: Any) -> Row:
        given = {"crash_key": key, "crash_date": day, "is_simulated": False, "known_at": noon}
        return {**given, "is_final": False, "borough": "QUEENS", **cells}

    reports = [
        report("report:1", is_injury_crash=True),
        report("report:2", is_injury_crash=False, is_simulated=True),
        report("report:3", is_injury_crash=None, known_at=noon + timedelta(hours=1)),
        report("report:4", borough=None),
        report("report:5", crash_date=day + timedelta(days=1)),
        report("official:6", is_final=True),
    ]
    store = small(tmp_path, [daily(date(2021, 1, 1))], crashes_now=reports)
    asked = {**YEAR, "boroughs": ["QUEENS"], "per": "month"}
    found = rows_of(OVERVIEW, "preliminary", store, **asked)
    assert [tuple(row.values()) for row in found] == [
        (day + timedelta(days=1), 1, 0, 1, 0, noon),
        (day, 3, 1, 1, 1, noon + timedelta(hours=1)),
    ]
    assert note_of(OVERVIEW, "preliminary", store, **asked) == (
        "Of these 4 reports, 1 is made up by a generator."
    )
    [unknown] = rows_of(OVERVIEW, "preliminary", store, **{**asked, "boroughs": ["UNKNOWN"]})
    assert unknown["report_count"] == 1
    [totals] = rows_of(OVERVIEW, "totals", store, **YEAR, **EVERYWHERE)
    assert totals["crash_count"] == 1, "no report is counted above"


@pytest.mark.slow
def test_a_day_of_the_packaged_year_is_told_alike_by_every_figure(tmp_path: Path) -> None:
    day = date(2022, 1, 15)
    store = Store(Location(str(tmp_path / "lake")))
    land(store, sample_delivery(Window(day, day)))
    build_days(store, [day], crash_tables.TABLES)
    asked = {**asked_by_default(OVERVIEW, store), "boroughs": []}
    assert (asked["first_day"], asked["last_day"]) == (day, day)
    [totals] = rows_of(OVERVIEW, "totals", store, **asked)
    assert totals["crash_count"] == 236, "as many as the year's records of that day"
    for name in ("trend", "years", "hours", "boroughs"):
        told = rows_of(OVERVIEW, name, store, **asked)
        for count in ("crash_count", "persons_injured"):
            assert sum(row[count] for row in told) == totals[count], name
    assert all(row["weekday"] == "Sat" for row in rows_of(OVERVIEW, "hours", store, **asked))
    kinds = rows_of(OVERVIEW, "injured_by_kind", store, **asked)
    assert sum(row["injured"] for row in kinds) == totals["persons_injured"]


def test_an_empty_lake_answers_with_nothing(tmp_path: Path) -> None:
    store = lake(tmp_path, {}, TABLES)
    asked = {**asked_by_default(OVERVIEW, store), "boroughs": []}
    for figure in OVERVIEW.figures:
        assert rows_of(OVERVIEW, figure.name, store, **asked) == [], figure.name
        assert note_of(OVERVIEW, figure.name, store, **asked) == ""
