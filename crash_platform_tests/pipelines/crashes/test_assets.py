from datetime import date, timedelta

import pytest

from crash_platform.lake.contract import Window
from crash_platform.lake.frame import Frame
from crash_platform.pipelines.crashes.assets import pending_days
from crash_platform.pipelines.crashes.tables import (
    CRASH_COVERAGE,
    CRASH_FACTORS,
    CRASH_HOTSPOTS,
    CRASH_RECORDS,
    CRASH_REVISIONS,
    CRASHES,
    DAILY_CRASHES,
    HOURLY_CRASHES,
    QUARANTINED_CRASHES,
    TABLES,
)
from crash_platform_tests.pipelines.crashes.crash_lake import CrashLake, broken, made
from crash_platform_tests.pipelines.crashes.raw_crashes import PULLED_AT, Row, raw

MONDAY = date(2024, 3, 4)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
PATHS = {table.path for table in TABLES}
GOLD = {path for path in PATHS if path.startswith("gold/")}
WEEK = 36


def on(day: date, number: int, **fields: str | None) -> Row:
    """A record of a day."""
    return raw(number, crash_date=f"{day}T00:00:00.000", **fields)


def week() -> list[Row]:
    """A dozen crashes on each of three days; of Tuesday's, one has a count nobody can read."""
    records = [on(MONDAY + timedelta(days=n % 3), n) for n in range(WEEK)]
    records[1]["number_of_persons_injured"] = "one"
    records[3] |= {"borough": None, "latitude": "0", "longitude": "0"}
    return records


def days_of(lake: CrashLake) -> dict[date, int]:
    """Silver's crashes by day."""
    days = [day for (day,) in lake.rows(CRASHES, "crash_date")]
    return {day: days.count(day) for day in days}


@pytest.mark.slow
def test_a_range_goes_from_bronze_to_gold_in_one_run(crash_lake: CrashLake) -> None:
    crash_lake.land(week())
    crash_lake.everything = True
    outcome = crash_lake.run(MONDAY, WEDNESDAY)
    assert (outcome.success, broken(outcome)) == (True, set())
    expected = {day.isoformat() for day in (MONDAY, TUESDAY, WEDNESDAY)}
    assert {path: days for path, days in made(outcome).items() if path in PATHS} == dict.fromkeys(
        PATHS, expected
    )
    assert days_of(crash_lake) == {MONDAY: 12, TUESDAY: 11, WEDNESDAY: 12}
    assert crash_lake.rows(QUARANTINED_CRASHES, "record_key", "filed_date", "broken_rules") == [
        ("4700001", TUESDAY, "counts_are_whole_numbers")
    ]
    columns = ("crash_date", "borough", "crash_count", "persons_injured", "located_count")
    assert crash_lake.rows(DAILY_CRASHES, *columns) == [
        (MONDAY, "MANHATTAN", 11, 11, 11),
        (MONDAY, "UNKNOWN", 1, 1, 0),
        (TUESDAY, "MANHATTAN", 11, 11, 11),
        (WEDNESDAY, "MANHATTAN", 12, 12, 12),
    ]
    hours = crash_lake.rows(HOURLY_CRASHES, "crash_date", "borough", "hour", "crash_count")
    assert hours == [
        (MONDAY, "MANHATTAN", 8, 11),
        (MONDAY, "UNKNOWN", 8, 1),
        (TUESDAY, "MANHATTAN", 8, 11),
        (WEDNESDAY, "MANHATTAN", 8, 12),
    ]
    hotspots = crash_lake.rows(CRASH_HOTSPOTS, "crash_date", "crash_count", "cell_latitude")
    assert [count for _, count, _ in hotspots] == [1, 11, 11, 12]
    assert [latitude is None for *_, latitude in hotspots] == [True, False, False, False]
    assert len(crash_lake.rows(CRASH_FACTORS, "contributing_factor", "vehicle_group")) == 12
    assert crash_lake.rows(CRASH_COVERAGE, "crash_date", "bronze_count", "is_current") == [
        (MONDAY, 12, True),
        (TUESDAY, 12, True),
        (WEDNESDAY, 12, True),
    ]
    assert crash_lake.rows(CRASH_REVISIONS, "change") == []
    deltas = {table.path: crash_lake.store.delta(table) for table in TABLES}
    readers = {path: d.protocol().min_reader_version for path, d in deltas.items() if d}
    assert {path: readers[path] for path in GOLD} == dict.fromkeys(GOLD, 1)


def test_one_day_makes_that_day_only_and_again_makes_the_same(crash_lake: CrashLake) -> None:
    crash_lake.land(week())
    first = crash_lake.run(TUESDAY)
    assert first.success
    assert days_of(crash_lake) == {TUESDAY: 11}
    assert pending_days(crash_lake.store) == [MONDAY, WEDNESDAY]
    before = {table.path: crash_lake.store.slice(table).read() for table in TABLES}
    assert crash_lake.run(TUESDAY).success
    assert {table.path: crash_lake.store.slice(table).read() for table in TABLES} == before


