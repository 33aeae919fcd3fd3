"""Rows of daily and hourly crashes, and a small lake whose days with crashes are covered."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from crash_platform.lake.store import Store
from crash_platform.pipelines.tables import TABLES
from crash_platform_tests.serving.dashboards.figures import Row, lake

YEAR = {"first_day": date(2021, 1, 1), "last_day": date(2021, 12, 31)}
EVERYWHERE: dict[str, Any] = {"boroughs": [], "per": "month"}


def days(first: date, count: int) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range(count))


def daily(day: date, borough: str = "QUEENS", crashes: int = 1, **cells: Any) -> Row:
    return {"crash_date": day, "borough": borough, "crash_count": crashes, **cells}


def hourly(day: date, hour: int | None, crashes: int = 1, **cells: Any) -> Row:
    return {"crash_date": day, "borough": "QUEENS", "hour": hour, "crash_count": crashes, **cells}


def covered(day: date, crashes: int = 1) -> Row:
    return {"crash_date": day, "clean_count": crashes}


def small(
    folder: Path, rows: Sequence[Row], more_days: Sequence[date] = (), **more: Sequence[Row]
) -> Store:
    """A lake of daily crashes whose days, and some more, are covered."""
    known = {row["crash_date"] for row in rows} | set(more_days)
    coverage = [covered(day) for day in known]
    tables = {"daily_crashes": rows, "crash_coverage": coverage, **more}
    return lake(folder, {f"gold/{name}": held for name, held in tables.items() if held}, TABLES)
