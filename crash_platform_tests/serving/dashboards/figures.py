"""Small lakes of chosen rows, and the figures of a dashboard over them."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.views import connect
from crash_platform.serving.dashboards.figure import Dashboard, Figure

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
BLANKS: Mapping[Any, Any] = {
    pa.int64(): 0,
    pa.bool_(): False,
    pa.string(): "",
    pa.float64(): 0.0,
    pa.binary(): b"",
    pa.date32(): date(2026, 3, 1),
}
Row = Mapping[str, Any]


def filled(table: Table, rows: Sequence[Row]) -> pa.Table:
    """Rows of a table; what they leave open is blank, or null where it may be."""
    blank = {c.name: None if c.is_nullable else BLANKS.get(c.type, NOW) for c in table.columns}
    return pa.Table.from_pylist([{**blank, **row} for row in rows], schema=table.schema)


def lake(folder: Path, tables: Mapping[str, Sequence[Row]], known: Sequence[Table]) -> Store:
    """A lake that holds these rows, by the path of their table."""
    store = Store(Location(str(folder / "lake")))
    by_path = {table.path: table for table in known}
    for path, rows in tables.items():
        table = by_path[path]
        days = [row[table.day_column] for row in rows]
        store.replace(table, Window(min(days), max(days)), Frame.of(filled(table, rows)))
    return store


def figure_of(dashboard: Dashboard, name: str) -> Figure:
    """A figure by its name."""
    return next(each for each in dashboard.figures if each.name == name)


def table_of(dashboard: Dashboard, name: str, store: Store, **asked: Any) -> pa.Table:
    """What a figure shows of a lake; every declared field is there, by its name."""
    figure = figure_of(dashboard, name)
    with closing(connect(store, {t.path: t for t in dashboard.tables}.values())) as connection:
        rows = figure.rows(connection, asked)
    assert {each.name for each in figure.fields} <= set(rows.schema.names)
    assert not [each.name for each in rows.schema if pa.types.is_decimal(each.type)]
    return rows


def rows_of(dashboard: Dashboard, name: str, store: Store, **asked: Any) -> list[dict[str, Any]]:
    """The same as records, of the declared fields only."""
    shown = [each.name for each in figure_of(dashboard, name).fields]
    found: list[dict[str, Any]] = (
        table_of(dashboard, name, store, **asked).select(shown).to_pylist()
    )
    return found


def note_of(dashboard: Dashboard, name: str, store: Store, **asked: Any) -> str:
    """What is said beside a figure."""
    return figure_of(dashboard, name).note(table_of(dashboard, name, store, **asked))


def asked_by_default(dashboard: Dashboard, store: Store) -> dict[str, Any]:
    """What a page asks without a query; ``None`` where nothing can be chosen."""
    tables = {t.path: t for t in dashboard.tables}
    tables |= {t.path: t for control in dashboard.controls for t in control.tables}
    asked: dict[str, Any] = {}
    with closing(connect(store, tables.values())) as connection:
        for control in dashboard.controls:
            options = control.options(connection)
            first = options[0][0] if options else None
            asked[control.name] = control.default(connection) if control.default else first
    return asked
