"""Raw crash records, bronze rows made of them, and the tables the SQL texts make of those."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Input, Step
from crash_platform.lake.contract import Table
from crash_platform.pipelines.crashes.bronze import Delivery, Part
from crash_platform.pipelines.crashes.dialects import RAW_FIELDS
from crash_platform.pipelines.crashes.recipes import (
    crashes_lookups,
    crashes_steps,
    judged,
    recipes,
)
from crash_platform.pipelines.crashes.tables import (
    CRASH_RECORDS,
    CRASHES,
    QUARANTINED_CRASHES,
)

PULLED_AT = datetime(2024, 12, 1, 9, 30, tzinfo=UTC)
DAY = date(2024, 3, 5)
SOURCE = "file:crashes.json"
Row = dict[str, Any]

PLAIN: Mapping[str, str] = {
    "collision_id": "4700001",
    "crash_date": "2024-03-05T00:00:00.000",
    "crash_time": "8:05",
    "borough": "MANHATTAN",
    "zip_code": "10036",
    "latitude": "40.758000",
    "longitude": "-73.985500",
    "location": "(40.758, -73.9855)",
    "on_street_name": "BROADWAY",
    "off_street_name": "WEST 46 STREET",
    "number_of_persons_injured": "1",
    "number_of_persons_killed": "0",
    "number_of_pedestrians_injured": "1",
    "number_of_pedestrians_killed": "0",
    "number_of_cyclist_injured": "0",
    "number_of_cyclist_killed": "0",
    "number_of_motorist_injured": "0",
    "number_of_motorist_killed": "0",
    "contributing_factor_vehicle_1": "Illnes",
    "contributing_factor_vehicle_2": "Unspecified",
    "vehicle_type_code1": "Sedan",
    "vehicle_type_code2": "BICYCLE",
}
"""A record without any oddity, in the API's form."""


def raw(number: int = 1, /, **fields: str | None) -> Row:
    """The plain record with another id and some fields changed; ``None`` leaves a field out."""
    changed = {**PLAIN, "collision_id": str(4_700_000 + number), **fields}
    return {name: value for name, value in changed.items() if value is not None}


def bare(number: int = 1, /, **fields: str) -> Row:
    """A record with an id, a day and nothing else."""
    return {
        "collision_id": str(4_700_000 + number),
        "crash_date": "2024-03-05T00:00:00.000",
        **fields,
    }


def bronze_row(record: Mapping[str, Any], **more: Any) -> Row:
    """The record as bronze holds it: the first version, filed under its day unless told."""
    row: Row = dict.fromkeys(CRASH_RECORDS.schema.names)
    return {
        **row,
        "record_key": record.get("collision_id", "digest:0123456789abcdef"),
        "filed_date": DAY,
        "version": 1,
        "change": "inserted",
        "source": SOURCE,
        "pulled_at": PULLED_AT,
        "content_hash": "0123456789abcdef",
        "landing": 1,
        **record,
        **more,
    }


def bronze(rows: Sequence[Row]) -> pa.Table:
    """Bronze rows as a table."""
    return rows_of(CRASH_RECORDS, rows)


def rows_of(table: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of a contract; columns that are not given are null."""
    full = [{**dict.fromkeys(table.schema.names), **row} for row in rows]
    nullable = pa.schema([pa.field(field.name, field.type) for field in table.schema])
    return pa.Table.from_pylist(full, schema=nullable)


def run(inputs: Mapping[str, Input], steps: Sequence[Step], table: Table) -> list[Row]:
    """The rows that steps make of inputs, in the contract's types."""
    answer = DuckDBEngine().stream(inputs, steps, table.schema.names).read_all()
    nullable = pa.schema([pa.field(field.name, field.type) for field in table.schema])
    rows: list[Row] = answer.cast(nullable).to_pylist()
    return rows


def clean(rows: Sequence[Row]) -> list[Row]:
    """``silver/crashes`` of bronze rows, by id."""
    made = run({"crash_records": bronze(rows), **crashes_lookups()}, crashes_steps(), CRASHES)
    return sorted(made, key=lambda row: int(row["collision_id"]))


def refused(rows: Sequence[Row]) -> list[Row]:
    """``silver/quarantined_crashes`` of bronze rows, by key."""
    recipe = next(recipe for recipe in recipes() if recipe.table == QUARANTINED_CRASHES)
    made = run({"crash_records": bronze(rows)}, recipe.steps(), QUARANTINED_CRASHES)
    return sorted(made, key=lambda row: str(row["record_key"]))


def judged_rows(rows: Sequence[Row], columns: Sequence[str]) -> list[Row]:
    """Some columns of the typed and judged records."""
    answer = DuckDBEngine().stream({"crash_records": bronze(rows)}, judged(), columns)
    made: list[Row] = answer.read_all().to_pylist()
    return made


def cells(records: Sequence[Mapping[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Some cells of silver for records that are all clean, in the records' order."""
    numbered = [{**record, "collision_id": str(n)} for n, record in enumerate(records, start=1)]
    made = clean([bronze_row(record) for record in numbered])
    assert [row["collision_id"] for row in made] == list(range(1, len(records) + 1))
    return [tuple(row[name] for name in names) for row in made]


def delivery(
    records: Sequence[Mapping[str, Any]], number: int = 0, source: str = SOURCE, **options: Any
) -> Delivery:
    """Records as a source hands them over, each delivery an hour after the one before."""
    names = (*RAW_FIELDS, "extra_fields", "source_record_id", "source_updated_at")
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    full = [{**dict.fromkeys(names), **record} for record in records]
    table = pa.Table.from_pylist(full, schema=schema)
    return Delivery(
        [Part(source, table.to_reader)],
        PULLED_AT + timedelta(hours=number),
        "a test",
        **options,
    )