@pytest.mark.slow
def test_a_correction_a_move_and_a_disappearance_reach_every_table(crash_lake: CrashLake) -> None:
    crash_lake.land(week())
    assert crash_lake.run(MONDAY, WEDNESDAY).success
    records = week()
    records[0]["number_of_persons_injured"] = "4"
    records[3] |= {"crash_date": f"{WEDNESDAY}T00:00:00.000"}
    del records[33]
    crash_lake.land(records, complete=Window(MONDAY, WEDNESDAY))
    assert pending_days(crash_lake.store) == [MONDAY, WEDNESDAY]

    newer = crash_lake.run(WEDNESDAY)
    assert (newer.success, broken(newer)) == (True, set())
    assert days_of(crash_lake) == {MONDAY: 12, TUESDAY: 11, WEDNESDAY: 13}
    assert pending_days(crash_lake.store) == [MONDAY]

    older = crash_lake.run(MONDAY)
    assert (older.success, broken(older)) == (True, set())
    assert days_of(crash_lake) == {MONDAY: 10, TUESDAY: 11, WEDNESDAY: 13}
    assert pending_days(crash_lake.store) == []
    names = ("change", "collision_id", "field", "old_value", "new_value")
    assert crash_lake.rows(CRASH_REVISIONS, *names) == [
        ("corrected", 4700000, "number_of_persons_injured", "1", "4"),
        ("disappeared", 4700033, None, None, None),
        ("moved", 4700003, "crash_date", "2024-03-04", "2024-03-06"),
    ]
    injured = crash_lake.rows(DAILY_CRASHES, "crash_date", "borough", "persons_injured")
    assert injured == [
        (MONDAY, "MANHATTAN", 13),
        (TUESDAY, "MANHATTAN", 11),
        (WEDNESDAY, "MANHATTAN", 12),
        (WEDNESDAY, "UNKNOWN", 1),
    ]


@pytest.mark.slow
def test_a_day_whose_crashes_all_left_becomes_empty(crash_lake: CrashLake) -> None:
    crash_lake.land(week())
    assert crash_lake.run(MONDAY, WEDNESDAY).success
    gone = crash_lake.land([], complete=Window(TUESDAY, TUESDAY))
    assert gone.counts["disappeared"] == 12
    outcome = crash_lake.run(TUESDAY)
    assert (outcome.success, broken(outcome)) == (True, set())
    assert days_of(crash_lake) == {MONDAY: 12, WEDNESDAY: 12}
    assert crash_lake.rows(QUARANTINED_CRASHES, "record_key") == []
    for table in (DAILY_CRASHES, HOURLY_CRASHES, CRASH_HOTSPOTS, CRASH_FACTORS):
        assert {day for (day,) in crash_lake.rows(table, "crash_date")} == {MONDAY, WEDNESDAY}
    columns = ("crash_date", "superseded_count", "clean_count", "is_current")
    assert (TUESDAY, 24, 0, True) in crash_lake.rows(CRASH_COVERAGE, *columns)


@pytest.mark.slow
def test_records_without_a_day_are_refused_on_the_day_they_came(crash_lake: CrashLake) -> None:
    crash_lake.land([*week(), raw(99, crash_date="soon"), raw(98, crash_date="2030-01-01")])
    came = PULLED_AT.date()
    outcome = crash_lake.run(came)
    assert (outcome.success, broken(outcome)) == (True, {"the_newest_day_is_recent"})
    assert crash_lake.rows(QUARANTINED_CRASHES, "filed_date", "broken_rules") == [
        (came, "crash_date_is_a_day"),
        (came, "crash_date_is_not_in_the_future"),
    ]


def test_a_version_landed_twice_stops_the_run_before_silver(crash_lake: CrashLake) -> None:
    crash_lake.land(week())
    again = crash_lake.store.slice(CRASH_RECORDS).read()
    crash_lake.store.append_once(CRASH_RECORDS, Frame.of(again), "by hand", 1)
    outcome = crash_lake.run(MONDAY)
    assert not outcome.success
    assert broken(outcome) == {"every_version_is_there_once"}
    assert set(made(outcome)) & PATHS == {"bronze/crash_records"}


@pytest.mark.slow
def test_a_source_that_changed_its_form_stops_the_run_before_gold(crash_lake: CrashLake) -> None:
    changed = [{**record, "number_of_persons_killed": "none"} for record in week()]
    crash_lake.land(changed)
    outcome = crash_lake.run(MONDAY)
    assert not outcome.success
    assert "most_records_are_clean" in broken(outcome)
    assert not set(made(outcome)) & GOLD
    assert len(crash_lake.rows(QUARANTINED_CRASHES, "record_key")) == 12
