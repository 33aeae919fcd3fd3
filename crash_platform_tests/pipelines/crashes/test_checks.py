from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Input
from crash_platform.orchestration.promises import Finding, Promise, examine, run_days
from crash_platform.pipelines.crashes.checks import checks, promises, recent_enough
from crash_platform.pipelines.crashes.tables import (
    CRASH_RECORDS,
    CRASHES,
    DAILY_CRASHES,
    QUARANTINED_CRASHES,
)
from crash_platform_tests.pipelines.crashes.check_cases import CASES, MONTH, OLD_ROW, Tables
from crash_platform_tests.pipelines.crashes.check_rows import NEXT_DAY, counted, crash, left
from crash_platform_tests.pipelines.crashes.raw_crashes import DAY, Row, bronze_row, raw, rows_of

PROMISES: Mapping[str, Promise] = {promise.name: promise for promise in promises()}


def look_at(promise: Promise, tables: Tables, days: Sequence[date]) -> Finding:
    """Examine a promise over tables given by the names its SQL knows them by."""
    assert set(tables) == {name for name, _, _ in promise.inputs}
    inputs: dict[str, Input] = {
        name: rows_of(table, tables[name]) for name, table, _ in promise.inputs
    }
    return examine(promise, DuckDBEngine(), {**inputs, "run_days": run_days(days)})


def test_every_promise_has_a_case() -> None:
    assert list(CASES) == list(PROMISES)


@pytest.mark.parametrize("name", CASES)
def test_a_promise_is_kept_by_good_tables(name: str) -> None:
    case = CASES[name]
    assert look_at(PROMISES[name], case.kept, case.days).is_kept


@pytest.mark.parametrize(
    ("name", "number"), [(name, n) for name, case in CASES.items() for n in range(len(case.broken))]
)
def test_a_promise_is_broken_by_each_fault_and_names_the_offenders(name: str, number: int) -> None:
    case = CASES[name]
    changed, offenders = case.broken[number]
    found = look_at(PROMISES[name], {**case.kept, **changed}, case.days)
    assert not found.is_kept
    assert found.offending == len(offenders)
    rows = sorted(found.sample.to_pylist(), key=str)
    for row, told in zip(rows, sorted_like(rows, offenders), strict=True):
        assert {name: row[name] for name in told} == told


def sorted_like(rows: Sequence[Row], offenders: Sequence[Row]) -> list[Row]:
    """Each offender beside the first row, not yet taken, that it describes."""
    rest = list(offenders)
    return [
        rest.pop(n)
        for row in rows
        for n in [next(n for n, told in enumerate(rest) if told.items() <= row.items())]
    ]


@pytest.mark.parametrize("name", CASES)
def test_tables_without_rows_break_no_promise(name: str) -> None:
    assert look_at(PROMISES[name], {key: [] for key in CASES[name].kept}, [DAY]).is_kept


def test_a_crash_that_left_a_day_which_still_waits_for_its_run_is_not_there_twice() -> None:
    moved = {
        "crashes": [crash(1, version=2)],
        "all_crashes": [crash(1, version=2), OLD_ROW],
        "all_records": [
            bronze_row(raw(1), filed_date=NEXT_DAY),
            bronze_row(raw(1), version=2, change="moved"),
            {**left(1, "moved_away"), "filed_date": NEXT_DAY},
        ],
    }
    promise = PROMISES["every_crash_lives_in_one_day"]
    assert look_at(promise, moved, [DAY]).is_kept
    came_back = [*moved["all_records"], bronze_row(raw(1), filed_date=NEXT_DAY, version=3)]
    both_new = [crash(1, version=2), crash(1, crash_date=NEXT_DAY, version=3)]
    twice = {**moved, "all_crashes": both_new, "all_records": came_back}
    assert not look_at(promise, twice, [DAY]).is_kept


def test_a_day_with_too_little_before_it_is_not_judged() -> None:
    promise = PROMISES["the_row_count_is_usual"]
    assert look_at(promise, {"recent": counted(*[300] * 13, 1)}, MONTH[:14]).is_kept
    assert not look_at(promise, {"recent": counted(*[300] * 14, 1)}, MONTH[:15]).is_kept


def test_only_the_days_of_the_run_are_judged() -> None:
    recent = counted(*[300] * 28, 1, 300)
    promise = PROMISES["the_row_count_is_usual"]
    assert look_at(promise, {"recent": recent}, MONTH[29:]).is_kept


def test_few_strange_days_of_many_are_tolerated() -> None:
    days = [DAY + timedelta(days=number) for number in range(100)]
    recent = counted(*[300] * 50, 1, *[300] * 20, 1, *[300] * 28)
    promise = PROMISES["the_row_count_is_usual"]
    found = look_at(promise, {"recent": recent}, days)
    assert (found.offending, found.looked_at, found.is_kept) == (2, 100, True)


BLOCKING = {
    "every_version_is_there_once": True,
    "every_crash_lives_in_one_day": True,
    "nothing_is_lost_between_bronze_and_silver": True,
    "most_records_are_clean": True,
    "every_borough_is_known": True,
    "every_coordinate_is_inside_the_city": True,
    "reported_values_are_readable": False,
    "totals_cover_their_kinds": False,
    "the_vocabulary_covers_the_data": False,
    "the_row_count_is_usual": False,
    "daily_crashes_add_up_to_silver": True,
    "hours_add_up_to_the_day": True,
    "hotspots_add_up_to_silver": True,
    "factors_hold_every_crash": True,
    "every_day_is_current": True,
    "it_stays_readable_by_bi_tools": True,
    "the_newest_day_is_recent": False,
}


def test_what_would_make_later_tables_wrong_blocks_them() -> None:
    specs = [spec for check in checks() for spec in check.check_specs]
    assert {spec.name: spec.blocking for spec in specs} == BLOCKING
    assert len({spec.key for spec in specs}) == len(specs)


@pytest.mark.parametrize(
    ("newest", "source", "passed"),
    [
        (date(2026, 4, 10), "nyc", True),
        (date(2026, 4, 9), "nyc", False),
        (None, "nyc", False),
        (date(2022, 1, 5), "sample", True),
        (None, "sample", False),
        (date(2013, 1, 1), "landed", True),
    ],
)
def test_the_newest_day_is_compared_with_what_the_source_promises(
    newest: date | None, source: str, passed: bool
) -> None:
    outcome = recent_enough(newest, source, date(2026, 4, 20))
    assert outcome.passed is passed
    assert str(newest) in str(outcome.description)


def test_promises_read_the_tables_they_are_about() -> None:
    for promise in promises():
        assert promise.table in {table for _, table, _ in promise.inputs} | {CRASHES}
        assert promise.description.endswith(".")
    read = {table for promise in promises() for _, table, _ in promise.inputs}
    assert {CRASH_RECORDS, CRASHES, QUARANTINED_CRASHES, DAILY_CRASHES} <= read
