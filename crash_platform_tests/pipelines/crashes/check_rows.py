"""Rows of the tables that promises look at, without any oddity but the cells that are given."""

from datetime import timedelta
from typing import Any

from crash_platform.pipelines.crashes.tables import CASUALTIES, CRASHES
from crash_platform_tests.pipelines.crashes.raw_crashes import DAY, Row, bronze_row

NEXT_DAY = DAY + timedelta(days=1)


def left(number: int, change: str, version: int = 2) -> Row:
    """A tombstone."""
    key = str(4_700_000 + number)
    return bronze_row({"collision_id": None}, record_key=key, version=version, change=change)


def crash(number: int, **cells: Any) -> Row:
    """A row of silver without any oddity."""
    flags = {name: False for name in CRASHES.schema.names if name.startswith(("is_", "has_"))}
    return {
        **flags,
        "collision_id": 4_700_000 + number,
        "crash_date": DAY,
        "version": 1,
        "borough": "BRONX",
        "latitude": 40.85,
        "longitude": -73.9,
        **dict.fromkeys(CASUALTIES, 0),
        "contributing_factors": [],
        "contributing_factors_raw": [],
        "vehicle_types": [],
        "vehicle_types_raw": [],
        **cells,
    }


def refused(number: int, **cells: Any) -> Row:
    """A row of the quarantine."""
    key = str(4_700_000 + number)
    return {"record_key": key, "filed_date": DAY, "version": 1, "broken_rules": "a_rule", **cells}


def summed(**cells: Any) -> Row:
    """A row of a gold table that sums crashes up."""
    sums = dict.fromkeys(CASUALTIES, 0)
    return {"crash_date": DAY, "crash_count": 2, "injury_crash_count": 1, **sums, **cells}


def covered(**cells: Any) -> Row:
    """A day that is accounted for."""
    return {
        "crash_date": DAY,
        "bronze_count": 4,
        "superseded_count": 1,
        "clean_count": 2,
        "quarantined_count": 1,
        "gold_count": 2,
        "is_current": True,
        **cells,
    }


def counted(*counts: int) -> list[Row]:
    """Crashes of the Bronx on consecutive days; a day with 0 has no row."""
    days = (DAY + timedelta(days=number) for number in range(len(counts)))
    return [
        {"crash_date": day, "borough": "BRONX", "crash_count": count}
        for day, count in zip(days, counts, strict=True)
        if count
    ]
