"""What silver/crash_revisions says of small histories."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.bronze import land
from crash_platform.pipelines.crashes.tables import CRASH_RECORDS, CRASH_REVISIONS
from crash_platform_tests.pipelines.crashes.built_days import build_days, lake_in, rows
from crash_platform_tests.pipelines.crashes.raw_crashes import bare, delivery

FIRST, SECOND = "2024-03-05", "2024-03-06"
MARCH = Window(date(2024, 3, 1), date(2024, 3, 31))


def at(day: str, number: int = 1, **fields: str) -> Mapping[str, str]:
    return bare(number, crash_date=f"{day}T00:00:00.000", **fields)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return lake_in(tmp_path)


def told(store: Store, *deliveries: Sequence[Mapping[str, str]], **last: Any) -> list[Any]:
    """(change, id, day, version, field, old, new) after landing these, and making every day."""
    for number, records in enumerate(deliveries):
        options = last if number == len(deliveries) - 1 else {}
        land(store, delivery(records, number, **options))
    build_days(store, store.slice(CRASH_RECORDS).distinct_days(), [CRASH_REVISIONS])
    names = ("change", "collision_id", "filed_date", "version", "field", "old_value", "new_value")
    found = [tuple(row[name] for name in names) for row in rows(store, CRASH_REVISIONS)]
    return [(change, (key or 0) % 100, str(day), *more) for change, key, day, *more in found]


def test_the_first_landing_of_a_day_revises_nothing(store: Store) -> None:
    assert told(store, [at(FIRST, 1), at(FIRST, 2)], [at(SECOND, 3)]) == []


def test_a_record_that_comes_after_its_day_was_added(store: Store) -> None:
    assert told(store, [at(FIRST, 1)], [at(FIRST, 2)]) == [("added", 2, FIRST, 1, None, None, None)]


def test_what_is_only_filed_in_a_day_does_not_make_its_records_late(store: Store) -> None:
    filed_there = bare(1, crash_date="soon")
    moved_there = [at(FIRST, 2)], [at("2024-12-01", 2)]
    day = [at("2024-12-01", number) for number in (3, 4)]
    assert told(store, [filed_there], *moved_there, day) == [
        ("moved", 2, "2024-12-01", 2, "crash_date", FIRST, "2024-12-01")
    ]


def test_each_changed_field_is_told_with_both_values_formatting_apart(store: Store) -> None:
    first = at(FIRST, crash_time="8:00", borough="bronx", latitude="40.70")
    second = at(FIRST, crash_time="9:00", borough="BRONX", zip_code="10451")
    assert told(store, [first], [second]) == [
        ("corrected", 1, FIRST, 2, "crash_time", "8:00", "9:00"),
        ("corrected", 1, FIRST, 2, "latitude", "40.7", None),
        ("corrected", 1, FIRST, 2, "zip_code", None, "10451"),
    ]


def test_a_record_that_left_and_came_back_is_told_in_each_of_its_days(store: Store) -> None:
    records = [at(FIRST, 1), at(FIRST, 2)]
    land(store, delivery(records, 0))
    land(store, delivery([at(FIRST, 2)], 1, complete=MARCH))
    land(store, delivery([at(SECOND, 1)], 2))
    assert told(store) == [
        ("disappeared", 1, FIRST, 2, None, None, None),
        ("reappeared", 1, SECOND, 3, None, None, None),
    ]


def test_what_came_too_late_revises_nothing_but_the_next_correction_is_told(store: Store) -> None:
    land(store, delivery([at(FIRST, crash_time="9:00")], 5))
    land(store, delivery([at(SECOND, crash_time="8:00")], 1))
    assert told(store) == []
    land(store, delivery([at(FIRST, crash_time="10:00")], 6))
    assert told(store) == [("corrected", 1, FIRST, 4, "crash_time", "9:00", "10:00")]


def test_two_corrections_in_one_input_are_told_one_by_one(store: Store) -> None:
    words = [at(FIRST, crash_time=f"{hour}:00") for hour in (9, 10)]
    assert told(store, [at(FIRST, crash_time="8:00")], words) == [
        ("corrected", 1, FIRST, 2, "crash_time", "8:00", "9:00"),
        ("corrected", 1, FIRST, 3, "crash_time", "9:00", "10:00"),
    ]


def test_a_key_that_is_no_plain_number_has_no_collision_id(store: Store) -> None:
    nobody = {"crash_date": FIRST}
    zeros = {**at(FIRST, 2), "collision_id": "0123"}
    assert [row[:2] for row in told(store, [at(FIRST, 1)], [nobody, zeros])] == [
        ("added", 0),
        ("added", 0),
    ]
