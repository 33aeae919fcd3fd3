"""A lake with a handful of gold rows whose sums are plain to see, for whoever reads gold."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.tables import DAILY_CRASHES
from crash_platform.pipelines.injuries.tables import EVALUATION_CHARTS
from crash_platform.pipelines.reports.tables import CRASHES_NOW
from crash_platform_tests.lake.things import store_in

Row = dict[str, Any]
TUESDAY, WEDNESDAY = date(2022, 3, 1), date(2022, 3, 2)
FORMULA = '=HYPERLINK("http://evil.test")'
KNOWN_AT = datetime(2022, 3, 2, 12, 30, tzinfo=UTC)


def gold_lake(folder: Path) -> Store:
    """Six crashes in two days: Bronx 3 and 1, Queens 2; two more of now; one picture."""
    store = store_in(folder)
    put(store, DAILY_CRASHES, [_day(TUESDAY, "BRONX", 3, 1), _day(TUESDAY, "QUEENS", 2, 0)])
    put(store, DAILY_CRASHES, [_day(WEDNESDAY, "BRONX", 1, 1)])
    put(store, CRASHES_NOW, [_now("official:1", True, "BROADWAY"), _now("e:2", False, FORMULA)])
    chart = {"as_of_date": WEDNESDAY, "feature_set": "first_report", "chart": "ranking"}
    put(store, EVALUATION_CHARTS, [chart | {"png": b"\x89PNG", "title": "Say 'how' good."}])
    return store


def put(store: Store, table: Table, rows: list[Row]) -> None:
    """Write rows of which only some columns are given; the others are null, 0 or empty."""
    whole = [{c.name: row.get(c.name, _nothing(c.type, c.is_nullable)) for c in table.columns}
             for row in rows]  # fmt: skip
    days = [row[table.day_column] for row in rows]
    frame = Frame.of(pa.Table.from_pylist(whole, schema=table.schema))
    store.replace(table, Window(min(days), max(days)), frame)


def _nothing(kind: pa.DataType, is_nullable: bool) -> object:
    if is_nullable:
        return None
    empty: Mapping[pa.DataType, object] = {
        pa.string(): "",
        pa.binary(): b"",
        pa.bool_(): False,
        pa.date32(): TUESDAY,
    }
    return empty.get(kind, 0)


def _day(day: date, borough: str, crashes: int, injuries: int) -> Row:
    counts = {"crash_count": crashes, "injury_crash_count": injuries}
    return {"crash_date": day, "borough": borough, "injury_share": injuries / crashes, **counts}


def _now(key: str, is_final: bool, street: str) -> Row:
    return {
        "crash_date": WEDNESDAY,
        "crash_key": key,
        "is_final": is_final,
        "on_street_name": street,
        "vehicle_types": ["Sedan", "Bus"],
        "known_at": KNOWN_AT,
    }
