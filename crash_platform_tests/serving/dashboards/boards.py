"""A dashboard to test the framework with: every kind of control and figure, over small rows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h3
import pyarrow as pa

from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE, CRASH_HOTSPOTS, DAILY_CRASHES
from crash_platform.pipelines.tables import TABLES
from crash_platform.pipelines.views import ask
from crash_platform.serving.dashboards.controls import boroughs, days, per
from crash_platform.serving.dashboards.figure import (
    Asked,
    Chart,
    Dashboard,
    Field,
    Figure,
    Rows,
)
from crash_platform_tests.serving.dashboards.figures import Row, lake

if TYPE_CHECKING:
    import duckdb

CELL = h3.latlng_to_cell(40.7, -73.95, 9)
WHERE = (
    "crash_date BETWEEN $first_day AND $last_day "
    "AND ($boroughs = [] OR list_contains($boroughs, borough))"
)
DAY, BOROUGH = Field("crash_date", "Day", "day"), Field("borough", "Borough")
CRASHES = Field("crash_count", "Crashes", "count")


def sql(text: str) -> Rows:
    """The rows of a SELECT."""

    def rows(connection: "duckdb.DuckDBPyConnection", asked: Asked) -> pa.Table:
        return ask(connection, text, asked)

    return rows


def daily(day: date, borough: str, crashes: int) -> Row:
    """A row of gold/daily_crashes."""
    return {"crash_date": day, "borough": borough, "crash_count": crashes}


def two_days(folder: Path) -> Store:
    """Nine crashes of two days, in Queens and in a borough that looks like a formula."""
    monday, tuesday = date(2024, 3, 4), date(2024, 3, 5)
    found = [
        daily(monday, "QUEENS", 2),
        daily(monday, "=HYPERLINK(1)", 3),
        daily(tuesday, "QUEENS", 4),
    ]
    covered = [{"crash_date": day, "clean_count": 1} for day in (monday, tuesday)]
    places = [
        {"crash_date": monday, "h3_cell": CELL, "crash_count": 2},
        {"crash_date": monday, "h3_cell": "UNLOCATED", "crash_count": 1},
    ]
    tables: dict[str, Sequence[Row]] = {
        "gold/daily_crashes": found,
        "gold/crash_coverage": covered,
        "gold/crash_hotspots": places,
    }
    return lake(folder, tables, TABLES)


def totals() -> Figure:
    """Tiles."""
    return Figure(
        "totals",
        "In short",
        "All crashes <asked> for.",
        (CRASHES, Field("change", "against before", "change", beside="crash_count")),
        sql(
            "SELECT CAST(sum(crash_count) AS BIGINT) AS crash_count, 0.25 AS change, 7 AS hidden "
            f"FROM gold.daily_crashes WHERE {WHERE}"
        ),
        Chart("tiles"),
        (DAILY_CRASHES,),
        lambda rows: f"{rows['hidden'][0]} have no place.",
    )


def by_day(**more: Any) -> Figure:
    """A line."""
    text = f"SELECT crash_date, borough, crash_count FROM gold.daily_crashes WHERE {WHERE}"
    return Figure(
        "by_day",
        "Day by day",
        "Crashes of a day.",
        (DAY, BOROUGH, CRASHES),
        sql(f"{text} ORDER BY crash_date, borough DESC"),
        Chart("line", "crash_date", ("crash_count",), by="borough"),
        **{"sources": (DAILY_CRASHES,), **more},
    )


def places() -> Figure:
    """A map."""
    return Figure(
        "places",
        "Where",
        "H3 cells.",
        (Field("h3_cell", "Cell"), CRASHES),
        sql("SELECT h3_cell, crash_count FROM gold.crash_hotspots ORDER BY crash_count DESC"),
        Chart("hexagons", "h3_cell", ("crash_count",)),
        (CRASH_HOTSPOTS,),
    )


def listed(count: int) -> Figure:
    """A table of a length."""
    return Figure(
        "listed",
        "A list",
        "Numbers from 0 on.",
        (Field("number", "Number", "count"),),
        sql(f"SELECT range AS number FROM range({count})"),
    )


def board(*figures: Figure, **more: Any) -> Dashboard:
    """A dashboard of some figures; by default of one of each kind."""
    return Dashboard(
        path="/board",
        label="Board",
        group="Tests",
        title="A board",
        lead="To test with.",
        controls=(*days(), per(), boroughs()),
        figures=figures or (totals(), by_day(), places(), listed(201)),
        tables=(DAILY_CRASHES, CRASH_HOTSPOTS, CRASH_COVERAGE),
        **more,
    )


def counted(figure: Figure) -> tuple[Figure, list[Asked]]:
    """The figure, and what it is asked whenever its rows are made."""
    asked: list[Asked] = []

    def rows(inner: Rows, connection: "duckdb.DuckDBPyConnection", told: Asked) -> pa.Table:
        asked.append(told)
        return inner(connection, told)

    return replace(figure, rows=partial(rows, figure.rows)), asked
