"""Bronze landed in a lake and the tables below it made from their recipes, without Dagster."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.lake.contract import Table, Window
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.orchestration.calendar import stretches
from crash_platform.pipelines.crashes.recipes import recipes, step
from crash_platform.pipelines.crashes.tables import (
    CRASH_RECORDS,
    CRASH_REVISIONS,
    CRASHES,
    QUARANTINED_CRASHES,
)

SILVER = (CRASHES, QUARANTINED_CRASHES, CRASH_REVISIONS)
Row = dict[str, Any]


def lake_in(folder: Path) -> Store:
    """A lake in a folder."""
    return Store(Location(str(folder / "lake")))


def build_days(
    store: Store, days: Collection[date], tables: Sequence[Table] = SILVER
) -> list[Window]:
    """Makes the days of these tables anew from what bronze holds; says which windows that were."""
    windows = stretches(days)
    for recipe in recipes():
        for window in windows if recipe.table in tables else ():
            slices = {table.name: store.slice(table, window) for table in recipe.inputs}
            frame = recipe.frame(DuckDBEngine(), store, window, slices)
            store.replace(recipe.table, window, frame)
    return windows


def rows(store: Store, table: Table, columns: Sequence[str] | None = None) -> list[Row]:
    """The rows of a table, ordered by its key."""
    found = store.slice(table).read(list(columns) if columns else None).to_pylist()
    return sorted(found, key=lambda row: [str(row.get(name)) for name in table.key])


def live(store: Store) -> dict[str, Row]:
    """The bronze record that counts for each key; fails where a key is in two days."""
    bronze = {"crash_records": store.slice(CRASH_RECORDS)}
    latest = DuckDBEngine().stream(bronze, [step("latest", "silver_latest")]).read_all()
    found = {row["record_key"]: row for row in latest.to_pylist()}
    assert len(found) == latest.num_rows, "a record lives in two days"
    return found


def versions(store: Store, key: str) -> list[tuple[int, str, str]]:
    """(version, change, day) of one record, in order."""
    columns = ["record_key", "version", "change", "filed_date"]
    found = [row for row in rows(store, CRASH_RECORDS, columns) if row["record_key"] == key]
    return sorted((row["version"], row["change"], str(row["filed_date"])) for row in found)


def content(row: Mapping[str, Any], without: Collection[str]) -> tuple[tuple[str, str], ...]:
    """A row to compare, without some columns."""
    return tuple((name, repr(value)) for name, value in row.items() if name not in without)
